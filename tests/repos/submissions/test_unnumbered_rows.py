"""SQLite accepts any value in any column: an inbox row without an integer script id does not block other bells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from repos.database.engine import open_engine
from repos.schema import upgrade
from repos.unit_of_work import UnitOfWork

LATER = 1 << 50
INSERT = text(
    "INSERT INTO submission_inbox (script_id, submission_id, payload, enqueued_at) VALUES (:odd, 's1', '{}', 1)"
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(f"sqlite:///{tmp_path}/ledger.db") as engine:
        upgrade.upgrade(engine)
        yield engine


@pytest.mark.parametrize("odd", ["abc", "", 1.5, b"xx"])
def test_no_bell_is_due_for_a_script_id_that_is_not_an_integer(engine: Engine, odd: Any) -> None:
    unit_of_work = UnitOfWork(engine)
    with engine.begin() as connection:
        connection.execute(INSERT, {"odd": odd})
    with unit_of_work.records() as tx:
        tx.inbox.put(7, "s1", b"{}", 2)

    with unit_of_work.reading() as tx:
        waiting = tx.inbox.waiting(before=LATER, after=LATER, limit=10)

    assert [script.script_id for script in waiting] == [7]


@pytest.mark.parametrize("odd", ["abc", "", 1.5, b"xx"])
def test_a_script_id_that_is_not_an_integer_is_not_listed(engine: Engine, odd: Any) -> None:
    unit_of_work = UnitOfWork(engine)
    with engine.begin() as connection:
        connection.execute(INSERT, {"odd": odd})
    with unit_of_work.records() as tx:
        tx.inbox.put(7, "s1", b"{}", 2)

    with unit_of_work.reading() as tx:
        listed, following = tx.pending_scripts.read()

    assert ([script.script_id for script in listed], following) == ([7], 0)
