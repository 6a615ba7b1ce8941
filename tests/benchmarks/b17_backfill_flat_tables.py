"""B17: flat tables of a legacy database brought over, against a bare INSERT … SELECT on the same server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.flat_backfill import FlatBackfill
from tests.benchmarks.frame import Figures, Goal, Pair
from tests.benchmarks.stage import Stage
from tests.legacy.clean_rows import Size
from tests.legacy.database import LegacyDatabase, on_server

KEY = "B17"
ROWS = "rows/s"
TABLES = ("users", "sessions", "scripts", "chat_history")
MICROSECONDS = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', {})"
# Domain by domain: the legacy table, and the columns of ours with what fills them.
COPIES = {
    "users": (
        "users",
        {"id": "id", "email": "email", "email_key": "LOWER(email)", "created_at": MICROSECONDS.format("created_at")},
    ),
    "sessions": (
        "sessions",
        {
            "id": "id",
            "user_id": "user_id",
            "token_sha256": "UNHEX(SHA2(token, 256))",
            "created_at": MICROSECONDS.format("created_at"),
            "seen_at": MICROSECONDS.format("created_at"),
            "expires_at": MICROSECONDS.format("expires_at"),
        },
    ),
    "chat": (
        "chat_history",
        {
            "id": "id",
            "script_id": "script_id",
            "user_id": "user_id",
            "role": "type",
            "content": "content",
            "metadata": "'{}'",
            "created_at": MICROSECONDS.format("timestamp"),
        },
    ),
}


def pairs(stage: Stage) -> Iterator[Pair]:
    """Each domain into a ledger in which those that it needs have come over."""
    size = Size(stage.count(40_000, quick=40))
    legacy = on_server(stage.mariadb, "third", size, defects=False, only=TABLES)
    for domain, (table, _) in COPIES.items():
        yield Pair(
            KEY,
            f"{domain} of {size.rows(table):,} legacy rows; INSERT … SELECT",
            partial(_migrated, stage, legacy, domain, size.rows(table)),
            partial(_copied, stage, legacy, domain, size.rows(table)),
            (Goal(ROWS, "rows/s", "at least", 0.15),),
            rounds=3,
        )


def _migrated(stage: Stage, legacy: LegacyDatabase, domain: str, rows: int) -> Figures:
    with stage.database() as engine:
        backfill = FlatBackfill(legacy.url, UnitOfWork(engine))
        run_id = backfill.open()
        for needed in ("users",) if domain != "users" else ():
            backfill.run_domain(run_id, needed)
        began = time.perf_counter()
        backfill.run_domain(run_id, domain)
        seconds = time.perf_counter() - began
        assert sum(count.migrated for count in backfill.counts(run_id).values()) >= rows
    return {ROWS: rows / seconds}


def _copied(stage: Stage, legacy: LegacyDatabase, domain: str, rows: int) -> Figures:
    source = legacy.url.rpartition("/")[2].partition("?")[0]
    with stage.database() as engine, engine.connect() as connection:
        for each in ("users", domain) if domain != "users" else ("users",):
            table, columns = COPIES[each]
            ours = "chat_messages" if each == "chat" else each
            began = time.perf_counter()
            connection.exec_driver_sql(
                f"INSERT INTO {ours} ({', '.join(columns)}) SELECT {', '.join(columns.values())} FROM {source}.{table}"
            )
            connection.commit()
            seconds = time.perf_counter() - began
    return {ROWS: rows / seconds}
