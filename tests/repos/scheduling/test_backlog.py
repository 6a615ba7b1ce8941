"""Backlog tests: what an operator looks at, read in one round trip of indexed queries."""

from __future__ import annotations

import time
from typing import Any

import pytest
from sqlalchemy import Engine, Row, text

from domain.commands.kinds.script_create import ScriptCreate
from domain.script.line import Line
from domain.submissions.submission import Submission
from materialization.integrity.quarantine import quarantine
from materialization.projections.updater import project
from materialization.write_path.submit import Ledger
from repos.database.statements import prepare
from repos.scheduling.activity_counts import MINUTE_MICROS, ActivityCount
from repos.scheduling.backlog import backlog_queries
from repos.scheduling.backlog_rows import BacklogRead
from repos.scheduling.server_clock import is_on
from repos.submissions.dead_letters import DeadLetter
from repos.unit_of_work import UnitOfWork

SECOND = 1_000_000
LARGE = {"submission_inbox", "rejected_submissions"}


def read(unit_of_work: UnitOfWork) -> BacklogRead:
    with unit_of_work.reading() as tx:
        return tx.backlog.read(recently=100, since=1)


@pytest.fixture
def cleared(migrated: Engine, unit_of_work: UnitOfWork) -> UnitOfWork:
    tables = ("submission_inbox", "rejected_submissions", "quarantines", "activity_counts", "role_heartbeats")
    with migrated.begin() as connection:
        for table in tables:
            connection.execute(text(f"DELETE FROM {table}"))
        connection.execute(text("UPDATE script_heads SET health = 'backfilling'"))
    return unit_of_work


def create_script(unit_of_work: UnitOfWork, at: int = 5 * SECOND) -> int:
    with unit_of_work.records() as tx:
        script_id = tx.scripts.new_id()
    create = ScriptCreate(title="A script", lines=(Line("a", "action", "Rain."),))
    submission = Submission(
        script_id=script_id, submission_id="s", author="user", actor="Ann", base_version=0, commands=(create,)
    )
    Ledger(unit_of_work, clock=lambda: at).submit(submission)
    return script_id


