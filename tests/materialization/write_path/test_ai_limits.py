"""An AI may remove only a share of the lines, by any command, unless a person accepted exactly that."""

from __future__ import annotations

from typing import Any

import pytest

from domain.commands.base import Command, Target
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.line_splice import LineSplice
from domain.commands.kinds.line_split_and_merge import MergeLines
from domain.commands.kinds.lines_insert_and_delete import LinesDelete
from domain.commands.kinds.script_archive_and_unarchive import ScriptArchive
from domain.commands.whole_script.script_replace import ScriptReplace
from domain.commands.whole_script.script_restore import ScriptRestore
from domain.refusals import NotForAi
from domain.script.hashing import expect_hash
from domain.script.line import Line
from domain.submissions.submission import Cause, Submission, encode_commands
from materialization.write_path.ai_limits import AiLimits
from materialization.write_path.submit import Ledger
from repos.proposals.proposals import HunkRow, JobResult, ProposalRequest
from repos.unit_of_work import UnitOfWork
from tests.materialization.write_path.script_editor import ScriptEditor

TEN = tuple(Line(f"l{number}", "action", f"Line {number}.") for number in range(10))
AI: dict[str, Any] = {"author": "ai", "cause": Cause(model="m", prompt="p", run_id="r")}


@pytest.fixture
def ten(editor: ScriptEditor) -> ScriptEditor:
    """A script of ten lines, of which an AI may remove two."""
    return editor.begin(*TEN)


def delete(*numbers: int) -> LinesDelete:
    return LinesDelete(lines=tuple(Target(TEN[n].id, expect_hash(TEN[n])) for n in numbers))


def empty(number: int) -> LineEdit:
    return LineEdit(line=TEN[number].id, expect=expect_hash(TEN[number]), text=" ")


def splice_out(number: int) -> LineSplice:
    line = TEN[number]
    return LineSplice(line=line.id, expect=expect_hash(line), at=0, delete=len(line.text), insert="")


def merge(number: int) -> MergeLines:
    """Merge the next line into this one."""
    line, following = TEN[number], TEN[number + 1]
    return MergeLines(line=line.id, expect=expect_hash(line), next=following.id, expect_next=expect_hash(following))


TOO_MUCH: dict[str, tuple[Command, ...]] = {
    "deleted": (delete(1, 2, 3),),
    "one by one": (delete(1), delete(2), delete(3)),
    "emptied": (empty(1), empty(2), empty(3)),
    "spliced out": (splice_out(1), splice_out(2), splice_out(3)),
    "merged, then emptied": (merge(1), merge(3), LineEdit(line="l1", text=""), LineEdit(line="l3", text="")),
    "some of each": (delete(1), empty(2), splice_out(3)),
}


@pytest.mark.parametrize("commands", TOO_MUCH.values(), ids=TOO_MUCH)
@pytest.mark.parametrize("apply_rest", [False, True])
def test_an_ai_submission_that_removes_too_much_is_refused_whole(
    ten: ScriptEditor, commands: tuple[Command, ...], *, apply_rest: bool
):
    before = ten.everything()

    answer = ten.send(*commands, apply_rest=apply_rest, **AI)

    assert answer.refusal is not None
    assert answer.refusal.code == "ai_deletes_too_much"
    assert answer.refusal.facts["lines"] == 10
    assert answer.refusal.facts["lost"] >= 3
    assert ten.everything() == before
    (letter,) = ten.dead()
    assert letter.code == "ai_deletes_too_much"


@pytest.mark.parametrize("commands", TOO_MUCH.values(), ids=TOO_MUCH)
def test_a_person_may_do_the_same(ten: ScriptEditor, commands: tuple[Command, ...]):
    assert ten.send(*commands).outcome == "applied"


@pytest.mark.parametrize(
    "commands",
    [(delete(1, 2),), (empty(1), delete(2)), (merge(1),), (LineEdit(line="l1", expect=expect_hash(TEN[1]), text="x"),)],
    ids=["two of ten", "one of each", "a merge", "an edit"],
)
def test_an_ai_may_remove_its_share(ten: ScriptEditor, commands: tuple[Command, ...]):
    assert ten.send(*commands, **AI).outcome == "applied"


def test_all_submissions_of_a_run_share_one_limit(ten: ScriptEditor):
    assert ten.send(delete(1), **AI).outcome == "applied"
    assert ten.send(splice_out(2), **AI).outcome == "applied"

    third = ten.send(empty(3), **AI)
    waiting = [ten.submission(delete(number), **AI) for number in (4, 5)]
    ten.enqueue(*waiting)
    ten.drain()

    assert third.refusal is not None
    assert third.refusal.code == "ai_deletes_too_much"
    assert (third.refusal.facts["lost"], third.refusal.facts["lines"]) == (3, 10)
    assert ten.outcomes([each.submission_id for each in waiting]) == ["refused", "refused"]
    assert ten.send(delete(6), author="ai", cause=Cause(model="m", prompt="p", run_id="r ")).outcome == "applied"
    assert ten.send(delete(7)).outcome == "applied"


