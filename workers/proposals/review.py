"""The proposal review: a person requests a proposal from an AI, and decides which hunks to accept."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from functools import partial
from typing import NamedTuple

from domain.chat import ChatMessage
from domain.proposals.scope import WHOLE_SCRIPT, Scope, lines_in
from domain.proposals.shown_lines import LineRange, ShownLines
from materialization.access import keep_message
from materialization.clock import system_clock
from materialization.history.state_at import state_at
from materialization.proposals.decisions import Accepted, Person, accept, reject, require_askable, require_words
from materialization.retry import with_retries
from repos.proposals.proposals import ProposalRequest
from repos.unit_of_work import RecordsTransaction, UnitOfWork
from workers.producers.producer import Producer
from workers.proposals.language_models.factory import DEFAULT_TERMS
from workers.proposals.language_models.prompt import prompt
from workers.proposals.language_models.token_budget import TokenBudget


class Queued(NamedTuple):
    """A queued proposal, the chat message that requested it, and about how many tokens are sent to the model."""

    proposal_id: int
    message_id: int
    tokens: int


class ProposalReview:
    """Requests and decides proposals, each in one transaction; `hand_out` sends a committed proposal to a worker."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        producer: Producer,
        hand_out: Callable[[int], object],
        *,
        budget: TokenBudget = DEFAULT_TERMS.budget,
        clock: Callable[[], int] = system_clock,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._producer = producer
        self._hand_out = hand_out
        self._budget = budget
        self._clock = clock

    def ask(
        self,
        script_id: int,
        instruction: str,
        by: Person,
        *,
        base_version: int | None = None,
        scope: Scope = WHOLE_SCRIPT,
    ) -> Queued:
        """Queue a proposal for an instruction about a script, or a part of it, based on `base_version` or the head.

        Raises:
            Rejected: the request is not possible, or more than the model takes; nothing is stored or sent.
        """
        require_words(instruction)
        return with_retries(lambda: self._ask(script_id, instruction, by, base_version, scope))

    def estimate(self, script_id: int, instruction: str, by: Person, *, scope: Scope = WHOLE_SCRIPT) -> int:
        """About how many tokens a request for the head would send to the model.

        Raises:
            Rejected: the request is not possible, or more than the model takes.
        """
        require_words(instruction)
        with self._unit_of_work.records() as tx:
            base = require_askable(tx, script_id, by.user_id)
            return self._measured(tx, script_id, base, instruction, scope)[1]

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

    def _ask(self, script_id: int, instruction: str, by: Person, base_version: int | None, scope: Scope) -> Queued:
        now = self._clock()
        with self._unit_of_work.records() as tx:
            base = require_askable(tx, script_id, by.user_id, base_version)
            within, tokens = self._measured(tx, script_id, base, instruction, scope)
            message = ChatMessage(role="user", content=instruction, script_id=script_id, user_id=by.user_id)
            message_id = keep_message(tx, message, (), now)
            run_id = f"run-{secrets.token_hex(8)}"
            request = ProposalRequest(
                script_id, instruction, base, run_id, by.user_id, message_id, *(within or (None, None))
            )
            proposal_id = tx.proposals.add(request, now)
            tx.after_commit(partial(self._hand_out, proposal_id))
        return Queued(proposal_id, message_id, tokens)

    def _measured(
        self, tx: RecordsTransaction, script_id: int, base: int, instruction: str, scope: Scope
    ) -> tuple[LineRange | None, int]:
        """The lines in a scope, and about how many tokens the prompt about them has."""
        state = state_at(tx, script_id, base)
        within = lines_in(scope, state)
        return within, self._budget.require(prompt(ShownLines(state, within), base, instruction))

    def _accept(self, proposal_id: int, by: Person, hunks: Collection[int]) -> Accepted:
        with self._unit_of_work.records() as tx:
            accepted = accept(tx, proposal_id, hunks, by, self._clock())
            for submission in accepted.new:
                self._producer.enqueue(submission, tx, user_id=by.user_id)
        return accepted

    def _reject(self, proposal_id: int, by: Person, hunks: Collection[int]) -> int:
        with self._unit_of_work.records() as tx:
            return reject(tx, proposal_id, hunks, by, self._clock())
