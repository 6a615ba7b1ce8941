"""Certifies the latest run of a backfill, and changes source and ledger behind its back."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from backfill.certificate.certify import certify, load_certificate
from backfill.certificate.document import Certificate
from backfill.runs.run_context import run_context
from repos.backfill.runs import BackfillRunRow
from repos.database.engine import open_engine
from repos.legacy.connection import open_source
from repos.unit_of_work import UnitOfWork
from tests.backfill.runs.backfill_setup import Backfill


@contextmanager
def copied_move(template: Path, folder: Path, clock: Callable[[], int]) -> Iterator[Backfill]:
    """A copy of a folder with a legacy database and its ledger, as if it had been brought over from there."""
    for name in ("legacy.db", "ledger.db"):
        shutil.copy(template / name, folder / name)
    in_ledger(Backfill(folder, None, None), f"UPDATE backfill_runs SET source = 'sqlite:///{folder}/legacy.db'")  # type: ignore[arg-type]
    with open_engine(f"sqlite:///{folder}/ledger.db") as engine:
        yield Backfill(folder, UnitOfWork(engine), clock)  # type: ignore[arg-type]


def latest(backfill: Backfill) -> BackfillRunRow:
    with backfill.unit_of_work.reading() as tx:
        return tx.backfill_runs.read(limit=1)[0]


def certified(backfill: Backfill) -> Certificate:
    """The verdict of a pass over the latest run."""
    run = latest(backfill)
    with open_source(backfill.url) as source:
        context = run_context(run, source, backfill.unit_of_work, backfill.clock)
        return certify(context, run, lambda *_: None)


def stored(backfill: Backfill) -> Certificate | None:
    """The certificate of the latest run; None if it has none, or one that is void."""
    run = latest(backfill)
    return load_certificate(run.certificate) if run.certificate is not None and run.void is None else None


def in_source(backfill: Backfill, sql: str) -> None:
    with closing(sqlite3.connect(backfill.file)) as connection:
        connection.executescript(sql)


def in_ledger(backfill: Backfill, sql: str) -> None:
    with closing(sqlite3.connect(backfill.file.with_name("ledger.db"))) as connection:
        connection.executescript(sql)


def sentences(certificate: Certificate) -> list[tuple[str, str, str]]:
    return [(each.check, each.table, each.key) for each in certificate.problems]
