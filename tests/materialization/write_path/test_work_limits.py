"""The work of a submission, of a unit of work and of a drain is bounded, and counted the same everywhere."""

from __future__ import annotations

from typing import Any

import pytest

from domain.commands.base import Target
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.line_splice import LineSplice
from domain.commands.kinds.line_split_and_merge import MergeLines
from domain.commands.kinds.lines_insert_and_delete import LinesDelete, LinesInsert
from domain.commands.kinds.script_set_metadata import ScriptSetMetadata
from domain.commands.kinds.version_label import VersionLabel
from domain.commands.whole_script.script_replace import ScriptReplace
from domain.refusals import TooMuchWork
from domain.script.hashing import expect_hash
from domain.script.keyframe import decode_keyframe, encode_keyframe
from domain.script.line import Line
from domain.script.state import State
from domain.script.work_limit import MAX_WORK, WorkCount
from domain.submissions.submission import Submission
from materialization.write_path import settlement
from materialization.write_path.decide import decide
from materialization.write_path.refusal_explanations import MAX_CURRENT_CHARACTERS
from tests.materialization.write_path.script_editor import A, B, C, ScriptEditor, create, edit, insert, splice

LONG = Line("a", "action", "x" * (1 << 20))
# More than a small edit takes, and less than three of them.
WORK_OF_ONE = 400_000


def typed(count: int) -> list[LineSplice]:
    """`count` keystrokes at the start of the long line."""
    first = expect_hash(LONG)
    return [
        LineSplice(line="a", at=0, delete=1, insert="bc"[n % 2], expect=first if n == 0 else None) for n in range(count)
    ]


def test_the_refusal_of_too_much_work_names_the_limit_and_the_remedy(editor: ScriptEditor):
    editor.begin(LONG)
    before = editor.everything()

    answer = editor.send(*typed(3_000))

    assert answer.refusal is not None
    assert answer.refusal.code == "too_much_work"
    assert answer.refusal.facts["limit"] == MAX_WORK < answer.refusal.facts["work"]
    assert "send it in parts" in answer.refusal.message
    assert editor.everything() == before
    assert editor.send(*typed(300)).outcome == "applied"


def test_apply_rest_stops_after_too_much_work(editor: ScriptEditor):
    editor.begin(LONG)
    answer = editor.send(*typed(3_000), apply_rest=True)

    assert (answer.outcome, answer.refusal and answer.refusal.code) == ("refused", "too_much_work")
    assert editor.version == 1


def work_of(submission: Submission, state: State) -> int:
    work = WorkCount()
    decide(submission, state, work=work)
    return work.units


def test_the_work_count_does_not_depend_on_how_the_state_was_read(editor: ScriptEditor):
    editor.begin(A, B, C)
    editor.send(LinesDelete(lines=(Target("b", expect_hash(B)),)))
    state = editor.state()
    loaded = decode_keyframe(encode_keyframe(state), state.version, state.hash)
    submission = editor.submission(
        edit(A, "y"), insert(Line("n", "note", "z"), after="a"), ScriptReplace(lines=("c", "a"))
    )

    assert loaded.characters == state.characters == len(A.text + A.sep + C.text + C.sep)
    assert work_of(submission, state) == work_of(submission, loaded) > 0


def test_honest_work_is_a_small_part_of_the_limit():
    lines = tuple(Line(f"l{n}", "action", f"What stands in line {n} of the script.") for n in range(6_000))
    state = decide(
        Submission(script_id=1, submission_id="c", author="user", base_version=0, commands=(create(*lines),)),
        State.empty(),
    ).state
    rewritten = [edit(line, f"Rewritten, and somewhat longer: {line.text}") for line in lines[:2_000]]
    keys = [
        LineSplice(line="l1", at=n, insert="x", expect=expect_hash(lines[1]) if n == 0 else None) for n in range(10_000)
    ]

    for commands in (rewritten, keys):
        submission = Submission(script_id=1, submission_id="s", author="user", base_version=1, commands=tuple(commands))
        assert work_of(submission, state) < MAX_WORK // 4


