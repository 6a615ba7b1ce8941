"""A submission is applied, rebased, a no-op or refused, and it is answered exactly once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from domain.commands.base import Target
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.lines_insert_and_delete import LinesDelete
from domain.errors import Corrupt, Rejected
from domain.refusals import LoneSurrogate
from domain.script.hashing import expect_hash
from domain.script.line import Line
from domain.submissions.submission import Cause, Submission
from materialization.write_path.submit import Ledger
from materialization.write_path.warm_states import WarmStates
from repos.unit_of_work import UnitOfWork
from tests.materialization.write_path.script_editor import A, B, C, ScriptEditor, create, edit, splice

EDIT_OF_B = b'{"kind":"line.edit","line":"b","expect":"%s","text":"two"}' % expect_hash(B).encode()


def test_every_command_becomes_a_version(editor: ScriptEditor):
    editor.begin()

    answer = editor.send(edit(A, "one"), edit(B, "two"), cause=Cause(run_id="r"), occurred_at=7)

    assert (answer.outcome, answer.first_version, answer.last_version) == ("applied", 2, 3)
    assert editor.texts() == ["one", "two", "Line c."]
    last = editor.log()[-1]
    assert (last.version, last.kind, last.author, last.actor) == (3, "line.edit", "user", "Ann")
    assert (last.base_version, last.cause, last.submission_id, last.submission_index) == (1, b'{"run_id":"r"}', "s1", 1)
    assert (last.occurred_at, last.payload) == (7, EDIT_OF_B)
    assert editor.verified().finding is None


def test_a_rejected_command_writes_nothing(editor: ScriptEditor):
    editor.begin()
    before = editor.everything()

    answer = editor.send(LineEdit(line="nowhere", expect=expect_hash(A), text="x"))

    assert answer.outcome == "refused"
    assert answer.refusal
    assert answer.refusal.code == "unknown_line"
    assert editor.everything() == before


def test_one_refused_command_refuses_the_submission(editor: ScriptEditor):
    editor.begin()
    before = editor.everything()

    answer = editor.send(edit(A, "one"), edit(B, "two"), LineEdit(line="nowhere", expect=expect_hash(A), text="x"))

    assert answer.outcome == "refused"
    assert answer.refusal
    assert answer.refusal.facts["command"] == 2
    assert editor.everything() == before
    assert editor.texts()[0] == "Line a."


def test_a_refused_submission_is_kept_as_a_dead_letter(editor: ScriptEditor):
    editor.begin()
    editor.send(edit(B, "x"), edit(B, "y"), id="twice")

    (row,) = editor.dead()
    assert (row.submission_id, row.code) == ("twice", "stale_line")
    assert b'"text":"y"' in row.payload


def test_a_stale_edit_of_an_untouched_line_is_rebased(editor: ScriptEditor):
    editor.begin()
    editor.send(edit(A, "one"))
    editor.send(edit(C, "three"))

    answer = editor.send(edit(B, "two"), base=1)

    assert answer.outcome == "applied"
    assert answer.rebased_over == (2, 3)
    assert editor.texts() == ["one", "two", "three"]
    assert editor.log()[-1].base_version == 1


def test_a_stale_edit_whose_result_is_already_there_is_a_no_op(editor: ScriptEditor):
    editor.begin()
    editor.send(edit(B, "two"))

    answer = editor.send(edit(B, "two"), base=1)

    assert answer.outcome == "no_op"
    assert answer.first_version is None
    assert editor.version == 2


def test_a_stale_splice_is_never_a_no_op(editor: ScriptEditor):
    editor.begin()
    editor.send(splice(B, 0, "x"))

    assert editor.send(splice(B, 0, "x"), base=1).outcome == "refused"


def test_the_refusal_of_a_stale_edit_names_the_text_the_author_and_the_time(editor: ScriptEditor):
    editor.begin()
    editor.send(edit(B, "by Bea"), actor="Bea", occurred_at=12_345)

    answer = editor.send(edit(B, "by Ann"), base=1)

    assert answer.outcome == "refused"
    assert answer.refusal
    assert answer.refusal.code == "stale_line"
    facts = answer.refusal.facts
    assert facts["current"] == {"format": "action", "text": "by Bea", "sep": "\n", "attrs": {}}
    assert (facts["author"], facts["actor"], facts["changed_at"], facts["version"]) == ("user", "Bea", 12_345, 2)
    assert editor.texts()[1] == "by Bea"


def test_the_refusal_names_who_removed_a_line(editor: ScriptEditor):
    editor.begin()
    editor.send(LinesDelete(lines=(Target("b", expect_hash(B)),)), actor="Bea", occurred_at=9)

    refusal = editor.send(edit(B, "gone"), base=1).refusal

    assert refusal
    assert (refusal.code, refusal.facts["actor"], refusal.facts["changed_at"]) == ("line_removed", "Bea", 9)


def test_apply_rest_applies_what_it_can_and_reports_the_others(editor: ScriptEditor):
    editor.begin()
    editor.send(edit(B, "changed"))

    answer = editor.send(edit(A, "one"), edit(B, "two"), edit(C, "three"), base=1, apply_rest=True)

    assert answer.outcome == "partly"
    assert (answer.first_version, answer.last_version) == (3, 4)
    assert [(each.index, each.outcome, each.version) for each in answer.commands] == [
        (0, "applied", 3),
        (1, "refused", None),
        (2, "applied", 4),
    ]
    assert editor.texts() == ["one", "changed", "three"]
    assert [entry.submission_index for entry in editor.log()[2:]] == [0, 2]


def test_an_answer_contains_the_text_of_a_line_once(editor: ScriptEditor):
    long = Line("long", "action", "x" * 10_000)
    editor.begin(long)
    editor.send(edit(long, "y" * 10_000))

    answer = editor.send(*[edit(long, f"{number}") for number in range(50)], base=1, apply_rest=True)

    with_text = [each for each in answer.commands if each.refusal and "current" in each.refusal.facts]
    assert (answer.outcome, len(answer.commands), len(with_text)) == ("refused", 50, 1)


def test_followers_of_a_refused_submission_are_refused_with_it(editor: ScriptEditor):
    editor.begin()
    editor.send(edit(B, "changed"))
    editor.enqueue(
        editor.submission(splice(B, 0, "x"), id="k1", base=1),
        editor.submission(edit(C, "fine"), id="k2", base=1, after_submission="k1"),
        editor.submission(edit(A, "fine"), id="k3", base=1, after_submission="k2"),
        editor.submission(edit(A, "alone"), id="k4", base=1),
    )
    editor.drain()

    assert editor.outcomes(["k1", "k2", "k3", "k4"]) == ["refused", "refused", "refused", "applied"]
    refusals = [answer.refusal for each in ("k2", "k3") if (answer := editor.answer(each))]
    assert [refusal.code for refusal in refusals if refusal] == ["predecessor_refused"] * 2


def test_a_follower_of_an_earlier_refused_submission_is_refused(editor: ScriptEditor):
    editor.begin()
    editor.send(edit(A, "x"), id="refused", base=1, after_submission="never-sent")

    refusal = editor.send(edit(A, "x"), after_submission="refused").refusal

    assert refusal
    assert (refusal.code, refusal.facts["reason"]) == ("predecessor_refused", "predecessor_unknown")


def test_a_follower_of_an_applied_submission_is_applied(editor: ScriptEditor):
    editor.begin()
    editor.send(splice(A, 0, "x"), id="first")

    second = splice(Line("a", "action", "xLine a."), 1, "y")
    assert editor.send(second, base=1, after_submission="first").outcome == "applied"
    assert editor.texts()[0] == "xyLine a."


@pytest.mark.parametrize(
    "spoil",
    [
        lambda editor: editor.submission(edit(A, "x\ud800")),
        lambda editor: editor.submission(edit(A, "two\nlines")),
        lambda editor: editor.submission(),
        lambda editor: editor.submission(edit(A, "x"), author="nobody"),
        lambda editor: editor.submission(edit(A, "x"), id="not an id"),
        lambda editor: editor.submission(LineEdit(line="a", expect=expect_hash(A), text=7)),  # type: ignore[arg-type]
        lambda editor: editor.submission(edit(A, "x"), author="ai"),
    ],
    ids=["half a surrogate", "line end", "no commands", "author", "id", "type", "ai without cause"],
)
def test_a_submission_made_in_process_is_checked_like_any_other(
    editor: ScriptEditor, spoil: Callable[[ScriptEditor], Submission]
):
    editor.begin()
    before = editor.everything()

    with pytest.raises(Rejected):
        editor.ledger.submit(spoil(editor))
    assert editor.everything() == before


def test_a_lone_surrogate_is_refused_by_name(editor: ScriptEditor):
    with pytest.raises(LoneSurrogate):
        editor.send(create(title="\ud800"))


def test_a_quarantined_script_returns_old_answers_and_accepts_nothing_new(editor: ScriptEditor):
    editor.begin()
    submission = editor.submission(edit(A, "x"))
    answer = editor.ledger.submit(submission)
    editor.ledger.quarantine(editor.script_id, "for a test")

    assert editor.ledger.submit(submission) == answer
    with pytest.raises(Corrupt):
        editor.send(edit(B, "y"))
    editor.enqueue(editor.submission(edit(B, "y")))
    assert editor.drain() == 0
    assert editor.ledger.drain_one_by_one(editor.script_id) == (0, False)
    assert (editor.version, editor.waiting()) == (2, 1)


def test_inconsistent_stored_data_quarantines_the_script(editor: ScriptEditor, unit_of_work: UnitOfWork):
    editor.begin()
    with unit_of_work.script(editor.script_id, wait=True) as tx:
        tx.commands.append([replace(editor.log()[0], version=2)])

    with pytest.raises(Corrupt):
        editor.send(edit(A, "x"))

    head = editor.head
    assert head
    assert head.health == "quarantined"


def test_warm_states_stay_within_their_limit(unit_of_work: UnitOfWork):
    warm = WarmStates(most_lines=120)
    ledger = Ledger(unit_of_work, warm=warm)
    editors = [ScriptEditor(unit_of_work, ledger).begin() for _ in range(4)]

    for editor in editors:
        assert editor.send(edit(A, "x")).outcome == "applied"
    heads = [editor.head for editor in editors]
    assert [warm.at_head(head) is not None for head in heads if head] == [False, False, True, True]
