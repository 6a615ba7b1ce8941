"""Table materialization_items: one script of a run, processed only by the worker that sets it from due to running."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from sqlalchemy import and_, bindparam, literal, or_, select, update

from repos.database.session import Session
from repos.schema.derived_tables import materialization_items

ItemState = Literal["due", "running", "done", "failed"]


class ItemRow(NamedTuple):
    """A script of a run; its worker is presumed dead from `expires_at` on, in microseconds since 1970 UTC."""

    run_id: int
    script_id: int
    state: ItemState
    attempts: int
    expires_at: int
    verify: int
    report: bytes


_items = materialization_items
_COLUMNS = tuple(column.name for column in _items.c)
_THIS = (_items.c.run_id == bindparam("run"), _items.c.script_id == bindparam("script"))
_CLAIM = (
    update(_items)
    .where(
        *_THIS,
        or_(_items.c.state == "due", and_(_items.c.state == "running", _items.c.expires_at <= bindparam("now"))),
    )
    .values(state="running", attempts=_items.c.attempts + literal(1), expires_at=bindparam("until"))
)
_GET = select(*_items.c).where(*_THIS)
_CLOSE = (
    update(_items)
    .where(*_THIS, _items.c.state == "running", _items.c.attempts == bindparam("held"))
    .values(state=bindparam("outcome"), report=bindparam("result"))
)
_GIVE_BACK = (
    update(_items)
    .where(*_THIS, _items.c.state == "running", _items.c.attempts == bindparam("held"))
    .values(state="due", attempts=_items.c.attempts - literal(1), report=bindparam("result"))
)
_RENEW = (
    update(_items)
    .where(*_THIS, _items.c.state == "running", _items.c.attempts == bindparam("held"))
    .values(expires_at=bindparam("until"))
)
_UNFINISHED = (
    select(*_items.c)
    .where(or_(_items.c.state == "due", _items.c.state == "running"))
    .order_by(_items.c.run_id, _items.c.script_id)
)
_OF_RUN = select(*_items.c).where(_items.c.run_id == bindparam("run")).order_by(_items.c.script_id)


class MaterializationItems:
    """The scripts of every run."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, run_id: int, scripts: Iterable[tuple[int, bool]]) -> None:
        """Add the scripts of a run, each with a flag whether to verify it."""
        rows = [(run_id, script, "due", 0, 0, int(verify), b"{}") for script, verify in scripts]
        self._session.later_insert(_items, _COLUMNS, rows)

    def claim(self, run_id: int, script_id: int, *, now: int, until: int) -> ItemRow | None:
        """Claim a script that is due or whose claim expired; None if it is done or another worker holds it.

        Its number of attempts is the fence: it distinguishes this claim from earlier ones.
        """
        if not self._session.run(_CLAIM, run=run_id, script=script_id, now=now, until=until):
            return None
        return ItemRow(*self._session.rows(_GET, run=run_id, script=script_id)[0])

    def close(self, item: ItemRow, outcome: ItemState, report: bytes) -> bool:
        """Store the outcome of a script; returns whether the claim was still valid."""
        this = {"run": item.run_id, "script": item.script_id, "held": item.attempts}
        return self._session.run(_CLOSE, **this, outcome=outcome, result=report) == 1

    def give_back(self, item: ItemRow, report: bytes) -> bool:
        """Undo the claim of a script; returns whether the claim was still valid."""
        this = {"run": item.run_id, "script": item.script_id, "held": item.attempts}
        return self._session.run(_GIVE_BACK, **this, result=report) == 1

    def renew(self, item: ItemRow, until: int) -> bool:
        """Extend the claim of a script; returns whether it was still valid."""
        this = {"run": item.run_id, "script": item.script_id, "held": item.attempts}
        return self._session.run(_RENEW, **this, until=until) == 1

    def unfinished(self) -> list[ItemRow]:
        """The due and running scripts of all runs."""
        return [ItemRow(*row) for row in self._session.rows(_UNFINISHED)]

    def read(self, run_id: int) -> list[ItemRow]:
        """The scripts of a run, by id."""
        return [ItemRow(*row) for row in self._session.rows(_OF_RUN, run=run_id)]
