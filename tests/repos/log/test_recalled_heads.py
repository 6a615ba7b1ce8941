"""On SQLite a connection recalls the head it committed until the next write: only the statements sent show it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from domain.commands.base import Command
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.script_create import ScriptCreate
from domain.errors import Corrupt
from domain.log.head import Head
from domain.script.hashing import expect_hash
from domain.script.line import Line
from domain.submissions.submission import Submission, encode_submission
from materialization.history.state_at import state_at
from materialization.integrity.quarantine import quarantine, reopen
from materialization.integrity.rebuild import rebuild
from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine
from repos.schema import upgrade
from repos.unit_of_work import UnitOfWork

NOW = 1_800_000_000_000_000
LINE = Line("a", "action", "Rain.")
HEAD = (
    "SELECT script_id, version_number, chain_hash, state_hash, keyframe_version, keyframe_bytes, delta_bytes,"
    " generation, health, updated_at FROM script_heads WHERE script_id = ?"
)


class StopHere(Exception):
    """Ends a unit of work."""


class Room:
    """A ledger with two engines: `mine`, whose connection may recall, and `theirs`."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.engines = [make_engine(f"sqlite:///{file}") for _ in range(2)]
        upgrade.upgrade(self.engines[0])
        self.mine, self.theirs = (UnitOfWork(engine) for engine in self.engines)
        self.ledgers = {work: Ledger(work, clock=count(NOW).__next__) for work in (self.mine, self.theirs)}
        self._reader = sqlite3.connect(file)
        self._ids = count(1)

    def close(self) -> None:
        for engine in self.engines:
            engine.dispose()
        self._reader.close()

    def new_script(self) -> int:
        with self.mine.records() as tx:
            script_id = tx.scripts.new_id()
        self.submit(self.mine, script_id, ScriptCreate(title="A script", lines=(LINE,)), base=0)
        return script_id

    def submit(self, work: UnitOfWork, script_id: int, *commands: Command, base: int = 1) -> None:
        self.ledgers[work].submit(self.submission(script_id, *commands, base=base))

    def submission(self, script_id: int, *commands: Command, base: int = 1) -> Submission:
        name = f"s{next(self._ids)}"
        return Submission(script_id=script_id, submission_id=name, author="user", base_version=base, commands=commands)

    def edit(self, work: UnitOfWork, script_id: int) -> Command:
        with work.reading() as tx:
            line = state_at(tx, script_id).line("a")
        return LineEdit(line="a", expect=expect_hash(line), text=line.text + "x")

    def stored(self, script_id: int) -> tuple[Head, list[str]]:
        """The head and the pending submissions in the file, read by a third connection."""
        [row] = self._reader.execute(HEAD, (script_id,)).fetchall()
        waiting = "SELECT submission_id FROM submission_inbox WHERE script_id = ? ORDER BY id"
        return Head(*row), [name for (name,) in self._reader.execute(waiting, (script_id,))]

    def require_seen(self, script_id: int) -> None:
        """Require that a unit of work of `mine` reads what is stored."""
        with self.mine.script(script_id) as tx:
            assert (tx.head, [row.submission_id for row in tx.waiting]) == self.stored(script_id)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    room = Room(tmp_path_factory.mktemp("ledger") / "ledger.db")
    yield room
    room.close()


def statements_of(engine: Engine, do: Callable[[], object]) -> list[str]:
    """The first two words of each statement this thread's connection runs during the call."""
    statements: list[str] = []
    with UnitOfWork(engine).reading() as tx:
        connection: Any = tx.heads._session._cursor.connection
    connection.set_trace_callback(statements.append)
    try:
        do()
    finally:
        connection.set_trace_callback(None)
    return [" ".join(text.split()[:2]) for text in statements]


WRITES = ["INSERT INTO", "INSERT INTO", "INSERT INTO", "UPDATE script_heads"]
BEGIN = ["BEGIN IMMEDIATE", "PRAGMA data_version"]


def test_the_next_edit_on_a_connection_does_not_read_the_head(room: Room):
    script_id = room.new_script()
    edit = room.edit(room.mine, script_id)

    sent = statements_of(room.engines[0], lambda: room.submit(room.mine, script_id, edit))

    assert sent == [*BEGIN, *WRITES, "COMMIT"]
    room.require_seen(script_id)


def test_the_first_edit_on_a_connection_reads_the_head(room: Room):
    script_id = room.new_script()
    edit = room.edit(room.theirs, script_id)

    sent = statements_of(room.engines[1], lambda: room.submit(room.theirs, script_id, edit))

    assert sent[:3] == [*BEGIN, "SELECT head.version_number,"]
    assert sent[-5:] == [*WRITES, "COMMIT"]


def _edit(room: Room, work: UnitOfWork, script_id: int) -> None:
    with suppress(Corrupt):
        room.submit(work, script_id, room.edit(work, script_id))


def _refused(room: Room, work: UnitOfWork, script_id: int) -> None:
    with suppress(Corrupt):
        room.submit(work, script_id, LineEdit(line="a", expect="0" * 12, text="y"))


