"""The draft job: turns a queued proposal into hunks with a model. Idempotent: a proposal is drafted once.

take the proposal ─▶ read the script at its base ─▶ query the model, at most three times ─▶ offer hunks, or fail

Every answer costs money: one that no correction can mend ends the job at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import structlog

from domain.chat import ChatMessage
from domain.errors import Conflict, LedgerError, Rejected
from domain.proposals.model_output import decode_proposed
from domain.proposals.refusals import (
    JobGaveUp,
    ModelOutputCutOff,
    ModelOutputTooLong,
    ModelRefused,
    NothingProposed,
)
from domain.proposals.shown_lines import LineRange, ShownLines
from domain.script.state import State
from materialization.clock import system_clock
from materialization.history.state_at import state_at
from materialization.proposals.draft_hunks import Drafted, draft
from materialization.retry import with_retries
from repos.proposals.proposals import HunkRow, JobResult, ProposalRow
from repos.submissions.dead_letters import DeadLetter
from repos.unit_of_work import RecordsTransaction, UnitOfWork
from workers.proposals.language_models.factory import DEFAULT_TERMS, Terms
from workers.proposals.language_models.interface import Completion, Message, Model, Watch
from workers.proposals.language_models.prompt import correction, prompt, prompt_sha256
from workers.proposals.language_models.token_budget import Price, usage_of

# How many corrections a model is sent after an unusable answer.
CORRECTIONS = 2
# How long a job holds a proposal, and how much longer than the model may take.
LEASE_SECONDS = 600
SPARE_SECONDS = 120
# How often the progress of a model is written down.
PROGRESS_SECONDS = 2.0
# A proposal that killed its worker this many times is not retried.
MAX_ATTEMPTS = 3
KEPT_BYTES = 1 << 20
MAX_REFUSAL = 500
HOPELESS = (NothingProposed, ModelRefused, ModelOutputTooLong)

log = structlog.get_logger(__name__)


class Written(NamedTuple):
    """A finished draft: hunks or a refusal, the model's answers in order, and the hash of the first prompt."""

    drafted: Drafted
    answers: tuple[Completion, ...]
    prompt_sha256: str | None


class _ClaimLost(LedgerError):
    """Another job took the proposal over while the model wrote."""