def test_a_unit_of_work_takes_no_other_submission_after_its_limit(
    editor: ScriptEditor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(settlement, "MAX_UNIT_WORK", WORK_OF_ONE)
    editor.begin(A, B, C)
    editor.enqueue(*(editor.submission(insert(Line(f"n{n}", "note", "x"), after="c"), id=f"s{n}") for n in range(20)))

    assert 0 < editor.ledger.drain(editor.script_id, batches=1).answered < 20
    while editor.drain():
        pass
    assert editor.outcomes(f"s{n}" for n in range(20)) == ["applied"] * 20
    assert editor.verified().finding is None


@pytest.mark.parametrize("one_by_one", [False, True])
def test_a_drain_starts_no_other_unit_of_work_after_its_limit(
    editor: ScriptEditor, monkeypatch: pytest.MonkeyPatch, *, one_by_one: bool
):
    monkeypatch.setattr("materialization.write_path.submit.MAX_UNIT_WORK", 1)
    monkeypatch.setattr(settlement, "MAX_UNIT_WORK", 1)
    editor.begin(A, B, C)
    editor.enqueue(*(editor.submission(insert(Line(f"n{n}", "note", "x"), after="c"), id=f"s{n}") for n in range(3)))
    drain = editor.ledger.drain_one_by_one if one_by_one else editor.ledger.drain

    assert [drain(editor.script_id) for _ in range(3)] == [(1, True), (1, True), (1, one_by_one and False)]


def test_scripts_left_over_after_the_work_limit_are_named(editor: ScriptEditor, monkeypatch: pytest.MonkeyPatch):
    editor.begin(A)
    other = ScriptEditor(editor.unit_of_work, editor.ledger).begin(A)
    third = ScriptEditor(editor.unit_of_work, editor.ledger).begin(A)
    for each in (editor, other, third):
        each.enqueue(each.submission(edit(A, "x"), id="s"))
    monkeypatch.setattr("materialization.write_path.submit.MAX_UNIT_WORK", 1)
    monkeypatch.setattr("materialization.write_path.group_commit.MAX_UNIT_WORK", 1)

    first = editor.ledger.drain_all([editor.script_id, other.script_id, third.script_id])
    assert first.answered == 1
    assert set(first.more) == {other.script_id, third.script_id}


def test_refused_commands_show_current_content_only_up_to_the_limit(editor: ScriptEditor):
    lines = [Line(name, "action", name * (600 << 10)) for name in "abc"]
    editor.begin(*lines)
    stale = [LineEdit(line=name, expect="0" * 12, text="x") for name in "abcab"]

    answer = editor.send(*stale, apply_rest=True)

    with_text = [each.refusal and "current" in each.refusal.facts for each in answer.commands]
    assert MAX_CURRENT_CHARACTERS < 2 * (600 << 10)
    assert with_text == [True, False, False, False, False]
    assert {each.refusal and each.refusal.facts["author"] for each in answer.commands} == {"user"}


def test_two_stale_metadata_fields_are_refused_each(editor: ScriptEditor):
    editor.begin(A)
    stale = ScriptSetMetadata(fields={"title": "B"}, expect={"title": "C"})
    answer = editor.send(stale, stale, edit(A, "x"), apply_rest=True)

    assert answer.outcome == "partly"
    assert [each.refusal.code for each in answer.commands if each.refusal] == ["stale_metadata"] * 2


def test_the_authors_of_many_lines_are_read_in_few_queries(editor: ScriptEditor, monkeypatch: pytest.MonkeyPatch):
    lines = [Line(f"l{n}", "action", "x") for n in range(40)]
    editor.begin(*lines)
    editor.send(*(edit(line, "y") for line in lines))
    queries: list[Any] = []
    monkeypatch.setattr("repos.log.commands.Commands.authorship", lambda *given: queries.append(given))

    answer = editor.send(*(edit(line, "z") for line in lines), apply_rest=True)

    assert [each.refusal and each.refusal.facts["version"] for each in answer.commands] == list(range(2, 42))
    assert {each.refusal and each.refusal.facts["actor"] for each in answer.commands} == {"Ann"}
    assert not queries


def test_the_work_of_a_refused_merge_or_splice_of_long_lines_is_counted(editor: ScriptEditor):
    state = decide(
        Submission(
            script_id=1,
            submission_id="c",
            author="user",
            base_version=0,
            commands=(create(LONG, Line("b", "action", "y" * 1_000)),),
        ),
        State.empty(),
    ).state
    merge = MergeLines(line="a", expect=expect_hash(LONG), next="b", expect_next=expect_hash(state.line("b")))
    longer = splice(LONG, 0, "z")
    for command in (merge, longer):
        submission = editor.submission(*[command] * 10_000, base=1, apply_rest=True)
        with pytest.raises(TooMuchWork):
            decide(submission, state)


TOO_LARGE: dict[str, Any] = {
    "MAX_LINES": (LinesInsert(after="c", before=None, lines=(Line("d", "note", ""),)), "lines"),
    "MAX_CHARACTERS": (edit(C, "x" * 1_000), "characters"),
    "MAX_LABELS": (VersionLabel(name="first", version=1), "named drafts"),
    "MAX_RETIRED": (LinesDelete(lines=(Target("b", expect_hash(B)),)), "removed ids"),
}


@pytest.mark.parametrize("limit", TOO_LARGE)
def test_a_script_may_not_grow_beyond_its_size_but_may_be_edited(
    editor: ScriptEditor, limit: str, monkeypatch: pytest.MonkeyPatch
):
    command, what = TOO_LARGE[limit]
    editor.begin(A, B, C)
    monkeypatch.setattr(f"domain.script.script_size.{limit}", 0)

    answer = editor.send(command)

    assert answer.refusal is not None
    assert answer.refusal.code == "script_too_large"
    assert what in answer.refusal.message
    assert editor.version == 1
    assert editor.send(edit(A, "short")).outcome == "applied"
