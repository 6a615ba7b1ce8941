"""An act of the demo: an AI is asked in the chat, proposes three parts, and a person decides, after changing a line."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType

from cli.client.proposals import Proposing, proposal_of
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
    """One proposal, from the question to the last decision."""

    def __init__(self, sending: Queue, script_id: int) -> None:
        self._asking = Proposing(sending)
        self._script_id = script_id
        self._number = 0

    def ask(self) -> Iterator[RenderableType]:
        """Say what is wanted in the chat, and show what the model makes of it."""
        queued = self._asking.desk.ask(self._script_id, screenplay.WISH, ROSA)
        self._number = queued.proposal_id
        self._asking.wait(self._number, timeout=DRAFT_TIMEOUT_SECONDS)
        with self._asking.unit_of_work.reading() as tx:
            found = proposal_of(tx, self._number)
            yield from described(found, shown_hunks(tx, found))

    def decide(self) -> Iterator[RenderableType]:
        """Take the first part, refuse the last, and try to take the one that a person overtook."""
        yield from self._accept(1)
        self._asking.desk.reject(self._number, ROSA, [3])
        yield Text.assemble("Part 3 is ", ("refused", "red"), ", and not offered again.")
        yield from self._accept(2)
        yield headline(self.proposal())

    def proposal(self) -> ProposalRow:
        """The proposal as it stands."""
        with self._asking.unit_of_work.reading() as tx:
            return proposal_of(tx, self._number)

    def _accept(self, hunk: int) -> Iterator[RenderableType]:
        accepted = self._asking.desk.accept(self._number, ROSA, [hunk])
        for answer in self._asking.answers(self._script_id, accepted.submission_ids, timeout=DRAFT_TIMEOUT_SECONDS):
            first, *rest = described_answer(answer)
            yield Text.assemble(f"Part {hunk}: ", first)
            yield from rest
