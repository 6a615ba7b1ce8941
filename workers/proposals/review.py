"""The proposal review: a person requests a proposal from an AI, and decides which hunks to accept."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from functools import partial
from typing import NamedTuple

from domain.chat import ChatMessage
from materialization.access import keep_message
from materialization.clock import system_clock
from materialization.proposals.decisions import Accepted, Person, accept, reject, require_askable, require_words
from materialization.retry import with_retries
from repos.proposals.proposals import ProposalRequest
from repos.unit_of_work import UnitOfWork
from workers.producers.producer import Producer


class Queued(NamedTuple):
    """A queued proposal, and the chat message that requested it."""

    proposal_id: int
    message_id: int


class ProposalReview:
    """Requests and decides proposals, each in one transaction; `hand_out` sends a committed proposal to a worker."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        producer: Producer,
        hand_out: Callable[[int], object],
        *,
        clock: Callable[[], int] = system_clock,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._producer = producer
        self._hand_out = hand_out
        self._clock = clock

    def ask(self, script_id: int, instruction: str, by: Person, *, base_version: int | None = None) -> Queued:
        """Queue a proposal for an instruction about a script, based on `base_version` or the head.

        Raises:
            Rejected: the request is not possible; nothing is stored.
        """
        require_words(instruction)
        return with_retries(lambda: self._ask(script_id, instruction, by, base_version))

    def accept(self, proposal_id: int, by: Person, hunks: Collection[int] = ()) -> Accepted:
        """Accept hunks of a proposal, by default all that are offered, and enqueue their submissions.

        Raises:
            Rejected: there is nothing to accept; nothing is decided.
        """
        return with_retries(lambda: self._accept(proposal_id, by, hunks))

    def reject(self, proposal_id: int, by: Person, hunks: Collection[int] = ()) -> int:
        """Refuse hunks of a proposal, by default all that are offered; return the count.

        Raises:
            Rejected: there is nothing to refuse; nothing is decided.
        """
        return with_retries(lambda: self._reject(proposal_id, by, hunks))

    def _ask(self, script_id: int, instruction: str, by: Person, base_version: int | None) -> Queued:
        now = self._clock()
        with self._unit_of_work.records() as tx:
            base = require_askable(tx, script_id, by.user_id, base_version)
            message = ChatMessage(role="user", content=instruction, script_id=script_id, user_id=by.user_id)
            message_id = keep_message(tx, message, (), now)
            run_id = f"run-{secrets.token_hex(8)}"
            request = ProposalRequest(script_id, instruction, base, run_id, by.user_id, message_id)
            proposal_id = tx.proposals.add(request, now)
            tx.after_commit(partial(self._hand_out, proposal_id))
        return Queued(proposal_id, message_id)

    def _accept(self, proposal_id: int, by: Person, hunks: Collection[int]) -> Accepted:
        with self._unit_of_work.records() as tx:
            accepted = accept(tx, proposal_id, hunks, by, self._clock())
            for submission in accepted.new:
                self._producer.enqueue(submission, tx, user_id=by.user_id)
        return accepted

    def _reject(self, proposal_id: int, by: Person, hunks: Collection[int]) -> int:
        with self._unit_of_work.records() as tx:
            return reject(tx, proposal_id, hunks, by, self._clock())
