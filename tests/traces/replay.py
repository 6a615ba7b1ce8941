"""Replay of a session through the ledger, one command per submission and transaction, with its cost."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from domain.commands.base import Command
from domain.script.line import Line
from domain.submissions.submission import Submission
from materialization.write_path.submit import Ledger
from tests.traces.session import Session
from tests.traces.translate import Translator

SITTING = "q7f3k2hd"


class Played(NamedTuple):
    """A session in the ledger: its versions, the seconds that submitting took, and the bytes of every whole text."""

    versions: int
    seconds: float
    snapshots: int


class Shown(NamedTuple):
    """What the editor shows at a version."""

    version: int
    lines: list[Line]
    text: str


def play(ledger: Ledger, script_id: int, session: Session) -> Played:
    """Submit a session command by command, each based on the version of the previous one."""
    version = snapshots = 0
    seconds = 0.0
    for command, editor in commands_of(session):
        submission = Submission(
            script_id=script_id,
            submission_id=f"keystroke-{version + 1}",
            author="user",
            base_version=version,
            commands=(command,),
        )
        start = time.perf_counter()
        answer = ledger.submit(submission)
        seconds += time.perf_counter() - start
        version += 1
        snapshots += editor.page.size
        assert (answer.outcome, answer.first_version, answer.refusal) == ("applied", version, None)
    return Played(version, seconds, snapshots)


def shown_at(session: Session, versions: Collection[int]) -> Iterator[Shown]:
    """What the editor shows at some versions, in ascending order, independent of the ledger."""
    for version, (_, editor) in enumerate(commands_of(session), 1):
        if version in versions:
            yield Shown(version, editor.page.lines(), editor.page.text())


def commands_of(session: Session) -> Iterator[tuple[Command, Translator]]:
    """The commands of a session, its script.create first, and the editor as it is after each."""
    editor = Translator(session.start_content, line_ids())
    yield editor.create("A recorded session"), editor
    for patch in session.patches():
        for command in editor.commands(patch):
            yield command, editor


def line_ids() -> Callable[[], str]:
    """Ids as an editor makes them on its own: a random name for the session, and a counter.

    Ids random throughout would double the keyframes: they hardly compress, and a keyframe names removed lines too.
    """
    count = itertools.count(1)
    return lambda: f"{SITTING}-{next(count):x}"
