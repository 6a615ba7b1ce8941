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
from tests.materialization.write_path.script_editor import A, B, C, Desk, create, edit, splice

EDIT_OF_B = b'{"kind":"line.edit","line":"b","expect":"%s","text":"two"}' % expect_hash(B).encode()


def test_every_command_becomes_a_version(desk: Desk):
    desk.begin()

    answer = desk.send(edit(A, "one"), edit(B, "two"), cause=Cause(run_id="r"), occurred_at=7)

    assert (answer.outcome, answer.first_version, answer.last_version) == ("applied", 2, 3)
    assert desk.texts() == ["one", "two", "Line c."]
    last = desk.log()[-1]
    assert (last.version, last.kind, last.author, last.actor) == (3, "line.edit", "user", "Ann")
    assert (last.base_version, last.cause, last.submission_id, last.submission_index) == (1, b'{"run_id":"r"}', "s1", 1)
    assert (last.occurred_at, last.payload) == (7, EDIT_OF_B)
    assert desk.verified().finding is None


def test_a_rejected_command_writes_nothing(desk: Desk):
    desk.begin()
    before = desk.everything()

    answer = desk.send(LineEdit(line="nowhere", expect=expect_hash(A), text="x"))

    assert answer.outcome == "refused"
    assert answer.refusal
    assert answer.refusal.code == "unknown_line"
    assert desk.everything() == before


def test_one_refused_command_refuses_the_submission(desk: Desk):
    desk.begin()
    before = desk.everything()

    answer = desk.send(edit(A, "one"), edit(B, "two"), LineEdit(line="nowhere", expect=expect_hash(A), text="x"))

    assert answer.outcome == "refused"
    assert answer.refusal
    assert answer.refusal.facts["command"] == 2
    assert desk.everything() == before
    assert desk.texts()[0] == "Line a."


def test_a_refused_submission_is_kept_as_a_dead_letter(desk: Desk):
    desk.begin()
    desk.send(edit(B, "x"), edit(B, "y"), id="twice")

    (row,) = desk.dead()
    assert (row.submission_id, row.code) == ("twice", "stale_line")
    assert b'"text":"y"' in row.payload


def test_a_stale_edit_of_an_untouched_line_is_rebased(desk: Desk):
    desk.begin()
    desk.send(edit(A, "one"))
    desk.send(edit(C, "three"))

    answer = desk.send(edit(B, "two"), base=1)

    assert answer.outcome == "applied"
    assert answer.rebased_over == (2, 3)
    assert desk.texts() == ["one", "two", "three"]
    assert desk.log()[-1].base_version == 1


def test_a_stale_edit_whose_result_is_already_there_is_a_no_op(desk: Desk):
    desk.begin()
    desk.send(edit(B, "two"))

    answer = desk.send(edit(B, "two"), base=1)

    assert answer.outcome == "no_op"
    assert answer.first_version is None
    assert desk.version == 2


def test_a_stale_splice_is_never_a_no_op(desk: Desk):
    desk.begin()
    desk.send(splice(B, 0, "x"))

    assert desk.send(splice(B, 0, "x"), base=1).outcome == "refused"


def test_the_refusal_of_a_stale_edit_names_the_text_the_author_and_the_time(desk: Desk):
    desk.begin()
    desk.send(edit(B, "by Bea"), actor="Bea", occurred_at=12_345)

    answer = desk.send(edit(B, "by Ann"), base=1)

    assert answer.outcome == "refused"
    assert answer.refusal
    assert answer.refusal.code == "stale_line"
    facts = answer.refusal.facts
    assert facts["current"] == {"format": "action", "text": "by Bea", "sep": "\n", "attrs": {}}
    assert (facts["author"], facts["actor"], facts["changed_at"], facts["version"]) == ("user", "Bea", 12_345, 2)
    assert desk.texts()[1] == "by Bea"


def test_the_refusal_names_who_removed_a_line(desk: Desk):
    desk.begin()
    desk.send(LinesDelete(lines=(Target("b", expect_hash(B)),)), actor="Bea", occurred_at=9)

    refusal = desk.send(edit(B, "gone"), base=1).refusal

    assert refusal
    assert (refusal.code, refusal.facts["actor"], refusal.facts["changed_at"]) == ("line_removed", "Bea", 9)


def test_apply_rest_applies_what_it_can_and_reports_the_others(desk: Desk):
    desk.begin()
    desk.send(edit(B, "changed"))

    answer = desk.send(edit(A, "one"), edit(B, "two"), edit(C, "three"), base=1, apply_rest=True)

    assert answer.outcome == "partly"
    assert (answer.first_version, answer.last_version) == (3, 4)
    assert [(each.index, each.outcome, each.version) for each in answer.commands] == [
        (0, "applied", 3),
        (1, "refused", None),
        (2, "applied", 4),
    ]
    assert desk.texts() == ["one", "changed", "three"]
    assert [entry.submission_index for entry in desk.log()[2:]] == [0, 2]


