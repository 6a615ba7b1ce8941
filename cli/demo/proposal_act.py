"""The proposal step of the demo: an AI proposes three parts, and a person changes a line and then decides."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType

from cli.client.proposals import ProposalClient, proposal_of
from cli.client.queue import Queue
from cli.demo import screenplay
from cli.rendering.answers import described as described_answer
from cli.rendering.proposals import described, headline, shown_hunks
from cli.terminal.screen import Text
from materialization.proposals.decisions import Person
from repos.proposals.proposals import ProposalRow

DRAFT_TIMEOUT_SECONDS = 45.0
ROSA = Person(None, screenplay.WRITER)


class ProposalAct:
    """One proposal, from the request to the last decision."""

    def __init__(self, sending: Queue, script_id: int) -> None:
        self._client = ProposalClient(sending)
        self._script_id = script_id
        self._number = 0

    def ask(self) -> Iterator[RenderableType]:
        """Request an edit in the chat, and show what the model proposes."""
        queued = self._client.review.ask(self._script_id, screenplay.WISH, ROSA)
        self._number = queued.proposal_id
        self._client.wait(self._number, timeout=DRAFT_TIMEOUT_SECONDS)
        with self._client.unit_of_work.reading() as tx:
            proposal = proposal_of(tx, self._number)
            yield from described(proposal, shown_hunks(tx, proposal))

    def decide(self) -> Iterator[RenderableType]:
        """Accept the first part, refuse the last, and try to accept the one whose line a person has changed."""
        yield from self._accept(1)
        self._client.review.reject(self._number, ROSA, [3])
        yield Text.assemble("Part 3 is ", ("refused", "red"), " and will not be offered again.")
        yield from self._accept(2)
        yield headline(self.proposal())

    def proposal(self) -> ProposalRow:
        """The current state of the proposal."""
        with self._client.unit_of_work.reading() as tx:
            return proposal_of(tx, self._number)

    def _accept(self, hunk: int) -> Iterator[RenderableType]:
        accepted = self._client.review.accept(self._number, ROSA, [hunk])
        for answer in self._client.answers(self._script_id, accepted.submission_ids, timeout=DRAFT_TIMEOUT_SECONDS):
            first, *rest = described_answer(answer)
            yield Text.assemble(f"Part {hunk}: ", first)
            yield from rest
