"""Jobs that are killed while they query their model, after its answer, and around the commit of the answer.

Each proposal is drafted once, whatever was killed: the model is queried again if nothing was stored, and left
alone where it was.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from materialization.proposals.decisions import Person
from repos.proposals.proposals import HunkRow, ProposalRow
from tests.processes.environment import Site, wait_until
from tests.processes.model_server import ModelServer, model_server
from tests.processes.nodes import LocalWorker
from tests.processes.stopping_proposals import STOPS, has_stopped
from tests.workers.writer_setup import WritingRoom
from workers.process.roles import ROLES
from workers.proposals.bell import ProposalBell
from workers.proposals.review import ProposalReview
from workers.settings import Settings

pytestmark = [pytest.mark.services, pytest.mark.slow]

QUERIED = "queried"
PLACES = (QUERIED, *STOPS)
WRITTEN_DOWN = "after commit"


class Jobs:
    """Proposals for one script, a worker that drafts them, and the tick that rings for those that are left."""

    def __init__(self, site: Site, server: ModelServer, worker: LocalWorker, folder: Path) -> None:
        self.server = server
        self.worker = worker
        self.room = WritingRoom(site.unit_of_work)
        self._folder = folder
        self._engine = site.engine
        self._bell = ProposalBell.at(site.settings.broker_url)
        self.review = ProposalReview(site.unit_of_work, self.room.producer, self._bell.ring)
        self.by = Person(self.room.user, "Rosa")

    def ask_for_one_to_stop_at_each_place(self) -> dict[str, int]:
        """The proposals, by the place where each job stands now."""
        numbers = {
            place: self.review.ask(self.room.script_id, f"l{number} {place}", self.by).proposal_id
            for number, place in enumerate(PLACES, 1)
        }
        wait_until(lambda: all(has_stopped(self._folder, place) for place in STOPS))
        wait_until(lambda: f"l1 {QUERIED}" in self.server.instructions)
        return numbers

    def let_claims_run_out(self) -> None:
        """Let it be long ago that jobs took these proposals."""
        with self._engine.begin() as connection:
            connection.execute(text("UPDATE ai_proposals SET held_until = 1, updated_at = 1 WHERE state = 'queued'"))

    def tick_until_drafted(self, numbers: dict[str, int]) -> None:
        def drafted() -> bool:
            self._bell.schedule(self.room.unit_of_work).run(time.time_ns() // 1_000)
            return all(self.proposal(number).state != "queued" for number in numbers.values())

        wait_until(drafted, pause=0.2)

    def proposal(self, number: int) -> ProposalRow:
        with self.room.unit_of_work.reading() as tx:
            found = tx.proposals.get(number)
        assert found
        return found

    def hunks(self, number: int) -> list[HunkRow]:
        with self.room.unit_of_work.reading() as tx:
            return tx.proposals.hunks(number)

    def answers(self, number: int) -> int:
        """How many answers stand in the chat, each of which cost something once."""
        question = self.proposal(number).chat_message_id or 0
        with self.room.unit_of_work.reading() as tx:
            answers = tx.chat.answers(question)
            assert [len(tx.chat_usage.of_message(answer.id)) for answer in answers] == [1] * len(answers)
        return len(answers)


@pytest.fixture
def jobs(site: Site, settings: Settings, tmp_path: Path) -> Iterator[Jobs]:
    """A worker with room for a job at each place."""
    with model_server(held={f"l1 {QUERIED}"}) as server:
        named = Settings(
            home=settings.home,
            database_url=settings.database_url,
            broker_url=settings.broker_url,
            model_url=server.url,
            model="writer-1",
        )
        worker = LocalWorker(
            ROLES["proposals"],
            named,
            tmp_path,
            name="proposes",
            app="tests.processes.stopping_proposals",
            concurrency=len(PLACES),
        )
        worker.start()
        worker.ready()
        try:
            yield Jobs(site, server, worker, tmp_path)
        finally:
            worker.teardown()


@pytest.mark.parametrize("what", ["the node", "its pool"])
def test_of_a_job_that_is_killed_nothing_is_lost_and_nothing_is_there_twice(jobs: Jobs, what: str):
    numbers = jobs.ask_for_one_to_stop_at_each_place()
    written_down = {place for place, number in numbers.items() if jobs.proposal(number).state == "proposed"}
    assert written_down == {WRITTEN_DOWN}

    if what == "the node":
        jobs.worker.restart()
    else:
        jobs.worker.kill_pool()
    jobs.let_claims_run_out()
    jobs.tick_until_drafted(numbers)

    for place, number in numbers.items():
        times = 1 if place in written_down else 2
        proposal = jobs.proposal(number)
        assert (place, proposal.state, proposal.fence) == (place, "proposed", times)
        assert jobs.server.instructions.count(proposal.instruction) == times
        assert (place, [hunk.state for hunk in jobs.hunks(number)], jobs.answers(number)) == (place, ["offered"], 1)
    for number in numbers.values():
        jobs.review.accept(number, jobs.by)
    jobs.room.drain()
    assert [jobs.proposal(number).state for number in numbers.values()] == ["accepted"] * len(PLACES)
    assert jobs.room.texts()[: len(PLACES)] == [f"l{number} {place}" for number, place in enumerate(PLACES, 1)]
    assert jobs.room.state().version == 1 + len(PLACES)
