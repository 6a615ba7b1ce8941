"""Limits on what an AI may do to a script without a person's consent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from domain.commands.kinds.version_label import VersionLabel
from domain.proposals.refusals import AiDeletesTooMuch, AiLocksDraft, AiRemovesTooMuch
from domain.script.state import State
from domain.submissions.submission import Submission, encode_commands
from materialization.write_path.ai_losses import lines_of_people, losses, things_of_people, touched
from materialization.write_path.decide import Verdict
from repos.locked_scripts import LockedScript
from repos.proposals.ai_deletions import RunLoss
from repos.proposals.ai_writings import Writing

DELETE_PERCENT = 20
# All runs of a day (UTC) together may remove this many times the share of one run.
RUNS_OF_A_DAY: Final = 2
DAY_MICROS: Final = 24 * 60 * 60 * 1_000_000


class AiLimits(NamedTuple):
    """The share of people's text that one AI run may remove; one line and one other object are always allowed."""

    delete_percent: int = DELETE_PERCENT


USUAL = AiLimits()

# The key of a counter: its name, and its run or day.
_Key = tuple[str, str]


class _Kind(NamedTuple):
    """One kind of loss: the names of its counters, its total, and its refusal."""

    of_run: str
    of_day: str
    written_by_people: Callable[[State, dict[str, Writing]], int]
    refusal: type[AiDeletesTooMuch | AiRemovesTooMuch]

    def require(self, loss: RunLoss, percent: int, within: str) -> None:
        if loss.lost > 1 and loss.lost * 100 > percent * loss.lines:
            raise self.refusal(lost=loss.lost, lines=loss.lines, percent=percent, within=within)


_LINES = _Kind("", "day", lines_of_people, AiDeletesTooMuch)
_THINGS = _Kind("things", "things of day", things_of_people, AiRemovesTooMuch)


class Losses:
    """The losses that AI runs cause to one script in one unit of work, in addition to earlier ones.

    Read and written only for AI submissions that no person accepted.
    """

    def __init__(self, tx: LockedScript, limits: AiLimits, now: int) -> None:
        self._tx = tx
        self._limits = limits
        self._now = now
        self._new: dict[_Key, RunLoss] = {}
        self._written: dict[str, Writing] = {}

    def count(self, submission: Submission, start: State, verdict: Verdict) -> None:
        """Count what an AI's submission removes, unless a person accepted exactly these commands as a proposal.

        Raises:
            AiLocksDraft: it locks a named draft.
            AiDeletesTooMuch, AiRemovesTooMuch: its run, or all runs of the day, would exceed their limit; a person
                must accept it.
        """
        if not verdict.applied or self._accepted(submission):
            return
        for _, step in verdict.applied:
            if isinstance(step.command, VersionLabel) and step.command.locked:
                raise AiLocksDraft(name=step.command.name)
        named = touched(verdict)
        known = self._tx.ai_writings.of(self._tx.script_id, named.keys - self._written.keys()) | self._written
        found = losses(start, verdict.state, named, known)
        run = submission.cause.run_id or ""
        self._new |= self._counted(_LINES, found.lines, run, start) | self._counted(_THINGS, found.things, run, start)
        self._written |= found.written

    def write(self) -> None:
        """Write the counters to the unit of work."""
        for (count, of), loss in self._new.items():
            self._tx.run_losses.put(self._tx.script_id, of, loss, count)
        if self._written:
            self._tx.ai_writings.put(self._tx.script_id, self._written)

    def _counted(self, kind: _Kind, lost: int, run: str, start: State) -> dict[_Key, RunLoss]:
        """The counters of the run and of the day, including this loss."""
        if not lost:
            return {}
        share = self._limits.delete_percent
        of_run = self._count(kind, (kind.of_run, run), lost, start)
        kind.require(of_run, share, "in a run")
        day = str(self._now // DAY_MICROS)
        of_day = self._count(kind, (kind.of_day, day), lost, start)
        kind.require(of_day, min(100, RUNS_OF_A_DAY * share), "in all runs of a day")
        return {(kind.of_run, run): of_run, (kind.of_day, day): of_day}

    def _count(self, kind: _Kind, key: _Key, lost: int, start: State) -> RunLoss:
        before = self._new.get(key) or self._tx.run_losses.get(self._tx.script_id, key[1], key[0])
        if before is None:
            by_ais = self._tx.ai_writings.all(self._tx.script_id) | self._written
            before = RunLoss(kind.written_by_people(start, by_ais), 0)
        return before._replace(lost=before.lost + lost)

    def _accepted(self, submission: Submission) -> bool:
        proposal_id = submission.cause.proposal_id
        if proposal_id is None:
            return False
        accepted = self._tx.hunks.accepting(self._tx.script_id, proposal_id, submission.submission_id)
        return accepted == encode_commands(submission.commands)
