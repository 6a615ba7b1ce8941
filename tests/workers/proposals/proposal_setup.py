"""The proposal room: a writing room with scripted models, and a person who decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from domain.proposals.refusals import ModelUnavailable
from domain.proposals.shown_lines import shown_hash
from materialization.proposals.decisions import Person
from repos.proposals.proposals import HunkRow, ProposalRow
from repos.unit_of_work import UnitOfWork
from tests.workers.writer_setup import LINES, WritingRoom
from workers.proposals.draft_job import ProposalJob
from workers.proposals.language_models.factory import DEFAULT_TERMS, Terms
from workers.proposals.language_models.interface import UNWATCHED, Completion, Message, Model, Watch
from workers.proposals.review import ProposalReview


class AnswersInTurn:
    """A model with prepared answers; it records its queries, and has no answer when they run out."""

    name = "answers-in-turn"

    def __init__(self, *answers: bytes | dict[str, Any] | Completion) -> None:
        self._answers = [self._completion(answer) for answer in answers]
        self.queries: list[list[Message]] = []

    def complete(self, messages: Sequence[Message], watch: Watch = UNWATCHED) -> Completion:  # noqa: ARG002
        self.queries.append(list(messages))
        if not self._answers:
            raise ModelUnavailable(problem="it has no more answers")
        return self._answers.pop(0)

    def _completion(self, answer: bytes | dict[str, Any] | Completion) -> Completion:
        if isinstance(answer, Completion):
            return answer
        output = answer if isinstance(answer, bytes) else msgspec.json.encode(answer)
        return Completion(output, self.name, tokens_in=10, tokens_out=2, latency_ms=3)


class ProposalRoom(WritingRoom):
    """A room in which Rosa requests and decides proposals."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        super().__init__(unit_of_work)
        self.handed_out: list[int] = []
        self.review = ProposalReview(unit_of_work, self.producer, self.handed_out.append, clock=lambda: self.now)
        self.rosa = Person(self.user, "Rosa")

    def ask(self, instruction: str = "Colder.", **more: Any) -> int:
        return self.review.ask(more.pop("script_id", self.script_id), instruction, more.pop("by", self.rosa), **more)[0]

    def job(self, model: Model, terms: Terms = DEFAULT_TERMS) -> ProposalJob:
        return ProposalJob(self.unit_of_work, model, terms, clock=lambda: self.now)

    def propose(self, *answers: bytes | dict[str, Any] | Completion, instruction: str = "Colder.") -> int:
        """A proposal drafted by a model with these answers."""
        number = self.ask(instruction)
        assert self.job(AnswersInTurn(*answers)).run(number)
        return number

    def proposal(self, number: int) -> ProposalRow:
        with self.unit_of_work.reading() as tx:
            proposal = tx.proposals.get(number)
        assert proposal is not None
        return proposal

    def hunks(self, number: int) -> list[HunkRow]:
        with self.unit_of_work.reading() as tx:
            return tx.proposals.hunks(number)

    def states(self, number: int) -> list[str]:
        """The state of a proposal, and of each of its hunks."""
        return [self.proposal(number).state, *(hunk.state for hunk in self.hunks(number))]

    def position(self, number: int) -> str:
        """The number of a line as a model is shown it."""
        return str(list(self.state().line_ids()).index(LINES[number - 1].id) + 1)

    def expect(self, number: int) -> str:
        """The current short hash of a line, as a model is shown it."""
        position = int(self.position(number))
        return shown_hash(position, list(self.state().lines())[position - 1])

    def shown(self, number: int) -> dict[str, str]:
        """A line as an edit names it."""
        return {"line": self.position(number), "expect": self.expect(number)}

    def rewrite(self, number: int, text: str) -> dict[str, Any]:
        return {"edit": "rewrite", **self.shown(number), "text": text}

    def remove(self, *numbers: int) -> dict[str, Any]:
        return {"edit": "delete", "lines": [self.shown(number) for number in numbers]}


def insert(after: str | None, *texts: str) -> dict[str, Any]:
    return {"edit": "insert", "after": after, "lines": [{"format": "action", "text": text} for text in texts]}


def hunk(*edits: dict[str, Any], why: str = "Because.") -> dict[str, Any]:
    return {"why": why, "edits": list(edits)}


def answer(*hunks: dict[str, Any]) -> dict[str, Any]:
    return {"hunks": list(hunks)}


def three_hunks(room: ProposalRoom) -> int:
    return room.propose(
        answer(
            hunk(room.rewrite(1, "Colder."), why="Colder."),
            hunk(insert("2", "A pause.", "Another."), why="A pause."),
            hunk(room.remove(5), why="Cut."),
        )
    )
