"""Script editor for histories: saves files to one script through the queue."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import NamedTuple

from domain.commands.base import Command
from domain.formats.fountain import write
from domain.script.state import State
from domain.submissions.answer import Answer
from domain.submissions.submission import Submission
from materialization.history.state_at import state_at
from materialization.history.undo import inverse_commands
from materialization.write_path.submit import Ledger
from repos.unit_of_work import UnitOfWork
from tests.histories.revising import CREATE, commands_of
from workers.messaging.bell import Bell
from workers.process.task_names import DRAIN
from workers.producers.producer import Producer

# Enqueues a submission and waits for its answer.
Send = Callable[[Submission], Answer]


class Saved(NamedTuple):
    """A saved file: its version, and the number of commands from the previous file."""

    version: int
    commands: int


class ScriptEditor:
    """A script that begins empty, and the files saved to it so far."""

    def __init__(self, unit_of_work: UnitOfWork, send: Send) -> None:
        with unit_of_work.records() as tx:
            self.script_id = tx.scripts.new_id()
        self.saved: list[Saved] = []
        self._unit_of_work = unit_of_work
        self._send = send
        self._numbers = itertools.count(1)
        self.submit(0, CREATE)

    def save(self, data: bytes) -> None:
        """Save a file: one submission of what it changes."""
        state = self.state()
        commands = commands_of(state, data, self._numbers)
        version = state.version + len(commands)
        if commands:
            answer = self.submit(state.version, *commands)
            assert (answer.outcome, answer.last_version, answer.commands) == ("applied", version, ())
        self.saved.append(Saved(version, len(commands)))

    def undo(self, saved: Saved) -> Answer:
        """Undo a saved file by the inverses of its commands."""
        versions = range(saved.version - saved.commands + 1, saved.version + 1)
        with self._unit_of_work.reading() as tx:
            commands = inverse_commands(tx, self.script_id, versions)
        return self.submit(self.state().version, *commands)

    def submit(self, base_version: int, *commands: Command, apply_rest: bool = False) -> Answer:
        """Send commands that were made for a version, in one submission."""
        return self._send(
            Submission(
                script_id=self.script_id,
                submission_id=f"submission-{next(self._numbers)}",
                author="user",
                base_version=base_version,
                commands=commands,
                apply_rest=apply_rest,
            )
        )

    def state(self, version: int | None = None) -> State:
        """The script at a version, or now."""
        with self._unit_of_work.reading() as tx:
            return state_at(tx, self.script_id, version)

    def export(self, version: int | None = None) -> bytes:
        """The file of a version, or of now."""
        return write(self.state(version).lines())


class BellAnsweredAtOnce(Bell):
    """A bell that drains in process: the queue without a broker."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def ring(self, script_id: int, task: str = DRAIN) -> bool:
        assert task == DRAIN
        self._ledger.drain(script_id)
        return True


def in_process(unit_of_work: UnitOfWork) -> Send:
    """The queue with this process as its worker."""
    return through(Producer(unit_of_work, BellAnsweredAtOnce(Ledger(unit_of_work))), timeout=0)


def through(producer: Producer, timeout: float) -> Send:
    """The queue with real workers, waiting `timeout` seconds for an answer."""

    def send(submission: Submission) -> Answer:
        producer.enqueue(submission)
        return producer.wait(submission.script_id, submission.submission_id, timeout=timeout)

    return send
