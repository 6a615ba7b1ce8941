"""The way of a proposal from the command line: asked through the queue, waited for, decided, and its edits answered."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from cli.client.queue import Queue, queue
from cli.terminal import screen
from cli.terminal.exit_status import Ending, Exit
from domain.proposals.refusals import UnknownProposal
from domain.submissions.answer import Answer
from repos.proposals.proposals import ProposalRow
from repos.unit_of_work import RecordsTransaction
from workers.proposals.bell import ProposalBell
from workers.proposals.review import ProposalReview
from workers.settings import Settings

FIRST_POLL_SECONDS = 0.02
MAX_POLL_SECONDS = 0.5


class Proposing:
    """A proposal desk with the queue behind it."""

    def __init__(self, sending: Queue) -> None:
        self.sending = sending
        self.unit_of_work = sending.unit_of_work
        self.desk = ProposalReview(sending.unit_of_work, sending.producer, ProposalBell.at(sending.broker_url).ring)

    def wait(self, proposal_id: int, *, timeout: float) -> ProposalRow:
        """Wait until a model has answered, or could not.

        Raises:
            Ending: it has not in time; the proposal stays queued.
        """
        deadline = time.monotonic() + timeout
        pause = FIRST_POLL_SECONDS
        with screen.waiting("Waiting for the model…"):
            while (found := self._look(proposal_id)).state == "queued":
                if time.monotonic() + pause > deadline:
                    raise Ending(
                        Exit.NOT_ANSWERED,
                        f"Proposal {proposal_id} is queued still, perhaps because no worker for proposals runs: "
                        f"ask with `scriptledger proposals show {proposal_id}`.",
                        code="not_answered_in_time",
                    )
                time.sleep(pause)
                pause = min(pause * 1.5, MAX_POLL_SECONDS)
        return found

    def answers(self, script_id: int, submission_ids: tuple[str, ...], *, timeout: float) -> list[Answer]:
        """Wait for what became of accepted hunks."""
        return [self.sending.wait(script_id, each, timeout=timeout) for each in submission_ids]

    def _look(self, proposal_id: int) -> ProposalRow:
        with self.unit_of_work.reading() as tx:
            return proposal_of(tx, proposal_id)


@contextmanager
def proposing(chosen: Settings | None = None) -> Iterator[Proposing]:
    """A proposal desk, with the services it needs for as long as it is needed."""
    with queue(chosen) as sending:
        yield Proposing(sending)


def proposal_of(tx: RecordsTransaction, proposal_id: int) -> ProposalRow:
    """A proposal that there is.

    Raises:
        UnknownProposal: there is none.
    """
    found = tx.proposals.get(proposal_id)
    if found is None:
        raise UnknownProposal(proposal=proposal_id)
    return found
