"""Edits made for one revision that arrive one to five revisions later are applied correctly or refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from domain.commands.base import Command
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.line_splice import LineSplice
from domain.errors import Rejected
from domain.script.hashing import expect_hash
from domain.script.line import Line
from domain.script.state import State
from domain.submissions.submission import Submission
from materialization.write_path.decide import decide
from repos.unit_of_work import UnitOfWork
from tests.histories.history import History
from tests.histories.revising import revised
from tests.histories.script_editor import ScriptEditor, in_process

LATEST = 5
REWRITTEN = " (as I would say it)"


class Late(NamedTuple):
    """An edit of a line as the author saw it, and the script it is applied to."""

    line: Line
    command: Command
    base: State
    head: State

    @property
    def expected(self) -> str:
        """The required outcome."""
        if not self.head.has_line(self.line.id):
            return "line_removed"
        return "applied" if self.head.line(self.line.id) == self.line else "stale_line"


def test_a_late_edit_changes_its_own_line_or_is_refused(history: History, capsys: pytest.CaptureFixture[str]) -> None:
    found: Counter[str] = Counter()
    by_number = 0
    for late in late_edits(history):
        outcome, after = what_becomes_of(late)
        assert outcome == late.expected
        assert list(after.lines()) == with_the_line_rewritten(late) if outcome == "applied" else after is late.head
        found[outcome] += 1
        by_number += number_says_another_line(late)

    assert found["applied"] > 0
    with capsys.disabled():
        print(
            f"\n{history.name}: {found.total():,} late edits: {found['applied']:,} applied, "
            f"{found['stale_line']:,} refused for a changed line, {found['line_removed']:,} for a removed one, "
            f"none on a wrong line; by line number {by_number:,} would be wrong"
        )


@pytest.mark.parametrize("later", range(1, LATEST + 1))
def test_a_late_rewrite_of_everything_changes_the_unchanged_lines(
    history: History, unit_of_work: UnitOfWork, later: int
) -> None:
    editor = ScriptEditor(unit_of_work, in_process(unit_of_work))
    seen = max(0, len(history.revisions) - 1 - LATEST)
    for data in history.revisions[: seen + later + 1]:
        editor.save(data)
    base, head = editor.state(editor.saved[seen].version), editor.state()

    edits = [Late(line, rewrite(line), base, head) for line in base.lines()]
    answer = editor.submit(base.version, *(late.command for late in edits), apply_rest=True)

    refused = {command.index: command.refusal for command in answer.commands if command.refusal}
    expected = {index: late.expected for index, late in enumerate(edits) if late.expected != "applied"}
    assert {index: refusal.code for index, refusal in refused.items()} == expected
    for index, refusal in refused.items():
        if refusal.code == "stale_line":
            assert refusal.facts["current"]["text"] == head.line(edits[index].line.id).text
    taken = {late.line.id for late in edits if late.expected == "applied"}
    now = editor.state()
    assert [rewritten(line) if line.id in taken else line for line in head.lines()] == list(now.lines())


def late_edits(history: History) -> Iterator[Late]:
    """For every line of every revision: a rewrite and a keystroke, applied to each of the next five revisions."""
    states = [revision.after for revision in revised(history)]
    for seen, base in enumerate(states):
        for head in states[seen + 1 : seen + 1 + LATEST]:
            for line in base.lines():
                yield Late(line, rewrite(line), base, head)
                yield Late(line, keystrokes(line), base, head)


def rewrite(line: Line) -> LineEdit:
    return LineEdit(line=line.id, expect=expect_hash(line), text=rewritten(line).text)


def keystrokes(line: Line) -> LineSplice:
    return LineSplice(line=line.id, expect=expect_hash(line), at=len(line.text), insert=REWRITTEN)


def rewritten(line: Line) -> Line:
    return Line(line.id, line.format, line.text + REWRITTEN, line.sep, line.attrs)


def what_becomes_of(late: Late) -> tuple[str, State]:
    """The outcome of a late edit, and the script after it."""
    commands = (late.command,)
    submission = Submission(
        script_id=1, submission_id="late", author="user", base_version=late.base.version, commands=commands
    )
    try:
        return "applied", decide(submission, late.head).state
    except Rejected as refusal:
        return refusal.code, late.head


def with_the_line_rewritten(late: Late) -> list[Line]:
    return [rewritten(line) if line.id == late.line.id else line for line in late.head.lines()]


def number_says_another_line(late: Late) -> bool:
    """Whether the line with the same number now has another text."""
    number = list(late.base.line_ids()).index(late.line.id)
    there = [line.text for line in late.head.lines()][number : number + 1]
    return there != [late.line.text]