def test_a_run_is_counted_within_one_drain_too(ten: ScriptEditor):
    waiting = [ten.submission(delete(number), **AI) for number in (1, 2, 3)]
    ten.enqueue(*waiting)
    ten.drain()

    assert ten.outcomes([each.submission_id for each in waiting]) == ["applied", "applied", "refused"]


def test_a_refused_submission_is_not_counted(ten: ScriptEditor):
    assert ten.send(delete(1, 2, 3), **AI).outcome == "refused"
    assert ten.send(delete(1), LineEdit(line="nowhere", text="x"), **AI).outcome == "refused"

    assert ten.send(delete(1, 2), **AI).outcome == "applied"


def test_one_line_is_never_too_much(editor: ScriptEditor):
    editor.begin(TEN[0], TEN[1])
    assert editor.send(delete(1), **AI).outcome == "applied"


def test_the_share_is_a_setting(unit_of_work: UnitOfWork):
    strict = ScriptEditor(unit_of_work, Ledger(unit_of_work, limits=AiLimits(delete_percent=10))).begin(*TEN)
    generous = ScriptEditor(unit_of_work, Ledger(unit_of_work, limits=AiLimits(delete_percent=100))).begin(*TEN)

    assert strict.send(delete(1, 2), **AI).outcome == "refused"
    assert generous.send(delete(*range(10)), **AI).outcome == "applied"


def proposed(editor: ScriptEditor, submission: Submission, commands: bytes, *, accepted: bool) -> int:
    """A proposal with one hunk under a submission's id, accepted or not."""
    with editor.unit_of_work.records() as tx:
        number = tx.proposals.add(ProposalRequest(editor.script_id, "Cut.", 1, "r"), 1)
        taken = tx.proposals.take(number, 1, until=2)
        assert taken is not None
        hunk = HunkRow(number, 1, editor.script_id, bytes(32), commands, "", "offered", submission.submission_id)
        assert tx.proposals.offer(taken, JobResult("", "m", "0" * 64), [hunk], 1)
        if accepted:
            assert tx.proposals.accept(number, 1, submission.submission_id, None, 1)
    return number


@pytest.mark.parametrize(
    ("accepted", "what", "outcome", "state"),
    [
        (True, (delete(1, 2, 3),), "applied", "accepted"),
        (False, (delete(1, 2, 3),), "refused", "proposed"),
        (True, (delete(1, 2, 4),), "refused", "stale"),
    ],
    ids=["accepted", "not accepted", "other commands than those accepted"],
)
def test_with_a_person_s_consent_an_ai_may_remove_more(
    ten: ScriptEditor, accepted: bool, what: tuple[Command, ...], outcome: str, state: str
):
    submission = ten.submission(*what, id=f"hunk-{ten.script_id}", **AI)
    number = proposed(ten, submission, encode_commands((delete(1, 2, 3),)), accepted=accepted)
    cause = Cause(model="m", prompt="p", run_id="r", proposal_id=number)

    answer = ten.send(*what, id=submission.submission_id, author="ai", cause=cause)

    assert answer.outcome == outcome
    with ten.unit_of_work.reading() as tx:
        found = tx.proposals.get(number)
    assert found is not None
    assert found.state == state


def test_a_proposal_that_is_only_named_gives_no_consent(ten: ScriptEditor):
    cause = Cause(model="m", prompt="p", run_id="r", proposal_id=10**9)
    answer = ten.send(delete(1, 2, 3), author="ai", cause=cause)

    assert answer.refusal is not None
    assert answer.refusal.code == "ai_deletes_too_much"


@pytest.mark.parametrize(
    "command",
    [
        ScriptReplace(lines=("l0",), confirm_shrink=True),
        ScriptRestore(version=1, lines=("l0",), metadata={}),
        ScriptArchive(),
    ],
    ids=lambda command: command.kind(),
)
def test_whole_scripts_are_for_people(ten: ScriptEditor, command: Command):
    with pytest.raises(NotForAi):
        ten.send(command, **AI)


def test_scripts_that_share_a_commit_have_a_share_each(unit_of_work: UnitOfWork, ledger: Ledger):
    scripts = [ScriptEditor(unit_of_work, ledger).begin(*TEN) for _ in range(3)]
    for number in range(1, 5):
        for script in scripts:
            script.enqueue(script.submission(delete(number), id=f"s{number}", base=1, **AI))
        ledger.drain_all([script.script_id for script in scripts])

    outcomes = [script.outcomes(["s1", "s2", "s3", "s4"]) for script in scripts]
    assert outcomes == [["applied", "applied", "refused", "refused"]] * 3


def test_runs_that_share_a_commit_have_a_share_each(unit_of_work: UnitOfWork, ledger: Ledger):
    script, other = [ScriptEditor(unit_of_work, ledger).begin(*TEN) for _ in range(2)]
    for number in (1, 2, 3):
        for run in ("a", "b"):
            line = 2 * number + (run == "b")
            cause = Cause(model="m", prompt="p", run_id=run)
            script.enqueue(script.submission(delete(line), id=f"{run}{number}", base=1, author="ai", cause=cause))
        ledger.drain_all([script.script_id, other.script_id])

    # A fifth of the lines at the run's first submission: two of ten, and one of nine.
    assert script.outcomes(["a1", "b1", "a2", "b2", "a3", "b3"]) == ["applied"] * 3 + ["refused"] * 3