def _enqueue(room: Room, work: UnitOfWork, script_id: int) -> None:
    submission = room.submission(script_id, room.edit(work, script_id))
    with work.records() as tx:
        tx.inbox.put(script_id, submission.submission_id, encode_submission(submission), NOW)


def _enqueue_at_once(room: Room, work: UnitOfWork, script_id: int) -> None:
    submission = room.submission(script_id, room.edit(work, script_id))
    with work.statement() as tx:
        tx.inbox.put(script_id, submission.submission_id, encode_submission(submission), NOW)


def _drain(room: Room, work: UnitOfWork, script_id: int) -> None:
    room.ledgers[work].drain(script_id)


def _drain_with_another(room: Room, work: UnitOfWork, script_id: int) -> None:
    room.ledgers[work].drain_all([script_id, room.new_script()])


def _edit_another(room: Room, work: UnitOfWork, _script_id: int) -> None:
    other = room.new_script()
    room.submit(work, other, room.edit(work, other))


def _quarantine(_room: Room, work: UnitOfWork, script_id: int) -> None:
    quarantine(work, script_id, found_by="a test", reason="a test", now=NOW)


def _reopen(room: Room, work: UnitOfWork, script_id: int) -> None:
    if room.stored(script_id)[0].health == "quarantined":
        reopen(work, script_id, by="a test", now=NOW)


def _rebuild(room: Room, work: UnitOfWork, script_id: int) -> None:
    if room.stored(script_id)[0].health == "open":
        rebuild(work, script_id)


def _raise(_room: Room, work: UnitOfWork, script_id: int) -> None:
    """Everything is sent, and then rolled back."""

    def fail() -> None:
        with work.script(script_id) as tx:
            tx.heads.set_health(script_id, "backfilling")
            tx._session.flush()
            raise StopHere

    with suppress(StopHere):
        fail()


def _raise_after_an_advance(_room: Room, work: UnitOfWork, script_id: int) -> None:
    def fail() -> None:
        with work.script(script_id) as tx:
            tx.heads.advance(Head(script_id, 9_999), tx.head.version)
            raise StopHere

    with suppress(StopHere):
        fail()


def _thread(room: Room, work: UnitOfWork, script_id: int) -> None:
    """The same unit of work in another thread, which has a connection of its own."""
    thread = threading.Thread(target=_edit, args=(room, work, script_id))
    thread.start()
    thread.join()


def _look(room: Room, _work: UnitOfWork, script_id: int) -> None:
    room.require_seen(script_id)


WAYS = (
    *(_edit, _refused, _enqueue, _enqueue_at_once, _drain, _drain_with_another, _edit_another, _look),
    *(_quarantine, _reopen, _rebuild, _raise, _raise_after_an_advance, _thread),
)
STEPS = st.lists(st.tuples(st.sampled_from(WAYS), st.booleans()), max_size=8)


@settings(max_examples=60)
@given(STEPS)
def test_the_recalled_head_is_the_stored_head(room: Room, steps: list[tuple[Any, bool]]):
    script_id = room.new_script()
    for way, mine in steps:
        way(room, room.mine if mine else room.theirs, script_id)
    room.require_seen(script_id)
    room.require_seen(script_id)


@pytest.mark.parametrize("mine", [True, False], ids=["mine", "another"])
@pytest.mark.parametrize("way", WAYS)
def test_each_kind_of_write_is_seen_by_the_next_unit_of_work(room: Room, way: Any, mine: bool):
    script_id = room.new_script()
    room.require_seen(script_id)

    way(room, room.mine if mine else room.theirs, script_id)

    room.require_seen(script_id)
    room.require_seen(script_id)


def test_a_submission_enqueued_by_another_process_is_seen(room: Room):
    script_id = room.new_script()
    room.require_seen(script_id)
    insert = "INSERT INTO submission_inbox (script_id, submission_id, payload, enqueued_at) VALUES (?, 'p', x'00', 1)"
    code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2], sys.argv[3:]); c.commit()"

    subprocess.run([sys.executable, "-c", code, str(room.file), insert, str(script_id)], check=True)

    with room.mine.script(script_id) as tx:
        assert [row.submission_id for row in tx.waiting] == ["p"]


def test_a_submission_that_stays_pending_is_seen_by_the_next_unit_of_work(room: Room):
    script_id = room.new_script()
    _enqueue(room, room.mine, script_id)

    for _ in range(2):
        with room.mine.script(script_id) as tx:
            assert len(tx.waiting) == 1
        assert tx.more


def test_a_removed_provisional_head_is_created_again(room: Room):
    with room.mine.records() as tx:
        script_id = tx.scripts.new_id()

    for left in (True, False, False):
        with room.mine.script(script_id) as tx:
            assert tx.head.provisional
            if not left:
                tx.heads.remove_unborn(script_id)
        stored = room._reader.execute(HEAD, (script_id,)).fetchall()
        assert len(stored) == left