class ProposalJob:
    """Drafts proposals with one model."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        model: Model,
        terms: Terms = DEFAULT_TERMS,
        *,
        clock: Callable[[], int] = system_clock,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._model = model
        self._terms = terms
        self._clock = clock

    def run(self, proposal_id: int) -> bool:
        """Draft a proposal; return whether this job did.

        Raises:
            Conflict: the database is unavailable; the proposal stays queued and is retried.
        """
        taken = with_retries(lambda: self._take(proposal_id))
        if taken is None:
            return False
        if taken.fence > MAX_ATTEMPTS:
            written = Written(Drafted((), JobGaveUp(attempts=MAX_ATTEMPTS)), (), None)
        else:
            try:
                written = self._write(taken)
            except _ClaimLost:
                return False
        done = with_retries(lambda: self._finish(taken, written))
        refusal = written.drafted.refusal
        log.info(
            "proposal.drafted",
            proposal_id=proposal_id,
            script_id=taken.script_id,
            hunks=len(written.drafted.hunks),
            answers=len(written.answers),
            code=refusal.code if refusal else None,
        )
        return done

    def _take(self, proposal_id: int) -> ProposalRow | None:
        now = self._clock()
        with self._unit_of_work.records() as tx:
            return tx.proposals.take(proposal_id, now, until=self._held_until(now))

    def _held_until(self, now: int) -> int:
        return now + max(LEASE_SECONDS, self._terms.seconds + SPARE_SECONDS) * 1_000_000

    def _write(self, taken: ProposalRow) -> Written:
        """Query the model until an answer is fully usable, cannot be mended, or was corrected twice.

        Raises:
            _ClaimLost: another job holds the proposal by now.
        """
        answers: list[Completion] = []
        drafted, digest = Drafted(()), None
        watch = Watch(time.monotonic() + self._terms.seconds, self._progress(taken))
        try:
            with self._unit_of_work.reading() as tx:
                base = state_at(tx, taken.script_id, taken.base_version)
            shown = ShownLines(base, _range_of(taken))
            messages = prompt(shown, base.version, taken.instruction)
            digest = prompt_sha256(messages)
            attempt = taken._replace(model=self._model.name, prompt_sha256=digest)
            for _ in range(1 + CORRECTIONS):
                latest = self._drafted(attempt, messages, answers, base, shown, watch)
                # A correction may be worse than the answer it corrects: valid hunks are not dropped for it.
                drafted = latest if latest.hunks else drafted._replace(refusal=latest.refusal)
                if latest.refusal is None or isinstance(latest.refusal, HOPELESS) or _repeats(answers):
                    break
                messages += correction(answers[-1].output, latest.refusal, latest.at)
                if not self._terms.budget.holds(messages):
                    break
        except Rejected as refusal:
            drafted = Drafted(drafted.hunks, refusal)
        return Written(drafted, tuple(answers), digest)

    def _drafted(  # noqa: PLR0913, PLR0917 - what a draft is made of
        self,
        attempt: ProposalRow,
        messages: list[Message],
        answers: list[Completion],
        base: State,
        shown: ShownLines,
        watch: Watch,
    ) -> Drafted:
        """The hunks in the next answer, which is added to `answers`.

        Raises:
            Rejected: there is none, or it is not whole.
        """
        self._terms.budget.require(messages)
        answer = self._model.complete(messages, watch)
        answers.append(answer)
        if answer.ended == "refused":
            raise ModelRefused(words=answer.output.decode(errors="replace")[:MAX_REFUSAL])
        if answer.ended == "cut off":
            tokens = "" if answer.tokens_out is None else f" of {answer.tokens_out} tokens"
            raise ModelOutputCutOff(where=tokens.strip() or "of tokens")
        try:
            return draft(attempt, decode_proposed(answer.output), base, shown)
        except Rejected as refusal:
            return Drafted((), refusal)

    def _progress(self, taken: ProposalRow) -> Callable[[int], None]:
        """A function that writes down how much the model has written, every few seconds."""
        due = time.monotonic() + PROGRESS_SECONDS

        def written(count: int) -> None:
            nonlocal due
            if time.monotonic() < due:
                return
            due = time.monotonic() + PROGRESS_SECONDS
            try:
                with self._unit_of_work.records() as tx:
                    held = tx.proposals.progress(taken, count, until=self._held_until(self._clock()))
            except Conflict:
                return  # progress is a courtesy; the next one may be written
            if not held:
                raise _ClaimLost

        return written

    def _finish(self, taken: ProposalRow, written: Written) -> bool:
        """Store the result in one transaction: hunks, answer, usage, and the refusal if there are no hunks."""
        now = self._clock()
        drafted, refusal = written.drafted, written.drafted.refusal
        outcome = JobResult(refusal.message if refusal else "", self._model.name, written.prompt_sha256)
        with self._unit_of_work.records() as tx:
            if drafted.hunks:
                done = tx.proposals.offer(taken, outcome, [_withheld(tx, hunk) for hunk in drafted.hunks], now)
            else:
                done = tx.proposals.fail(taken, outcome._replace(code=refusal.code if refusal else None), now)
                if done and refusal:
                    _keep_rejected(tx, taken, written, refusal, now)
            if done:
                _keep_answer(tx, taken, written, self._terms.price, now)
        return done


def _repeats(answers: list[Completion]) -> bool:
    """Whether the model answered a correction with the same again: it would do so once more."""
    return len(answers) > 1 and answers[-1].output == answers[-2].output


def _range_of(taken: ProposalRow) -> LineRange | None:
    if taken.first_line is None or taken.last_line is None:
        return None
    return LineRange(taken.first_line, taken.last_line)


def _withheld(tx: RecordsTransaction, hunk: HunkRow) -> HunkRow:
    """The hunk; if one with the same content was refused before, it is stored but not offered."""
    refused = tx.proposals.refused_before(hunk.script_id, hunk.content_hash)
    return hunk._replace(state="withheld") if refused else hunk


def _keep_answer(tx: RecordsTransaction, taken: ProposalRow, written: Written, price: Price, now: int) -> None:
    """Store the model's chat message, and the usage of each of its answers."""
    if not written.answers:
        return
    hunks = written.drafted.hunks
    content = "\n".join(f"{hunk.hunk}. {hunk.why}".rstrip() for hunk in hunks) or "Nothing that could be taken."
    message = ChatMessage(
        role="assistant",
        content=content,
        script_id=taken.script_id,
        user_id=taken.user_id,
        answers=taken.chat_message_id,
        metadata={"proposal": taken.id},
    )
    number = tx.chat.add(message, now)
    for answer in written.answers:
        tx.chat_usage.add(number, usage_of(answer, price), now)


def _keep_rejected(tx: RecordsTransaction, taken: ProposalRow, written: Written, refusal: Rejected, now: int) -> None:
    """Keep the model's last unusable answer as a dead letter."""
    payload = written.answers[-1].output if written.answers else b""
    name = f"proposal-{taken.id}"
    row = DeadLetter(0, taken.script_id, name, refusal.code, refusal.message, payload, now)
    tx.rejected.put([row.cut_to(KEPT_BYTES)])
