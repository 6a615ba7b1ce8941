"""The flow of a proposal from the command line: request, wait, decide, and the answers to its edits."""

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
from workers.proposals.language_models.factory import configured_terms
from workers.proposals.review import ProposalReview
from workers.settings import Settings

FIRST_POLL_SECONDS = 0.02
MAX_POLL_SECONDS = 0.5


class ProposalClient:
    """A proposal review and the queue it sends through."""

    def __init__(self, sending: Queue) -> None:
        self.sending = sending
        self.unit_of_work = sending.unit_of_work
        self.terms = configured_terms(sending.settings)
        self.review = ProposalReview(
            sending.unit_of_work,
            sending.producer,
            ProposalBell.at(sending.broker_url).ring,
            budget=self.terms.budget,
        )

    def wait(self, proposal_id: int, *, timeout: float) -> ProposalRow:
        """Wait until a model has answered or failed.

        Raises:
            Ending: the timeout passed; the proposal stays queued.
        """
        deadline = time.monotonic() + timeout
        pause = FIRST_POLL_SECONDS
        with screen.waiting("Waiting for the model…") as show:
            while (proposal := self._read(proposal_id)).state == "queued":
                if proposal.written:
                    show(f"The model is writing: {proposal.written:,} characters so far…")
                if time.monotonic() + pause > deadline:
                    raise Ending(
                        Exit.NOT_ANSWERED,
                        f"Proposal {proposal_id} is still queued, perhaps because no worker for proposals runs: "
                        f"check with `scriptledger proposals show {proposal_id}`.",
                        code="not_answered_in_time",
                    )
                time.sleep(pause)
                pause = min(pause * 1.5, MAX_POLL_SECONDS)
        return proposal

    def answers(self, script_id: int, submission_ids: tuple[str, ...], *, timeout: float) -> list[Answer]:
        """Wait for the answers to accepted hunks."""
        return [self.sending.wait(script_id, submission_id, timeout=timeout) for submission_id in submission_ids]

    def _read(self, proposal_id: int) -> ProposalRow:
        with self.unit_of_work.reading() as tx:
            return proposal_of(tx, proposal_id)


@contextmanager
def proposing(chosen: Settings | None = None) -> Iterator[ProposalClient]:
    """A proposal review, with the services it needs while it is in use."""
    with queue(chosen) as sending:
        yield ProposalClient(sending)


def proposal_of(tx: RecordsTransaction, proposal_id: int) -> ProposalRow:
    """The proposal of this id.

    Raises:
        UnknownProposal: there is none.
    """
    proposal = tx.proposals.get(proposal_id)
    if proposal is None:
        raise UnknownProposal(proposal=proposal_id)
    return proposal