def test_an_answer_contains_the_text_of_a_line_once(desk: Desk):
    long = Line("long", "action", "x" * 10_000)
    desk.begin(long)
    desk.send(edit(long, "y" * 10_000))

    answer = desk.send(*[edit(long, f"{number}") for number in range(50)], base=1, apply_rest=True)

    with_text = [each for each in answer.commands if each.refusal and "current" in each.refusal.facts]
    assert (answer.outcome, len(answer.commands), len(with_text)) == ("refused", 50, 1)


def test_followers_of_a_refused_submission_are_refused_with_it(desk: Desk):
    desk.begin()
    desk.send(edit(B, "changed"))
    desk.enqueue(
        desk.submission(splice(B, 0, "x"), id="k1", base=1),
        desk.submission(edit(C, "fine"), id="k2", base=1, after_submission="k1"),
        desk.submission(edit(A, "fine"), id="k3", base=1, after_submission="k2"),
        desk.submission(edit(A, "alone"), id="k4", base=1),
    )
    desk.drain()

    assert desk.outcomes(["k1", "k2", "k3", "k4"]) == ["refused", "refused", "refused", "applied"]
    refusals = [answer.refusal for each in ("k2", "k3") if (answer := desk.answer(each))]
    assert [refusal.code for refusal in refusals if refusal] == ["predecessor_refused"] * 2


def test_a_follower_of_an_earlier_refused_submission_is_refused(desk: Desk):
    desk.begin()
    desk.send(edit(A, "x"), id="refused", base=1, after_submission="never-sent")

    refusal = desk.send(edit(A, "x"), after_submission="refused").refusal

    assert refusal
    assert (refusal.code, refusal.facts["reason"]) == ("predecessor_refused", "predecessor_unknown")


def test_a_follower_of_an_applied_submission_is_applied(desk: Desk):
    desk.begin()
    desk.send(splice(A, 0, "x"), id="first")

    second = splice(Line("a", "action", "xLine a."), 1, "y")
    assert desk.send(second, base=1, after_submission="first").outcome == "applied"
    assert desk.texts()[0] == "xyLine a."


@pytest.mark.parametrize(
    "spoil",
    [
        lambda desk: desk.submission(edit(A, "x\ud800")),
        lambda desk: desk.submission(edit(A, "two\nlines")),
        lambda desk: desk.submission(),
        lambda desk: desk.submission(edit(A, "x"), author="nobody"),
        lambda desk: desk.submission(edit(A, "x"), id="not an id"),
        lambda desk: desk.submission(LineEdit(line="a", expect=expect_hash(A), text=7)),  # type: ignore[arg-type]
        lambda desk: desk.submission(edit(A, "x"), author="ai"),
    ],
    ids=["half a surrogate", "line end", "no commands", "author", "id", "type", "ai without cause"],
)
def test_a_submission_made_in_process_is_checked_like_any_other(desk: Desk, spoil: Callable[[Desk], Submission]):
    desk.begin()
    before = desk.everything()

    with pytest.raises(Rejected):
        desk.ledger.submit(spoil(desk))
    assert desk.everything() == before


def test_a_lone_surrogate_is_refused_by_name(desk: Desk):
    with pytest.raises(LoneSurrogate):
        desk.send(create(title="\ud800"))


def test_a_quarantined_script_returns_old_answers_and_accepts_nothing_new(desk: Desk):
    desk.begin()
    submission = desk.submission(edit(A, "x"))
    answer = desk.ledger.submit(submission)
    desk.ledger.quarantine(desk.script_id, "for a test")

    assert desk.ledger.submit(submission) == answer
    with pytest.raises(Corrupt):
        desk.send(edit(B, "y"))
    desk.enqueue(desk.submission(edit(B, "y")))
    assert desk.drain() == 0
    assert desk.ledger.drain_one_by_one(desk.script_id) == (0, False)
    assert (desk.version, desk.waiting()) == (2, 1)


def test_inconsistent_stored_data_quarantines_the_script(desk: Desk, unit_of_work: UnitOfWork):
    desk.begin()
    with unit_of_work.script(desk.script_id, wait=True) as tx:
        tx.commands.append([replace(desk.log()[0], version=2)])

    with pytest.raises(Corrupt):
        desk.send(edit(A, "x"))

    head = desk.head
    assert head
    assert head.health == "quarantined"


def test_warm_states_stay_within_their_limit(unit_of_work: UnitOfWork):
    warm = WarmStates(most_lines=120)
    ledger = Ledger(unit_of_work, warm=warm)
    desks = [Desk(unit_of_work, ledger).begin() for _ in range(4)]

    for desk in desks:
        assert desk.send(edit(A, "x")).outcome == "applied"
    heads = [desk.head for desk in desks]
    assert [warm.at_head(head) is not None for head in heads if head] == [False, False, True, True]
