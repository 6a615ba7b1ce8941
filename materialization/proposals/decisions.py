"""Decisions on proposals: people accept or refuse an AI's changes hunk by hunk; accepted hunks become submissions.

Every function works inside the caller's unit of work and locks the proposal first; none touches the head of a script.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import NamedTuple

from domain.proposals.refusals import HunkDecided, ProposalNotReady, UnknownHunk, UnknownProposal
from domain.refusals import (
    BadPayload,
    BaseInFuture,
    ScriptArchived,
    ScriptBeingBackfilled,
    ScriptQuarantined,
)
from domain.submissions.ai_run import AiRun, by_ai
from domain.submissions.submission import Submission, decode_commands
from materialization.access import require_script_of
from repos.proposals.proposals import HunkRow, ProposalRow
from repos.unit_of_work import RecordsTransaction

OPEN = ("offered", "withheld")


class Person(NamedTuple):
    """Who decides: a user, or None for the operator; and their name as the log shows it."""

    user_id: int | None
    name: str


class Accepted(NamedTuple):
    """The submissions of an acceptance: all of them, and the new ones, which are to be enqueued now."""

    script_id: int
    submission_ids: tuple[str, ...]
    new: tuple[Submission, ...]


def require_askable(tx: RecordsTransaction, script_id: int, user_id: int | None, base: int | None = None) -> int:
    """Require that a script takes edits of this user before an AI is queried; returns the version to query it about.

    Raises:
        UnknownScript, NotYourScript, ScriptArchived, ScriptQuarantined, ScriptBeingBackfilled, BaseInFuture.
    """
    script = require_script_of(tx, script_id, user_id)
    if script.archived:
        raise ScriptArchived
    head = tx.heads.require(script_id)
    if head.health == "quarantined":
        raise ScriptQuarantined(script=script_id)
    if head.health == "backfilling":
        raise ScriptBeingBackfilled(script=script_id)
    if base is not None and not 1 <= base <= head.version:
        raise BaseInFuture(base=base, head=head.version)
    return head.version if base is None else base


def require_words(instruction: str) -> None:
    """Require an instruction that is not blank.

    Raises:
        BadPayload: it is blank.
    """
    if not instruction.strip():
        raise BadPayload(field="instruction", problem="is blank")


def accept(tx: RecordsTransaction, proposal_id: int, chosen: Collection[int], by: Person, now: int) -> Accepted:
    """Accept hunks of a proposal by number, from 1; all offered ones if none is named.

    A hunk accepted before stays accepted and makes no new submission, unless its submission is lost because its id was
    taken: then it is sent again.

    Raises:
        UnknownProposal, NotYourScript, ProposalNotReady, UnknownHunk: there is nothing to accept.
        HunkDecided: one of them was refused.
        ScriptBeingBackfilled: its result would stay stale.
    """
    proposal, hunks = _decidable(tx, proposal_id, by)
    head = tx.heads.get(proposal.script_id)
    if head is not None and head.health == "backfilling":
        raise ScriptBeingBackfilled(script=proposal.script_id)
    new: list[Submission] = []
    taken: list[str] = []
    for hunk in _chosen(proposal, hunks, chosen):
        if hunk.state == "rejected":
            raise HunkDecided(hunk=hunk.hunk, proposal=proposal_id, state=hunk.state)
        if hunk.state in OPEN or _is_lost(tx, hunk):
            submission_id = _new_submission_id(hunk)
            tx.proposals.accept(proposal_id, hunk.hunk, submission_id, by.user_id, now)
            new.append(submission_of(proposal, hunk._replace(submission_id=submission_id), by.name))
            taken.append(submission_id)
        else:
            taken.append(hunk.submission_id)
    tx.proposals.follow(proposal_id, now)
    return Accepted(proposal.script_id, tuple(taken), tuple(new))


def reject(tx: RecordsTransaction, proposal_id: int, chosen: Collection[int], by: Person, now: int) -> int:
    """Refuse hunks of a proposal by number, all offered ones if none is named; returns how many.

    The same change to the same content is not offered again.

    Raises:
        UnknownProposal, NotYourScript, ProposalNotReady, UnknownHunk: there is nothing to refuse.
        HunkDecided: one of them was accepted.
    """
    proposal, hunks = _decidable(tx, proposal_id, by)
    refused = 0
    for hunk in _chosen(proposal, hunks, chosen):
        if hunk.state not in (*OPEN, "rejected"):
            raise HunkDecided(hunk=hunk.hunk, proposal=proposal_id, state=hunk.state)
        refused += tx.proposals.reject(proposal_id, hunk.hunk, by.user_id, now)
    tx.proposals.follow(proposal_id, now)
    return refused


def submission_of(proposal: ProposalRow, hunk: HunkRow, actor: str) -> Submission:
    """A hunk as the submission it becomes when it is accepted."""
    run = AiRun(
        model=proposal.model or "",
        run_id=proposal.run_id,
        prompt_sha256=proposal.prompt_sha256,
        chat_message_id=proposal.chat_message_id,
        proposal_id=proposal.id,
    )
    submission = Submission(
        script_id=proposal.script_id,
        submission_id=hunk.submission_id,
        author="user",
        actor=actor,
        base_version=proposal.base_version,
        commands=decode_commands(hunk.commands),
    )
    return by_ai(run, submission)


def _is_lost(tx: RecordsTransaction, hunk: HunkRow) -> bool:
    # The proposal is locked: the worker that answers the submission cannot commit before us; until then it is pending.
    return hunk.state == "accepting" and not tx.inbox.holds(hunk.script_id, hunk.submission_id)


def _new_submission_id(hunk: HunkRow) -> str:
    # Created only now, and not guessable: an id known earlier could have been used for other content.
    return f"proposal-{hunk.proposal_id}-{hunk.hunk}-{secrets.token_hex(10)}"


def _decidable(tx: RecordsTransaction, proposal_id: int, by: Person) -> tuple[ProposalRow, list[HunkRow]]:
    proposal = tx.proposals.lock(proposal_id)
    if proposal is None:
        raise UnknownProposal(proposal=proposal_id)
    require_script_of(tx, proposal.script_id, by.user_id)
    if proposal.state in ("queued", "failed"):
        raise ProposalNotReady(proposal=proposal_id, state=proposal.state)
    return proposal, tx.proposals.hunks(proposal_id)


def _chosen(proposal: ProposalRow, hunks: list[HunkRow], chosen: Collection[int]) -> list[HunkRow]:
    for number in chosen:
        if not 1 <= number <= len(hunks):
            raise UnknownHunk(proposal=proposal.id, hunk=number, count=len(hunks))
    if not chosen:
        return [hunk for hunk in hunks if hunk.state == "offered"]
    return [hunk for hunk in hunks if hunk.hunk in chosen]
