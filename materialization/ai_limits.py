"""What an AI may do to a script without a person's consent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from domain.proposal_refusals import AiDeletesTooMuch
from domain.state import State
from domain.submission import Submission, encode_commands
from materialization.decide import Verdict
from repos.run_losses import RunLoss
from repos.script_work import ScriptWork

DELETE_PERCENT = 20


class AiLimits(NamedTuple):
    """The share of a script's lines that one run of an AI may take away; one line it always may."""

    delete_percent: int = DELETE_PERCENT


USUAL = AiLimits()


class Losses:
    """What runs of AIs take away from one script in one unit of work, beside what they took before.

    Read and written only where an AI takes lines away that no person gave up.
    """

    def __init__(self, tx: ScriptWork, limits: AiLimits) -> None:
        self._tx = tx
        self._limits = limits
        self._new: dict[str, RunLoss] = {}

    def count(self, submission: Submission, start: State, verdict: Verdict) -> None:
        """Count what a submission by an AI takes away, unless a person accepted these very commands as a proposal.

        Raises:
            AiDeletesTooMuch: with this its run would have taken more than it may; a person must accept it.
        """
        lost = lines_lost(start, verdict)
        if not lost or self._accepted(submission):
            return
        run_id = submission.cause.run_id or ""
        before = self._of(run_id) or RunLoss(start.line_count, 0)
        loss = before._replace(lost=before.lost + lost)
        if loss.lost > 1 and loss.lost * 100 > self._limits.delete_percent * loss.lines:
            raise AiDeletesTooMuch(lost=loss.lost, lines=loss.lines, percent=self._limits.delete_percent)
        self._new[run_id] = loss

    def write(self) -> None:
        """Hand what was counted to the unit of work."""
        for run_id, loss in self._new.items():
            self._tx.run_losses.put(self._tx.script_id, run_id, loss)

    def _of(self, run_id: str) -> RunLoss | None:
        return self._new.get(run_id) or self._tx.run_losses.get(self._tx.script_id, run_id)

    def _accepted(self, submission: Submission) -> bool:
        proposal_id = submission.cause.proposal_id
        if proposal_id is None:
            return False
        accepted = self._tx.hunks.accepting(self._tx.script_id, proposal_id, submission.submission_id)
        return accepted == encode_commands(submission.commands)


def lines_lost(start: State, verdict: Verdict) -> int:
    """How many lines with text in them are gone or empty behind a verdict: O(what it touches)."""
    end = verdict.state
    return sum(_has_text(start, line) and not _has_text(end, line) for line in set(_touched(verdict)))


def _touched(verdict: Verdict) -> Iterator[str]:
    """The lines that may have lost their text, or are gone into another."""
    for _, step in verdict.accepted:
        for guard in step.command.guards():
            if guard.kind == "line":
                yield guard.id


def _has_text(state: State, line: str) -> bool:
    return state.has_line(line) and bool(state.line(line).text.strip())