def test_an_idle_ledger_has_no_backlog(cleared: UnitOfWork):
    found = read(cleared)

    assert (found.pending, found.dead_letters, found.quarantines, found.quarantined, found.activity) == (
        [],
        [],
        [],
        0,
        [],
    )
    assert found.lag == (0, 0, None)
    assert found.heartbeats == []
    assert abs(found.now - time.time_ns() // 1_000) < 60 * SECOND
    assert not found.is_read_only


def test_submissions_behind_quarantined_scripts_are_counted_apart(cleared: UnitOfWork):
    sick = create_script(cleared)
    quarantine(cleared, sick, found_by="drain", reason="torn", now=7)
    with cleared.records() as tx:
        for script_id, name, now in ((sick, "a", 30), (sick, "b", 31), (900, "a", 50), (901, "a", 40), (901, "b", 60)):
            tx.inbox.put(script_id, name, b"{}", now)

    found = read(cleared)

    assert {*found.pending} == {(None, 3, 2, 50), ("quarantined", 2, 1, 30)}
    assert [(row.script_id, row.found_by, row.reason) for row in found.quarantines] == [(sick, "drain", "torn")]
    assert found.quarantined == 1


def test_a_pause_of_drains_is_read_until_it_ends(cleared: UnitOfWork):
    with cleared.records() as tx:
        tx.drain_pauses.begin("Ann", "a dump", 5)
    assert (pause := read(cleared).pause) is not None
    assert (pause.paused_by, pause.reason, pause.paused_at) == ("Ann", "a dump", 5)

    with cleared.records() as tx:
        tx.drain_pauses.end("Bob", 6)
    assert read(cleared).pause is None


def test_a_reopened_script_is_not_quarantined(cleared: UnitOfWork, migrated: Engine):
    script_id = create_script(cleared)
    quarantine(cleared, script_id, found_by="drain", reason="torn", now=7)
    with migrated.begin() as connection:
        connection.execute(text("UPDATE script_heads SET health = 'open' WHERE script_id = :id"), {"id": script_id})

    assert read(cleared).quarantined == 0


def test_the_lag_is_that_of_the_first_version_readers_do_not_see(cleared: UnitOfWork):
    behind, level = create_script(cleared, at=9 * SECOND), create_script(cleared, at=8 * SECOND)
    project(cleared, level)

    assert read(cleared).lag == (1, 1, 9 * SECOND)

    project(cleared, behind)
    assert read(cleared).lag == (0, 0, None)


def test_dead_letters_are_counted_by_code(cleared: UnitOfWork):
    rows = [
        DeadLetter(0, 1, str(at), code, "no", b"", at) for code, at in (("stale", 50), ("stale", 150), ("poison", 9))
    ]
    with cleared.records() as tx:
        tx.rejected.put(rows)

    assert read(cleared).dead_letters == [("poison", 1, 0, 9), ("stale", 2, 1, 150)]


def test_counts_add_up_by_minute_and_in_total(cleared: UnitOfWork):
    for now, amount in ((MINUTE_MICROS + 5, 2), (MINUTE_MICROS + 7, 3), (2 * MINUTE_MICROS, 4)):
        with cleared.records() as tx:
            tx.activity.add(now, {("outcome", "applied"): amount})

    found = read(cleared)

    assert found.activity == [
        ActivityCount(MINUTE_MICROS, "outcome", "applied", 5),
        ActivityCount(2 * MINUTE_MICROS, "outcome", "applied", 4),
    ]
    assert found.totals == [ActivityCount(0, "outcome", "applied", 9)]
    with cleared.records() as tx:
        assert tx.activity.prune(before=2 * MINUTE_MICROS) == 1
    assert read(cleared).totals == [ActivityCount(0, "outcome", "applied", 9)]


def test_a_heartbeat_replaces_the_one_before(cleared: UnitOfWork):
    for state in ("starting", "consuming"):
        with cleared.records() as tx:
            tx.heartbeats.put("commands", "host", state, started_at=5)
            tx.heartbeats.put("commands", "other", "stopped", started_at=5)

    found = read(cleared)

    assert [(row.role, row.host, row.state) for row in found.heartbeats] == [
        ("commands", "host", "consuming"),
        ("commands", "other", "stopped"),
    ]
    assert 0 <= found.now - found.heartbeats[0].seen_at < 60 * SECOND


@pytest.mark.usefixtures("cleared")
def test_large_tables_are_read_by_their_indexes(migrated: Engine):
    if migrated.dialect.name == "sqlite":
        scans = [plan[3] for plan in explain(migrated, "EXPLAIN QUERY PLAN") if plan[3].startswith("SCAN")]
        large = [scan for scan in scans if "submission_inbox" in scan or "rejected_submissions" in scan]
        assert [scan for scan in large if "COVERING INDEX" not in scan] == []
        return
    fill(migrated)
    rows = explain(migrated, "EXPLAIN FORMAT=TRADITIONAL")
    scanned = {(row.table, row.key) for row in rows if row.type in ("ALL", "index") and row.table in LARGE}
    assert scanned <= {
        ("submission_inbox", "ix_submission_inbox_script_id_id"),
        ("submission_inbox", "uq_submission_inbox_script_id_submission_id"),
        ("rejected_submissions", "ix_rejected_submissions_code_rejected_at"),
    }
    assert {row.table for row in rows if "filesort" in (row.Extra or "")} & LARGE == set()


def explain(engine: Engine, word: str) -> list[Row[Any]]:
    with engine.connect() as connection:
        plans = []
        for statement, params in backlog_queries(is_sqlite=engine.dialect.name == "sqlite", recently=5, since=5):
            prepared = prepare(statement, engine.dialect)
            plans += connection.exec_driver_sql(f"{word} {prepared.sql}", prepared.values(params)).fetchall()
        return plans


def fill(engine: Engine) -> None:
    """Enough rows for the optimizer to prefer an index."""
    with engine.begin() as connection:
        for number in range(2_000):
            connection.execute(
                text(
                    "INSERT INTO submission_inbox (script_id, submission_id, payload, enqueued_at) "
                    "VALUES (:script, :name, 'x', 1)"
                ),
                {"script": 1_000 + number % 50, "name": f"n{number}"},
            )
            connection.execute(
                text(
                    "INSERT INTO rejected_submissions (script_id, submission_id, code, message, payload, rejected_at) "
                    "VALUES (1, :name, :code, 'no', 'x', 1)"
                ),
                {"code": f"c{number % 9}", "name": f"n{number}"},
            )
        connection.execute(text("ANALYZE TABLE submission_inbox, rejected_submissions"))


@pytest.mark.parametrize(
    ("mode", "expected"),
    [(0, False), ("0", False), ("OFF", False), (1, True), ("ON", True), ("NO_LOCK_NO_ADMIN", True)],
)
def test_a_server_names_its_mode_by_a_number_or_a_word(mode: object, expected: bool):
    assert is_on(mode) is expected
