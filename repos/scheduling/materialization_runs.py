"""Table materialization_runs: one row for each run that updates projections, with its result."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, insert, literal, select, update

from repos.database.session import Session
from repos.schema.derived_tables import materialization_items, materialization_runs


class Lag(NamedTuple):
    """The greatest lag of a script's projections: in versions, and in microseconds."""

    versions: int
    micros: int


class RunRow(NamedTuple):
    """A run: how many scripts were due, done and failed, and the greatest lag when it was opened.

    Times and `lag_micros` are microseconds; `verified_upto` is the last script of its sample.
    """

    id: int
    slot_at: int
    opened_at: int
    finished_at: int | None
    due: int
    done: int
    failed: int
    lag_versions: int
    lag_micros: int
    verified_upto: int


_runs, _items = materialization_runs, materialization_items
_OPEN = insert(_runs).values(
    slot_at=bindparam("slot"),
    opened_at=bindparam("now"),
    due=bindparam("due"),
    done=0,
    failed=0,
    lag_versions=bindparam("versions"),
    lag_micros=bindparam("micros"),
    verified_upto=bindparam("upto"),
)


def _count(state: str) -> object:
    return (
        select(func.count())
        .select_from(_items)
        .where(_items.c.run_id == _runs.c.id, _items.c.state == state)
        .scalar_subquery()
    )


_COUNT = update(_runs).where(_runs.c.id == bindparam("run")).values(done=_count("done"), failed=_count("failed"))
_CLOSE = (
    update(_runs)
    .where(_runs.c.id == bindparam("run"), _runs.c.finished_at.is_(None), _runs.c.done + _runs.c.failed == _runs.c.due)
    .values(finished_at=bindparam("now"))
)
_LIST = select(*_runs.c).order_by(_runs.c.id.desc()).limit(bindparam("limit"))
_GET = select(*_runs.c).where(_runs.c.id == bindparam("run"))
_OLD = select(_runs.c.id).where(_runs.c.finished_at < bindparam("before")).limit(literal(1_000))
_REMOVE_ITEMS = delete(_items).where(_items.c.run_id == bindparam("run"))
_REMOVE = delete(_runs).where(_runs.c.id == bindparam("run"))


class MaterializationRuns:
    """The runs."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def open(self, slot_at: int, now: int, due: int, lag: Lag, *, upto: int) -> int:
        """Open a run; returns its id. Raises DuplicateKey if the slot has a run."""
        return self._session.insert(_OPEN, slot=slot_at, now=now, due=due, upto=upto, **lag._asdict())

    def count(self, run_id: int, now: int) -> None:
        """Update a run's counts from its items, and close it if all are finished."""
        self._session.run(_COUNT, run=run_id)
        self._session.run(_CLOSE, run=run_id, now=now)

    def get(self, run_id: int) -> RunRow | None:
        rows = self._session.rows(_GET, run=run_id)
        return RunRow(*rows[0]) if rows else None

    def read(self, *, limit: int = 20) -> list[RunRow]:
        """The latest runs, the newest first."""
        return [RunRow(*row) for row in self._session.rows(_LIST, limit=limit)]

    def prune(self, *, before: int) -> int:
        """Delete runs that finished before a time, at most 1,000; returns how many."""
        old = [row[0] for row in self._session.rows(_OLD, before=before)]
        for run_id in old:
            self._session.run(_REMOVE_ITEMS, run=run_id)
            self._session.run(_REMOVE, run=run_id)
        return len(old)
