"""The draft job: turns a queued proposal into hunks with a model. Idempotent: a proposal is drafted once.

take the proposal ─▶ read the script at its base ─▶ query the model, at most three times ─▶ offer hunks, or fail
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import structlog

from domain.chat import ChatMessage, Usage
from domain.errors import Rejected
from domain.proposals.model_output import decode_proposed
from domain.proposals.refusals import JobGaveUp
from domain.script.state import State
from materialization.clock import system_clock
from materialization.history.state_at import state_at
from materialization.proposals.draft_hunks import Drafted, draft
from materialization.retry import with_retries
from repos.proposals.proposals import HunkRow, JobResult, ProposalRow
from repos.submissions.dead_letters import DeadLetter
from repos.unit_of_work import RecordsTransaction, UnitOfWork
from workers.proposals.language_models.interface import Completion, Model
from workers.proposals.language_models.prompt import correction, prompt, prompt_sha256

# How many corrections a model is sent after an unusable answer.
CORRECTIONS = 2
# Longer than the time limit of the task.
LEASE_SECONDS = 600
# A proposal that killed its worker this many times is not retried.
MAX_ATTEMPTS = 3
KEPT_BYTES = 1 << 20

log = structlog.get_logger(__name__)


class Written(NamedTuple):
    """A finished draft: hunks or a refusal, the model's answers in order, and the hash of the first prompt."""

    drafted: Drafted
    answers: tuple[Completion, ...]
    prompt_sha256: str | None


class ProposalJob:
    """Drafts proposals with one model."""

    def __init__(self, unit_of_work: UnitOfWork, model: Model, *, clock: Callable[[], int] = system_clock) -> None:
        self._unit_of_work = unit_of_work
        self._model = model
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
            written = self._write(taken)
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
            return tx.proposals.take(proposal_id, now, until=now + LEASE_SECONDS * 1_000_000)

    def _write(self, taken: ProposalRow) -> Written:
        """Query the model until an answer is fully usable, or was corrected twice."""
        answers: list[Completion] = []
        drafted, digest = Drafted(()), None
        try:
            with self._unit_of_work.reading() as tx:
                base = state_at(tx, taken.script_id, taken.base_version)
            messages = prompt(base, taken.instruction)
            digest = prompt_sha256(messages)
            attempt = taken._replace(model=self._model.name, prompt_sha256=digest)
            for _ in range(1 + CORRECTIONS):
                answers.append(self._model.complete(messages))
                latest = _drafted(attempt, answers[-1], base)
                # A correction may be worse than the answer it corrects: valid hunks are not dropped for it.
                drafted = latest if latest.hunks else drafted._replace(refusal=latest.refusal)
                if latest.refusal is None:
                    break
                messages += correction(answers[-1].output, latest.refusal, latest.at)
        except Rejected as refusal:
            drafted = Drafted(drafted.hunks, refusal)
        return Written(drafted, tuple(answers), digest)

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
                _keep_answer(tx, taken, written, now)
        return done


def _drafted(attempt: ProposalRow, answer: Completion, base: State) -> Drafted:
    try:
        return draft(attempt, decode_proposed(answer.output), base)
    except Rejected as refusal:
        return Drafted((), refusal)


def _withheld(tx: RecordsTransaction, hunk: HunkRow) -> HunkRow:
    """The hunk; if one with the same content was refused before, it is stored but not offered."""
    refused = tx.proposals.refused_before(hunk.script_id, hunk.content_hash)
    return hunk._replace(state="withheld") if refused else hunk


def _keep_answer(tx: RecordsTransaction, taken: ProposalRow, written: Written, now: int) -> None:
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
        usage = Usage(
            model=answer.model, tokens_in=answer.tokens_in, tokens_out=answer.tokens_out, latency_ms=answer.latency_ms
        )
        tx.chat_usage.add(number, usage, now)


def _keep_rejected(tx: RecordsTransaction, taken: ProposalRow, written: Written, refusal: Rejected, now: int) -> None:
    """Keep the model's last unusable answer as a dead letter."""
    payload = written.answers[-1].output if written.answers else b""
    name = f"proposal-{taken.id}"
    row = DeadLetter(0, taken.script_id, name, refusal.code, refusal.message, payload, now)
    tx.rejected.put([row.cut_to(KEPT_BYTES)])
