"""Decision on a submission: what it does to a state, as a pure function."""

from __future__ import annotations

from msgspec import Struct

from domain.commands.kinds.script_create import ScriptCreate
from domain.errors import Rejected
from domain.log.head import Head
from domain.refusals import TooMuchWork
from domain.script.script_size import require_size
from domain.script.state import State
from domain.script.work_limit import WorkCount
from domain.submissions.answer import Answer, CommandAnswer, Outcome, Refusal
from domain.submissions.submission import Submission
from materialization.history.fold import refuse_frame
from materialization.write_path.acceptance import Acceptance, Step


class Verdict(Struct, frozen=True):
    """The decision on a submission: accepted and refused commands by index, and the resulting state.

    `applied` are the accepted commands that change something; each becomes a version.
    """

    accepted: list[tuple[int, Step]]
    applied: list[tuple[int, Step]]
    refused: list[tuple[int, Rejected]]
    state: State


def decide(submission: Submission, state: State, head: Head | None = None, work: WorkCount | None = None) -> Verdict:
    """Apply a submission to a state: all or nothing, or with `apply_rest` every command that is accepted.

    Commands after a refused script.create were meant for another script, and are refused with it in either case.
    With the head of that state, the steps include the keyframes that become due. `work` counts the work units.

    Raises:
        Rejected: the whole submission is refused.
    """
    refuse_frame(submission, state)
    acceptance = Acceptance(state, WorkCount() if work is None else work, head)
    accepted: list[tuple[int, Step]] = []
    applied: list[tuple[int, Step]] = []
    refused: list[tuple[int, Rejected]] = []
    last = len(submission.commands) - 1
    for index, command in enumerate(submission.commands):
        try:
            step = acceptance.accept(command, last=index == last)
        except Rejected as refusal:
            refusal.facts["command"] = index
            ends_all = isinstance(refusal, TooMuchWork) or (index == 0 and isinstance(command, ScriptCreate))
            if ends_all or not submission.apply_rest:
                raise
            refused.append((index, refusal.alone()))
        else:
            accepted.append((index, step))
            if step.version is not None:
                applied.append((index, step))
    end = acceptance.finish()
    require_size(state, end)
    return Verdict(accepted, applied, refused, end)


def answer_for(submission: Submission, start: State, verdict: Verdict, refusals: dict[int, Refusal]) -> Answer:
    """The answer to a submission decided on the state `start`; `refusals` explains the refused commands."""
    applied = verdict.applied
    command_answers = [CommandAnswer(index, "refused", refusal=refusals[index]) for index, _ in verdict.refused]
    for index, step in verdict.accepted:
        if step.version is None:
            command_answers.append(CommandAnswer(index, "no_op"))
        elif step.note is not None or verdict.refused:
            command_answers.append(CommandAnswer(index, "applied", step.version.version, step.note))
    over = (submission.base_version + 1, start.version) if submission.base_version < start.version else None
    return Answer(
        script_id=submission.script_id,
        submission_id=submission.submission_id,
        outcome=_outcome(bool(applied), bool(verdict.refused)),
        first_version=start.version + 1 if applied else None,
        last_version=start.version + len(applied) if applied else None,
        rebased_over=over,
        refusal=refusals[verdict.refused[0][0]] if verdict.refused else None,
        commands=tuple(sorted(command_answers, key=lambda answer: answer.index)) if command_answers else (),
    )


def _outcome(applied: bool, refused: bool) -> Outcome:
    if applied:
        return "partly" if refused else "applied"
    return "refused" if refused else "no_op"
