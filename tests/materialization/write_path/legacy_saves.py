"""Saves of a legacy script, as the backfill of a test has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from domain.commands.base import Command
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.script_create import ScriptCreate
from domain.script.line import Line
from domain.script.state import State
from domain.submissions.origin import Origin
from domain.submissions.submission import Cause, Submission
from materialization.history.state_at import state_at
from materialization.write_path.backfill_slice import Slice
from repos.locked_scripts import LockedScript
from repos.unit_of_work import UnitOfWork
from tests.materialization.writer import SECOND, START

# What a legacy save becomes in a given state.
Save = Callable[[State], Command]


def create(_: State) -> Command:
    return ScriptCreate(title="Legacy", lines=(Line("l1", "action", "Save 1"),))


def edit(number: int) -> Save:
    def command(state: State) -> Command:
        return LineEdit(line="l1", text=f"Save {number}", expect=state.content_hash("line", "l1"))

    return command


def refused(_: State) -> Command:
    return LineEdit(line="gone", text="Lost", expect=None)


class LegacySaves:
    """A list of saves; it starts after those whose versions are committed, as each makes one version."""

    def __init__(self, script_id: int, saves: Sequence[Save]) -> None:
        self.script_id = script_id
        self.saves = list(saves)
        self.recorded: list[Slice] = []
        self.begun = 0
        self.fail: Exception | None = None
        self.accepted_versions: list[int] = []
        self._next = 0

    @property
    def weight(self) -> int:
        return 0

    def begin(self, tx: LockedScript, state: State, now: int) -> None:
        assert tx.head.version == state.version
        assert now == START
        self.begun += 1
        self._next = state.version

    def next(self, state: State) -> Submission | None:
        if self._next == len(self.saves):
            return None
        command = self.saves[self._next](state)
        self._next += 1
        return Submission(
            script_id=self.script_id,
            submission_id=f"save-{self._next}",
            author="backfill",
            base_version=state.version,
            commands=(command,),
            cause=Cause(origin=Origin(table="script_versions", key=str(self._next), number=self._next)),
            occurred_at=START - 10_000 * SECOND + self._next * SECOND,
        )

    def accepted(self, state: State) -> None:
        self.accepted_versions.append(state.version)

    def record(self, tx: LockedScript, written: Slice) -> None:
        assert tx.script_id == self.script_id
        self.recorded.append(written)
        if self.fail is not None:
            fail, self.fail = self.fail, None
            raise fail


def text_of(unit_of_work: UnitOfWork, script_id: int, version: int | None = None) -> str:
    with unit_of_work.reading() as tx:
        return state_at(tx, script_id, version).line("l1").text
