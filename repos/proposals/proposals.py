"""Tables ai_proposals and ai_proposal_hunks: changes an AI proposes, and people's decision about each hunk.

queued ── a job takes it ──▶ proposed ── hunk by hunk ──▶ accepted | partly_accepted | rejected | stale
   └─ the model fails or its answer is invalid ──▶ failed

The state of a proposal follows from those of its hunks. Every change of a hunk locks the proposal first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from sqlalchemy import ScalarSelect, and_, bindparam, case, func, insert, literal, or_, select, update

from repos.database.session import Session
from repos.schema.proposal_tables import ai_proposal_hunks as hunks
from repos.schema.proposal_tables import ai_proposals as proposals

ProposalState = Literal["queued", "proposed", "accepted", "partly_accepted", "rejected", "stale", "failed"]
HunkState = Literal["offered", "withheld", "accepting", "accepted", "stale", "rejected"]
MESSAGE_LENGTH = 1_000


class ProposalRow(NamedTuple):
    """A proposal; times are microseconds since 1970 UTC. `code` and `message` are the reason of a failure.

    `first_line` and `last_line` are positions in the base version, from 1, both None for the whole script. `written`
    counts the characters that a model has written so far.
    """

    id: int
    script_id: int
    user_id: int | None
    chat_message_id: int | None
    run_id: str
    instruction: str
    base_version: int
    first_line: int | None
    last_line: int | None
    state: ProposalState
    model: str | None
    prompt_sha256: str | None
    code: str | None
    message: str | None
    fence: int
    held_until: int
    written: int | None
    created_at: int
    updated_at: int


class HunkRow(NamedTuple):
    """A part of a proposal that is accepted or rejected whole: its commands as JSON, and the model's reason.

    `submission_id` is provisional until the hunk is accepted, then the id under which it is submitted.
    """

    proposal_id: int
    hunk: int
    script_id: int
    content_hash: bytes
    commands: bytes
    why: str
    state: HunkState
    submission_id: str
    code: str | None = None
    decided_by: int | None = None
    decided_at: int | None = None


class ProposalRequest(NamedTuple):
    """A request to an AI for changes to a script, or to the lines from a position to another in its base version."""

    script_id: int
    instruction: str
    base_version: int
    run_id: str
    user_id: int | None = None
    chat_message_id: int | None = None
    first_line: int | None = None
    last_line: int | None = None


class JobResult(NamedTuple):
    """The result of a job: its model and prompt, a message, and a code if it failed."""

    message: str
    model: str | None = None
    prompt_sha256: str | None = None
    code: str | None = None


_HUNK_COLUMNS = tuple(HunkRow._fields)
OF_PROPOSAL = proposals.c.id == bindparam("proposal")
_HELD = and_(OF_PROPOSAL, proposals.c.state == "queued", proposals.c.fence == bindparam("held"))
_ADD = insert(proposals).values(
    script_id=bindparam("script"),
    user_id=bindparam("user"),
    chat_message_id=bindparam("chat"),
    run_id=bindparam("run"),
    instruction=bindparam("instruction"),
    base_version=bindparam("base"),
    first_line=bindparam("first"),
    last_line=bindparam("last"),
    state="queued",
    fence=0,
    held_until=0,
    created_at=bindparam("now"),
    updated_at=bindparam("now"),
)
_GET = select(*proposals.c).where(OF_PROPOSAL)
_LOCK = _GET.with_for_update()
_OF_SCRIPT = (
    select(*proposals.c)
    .where(
        or_(proposals.c.script_id == bindparam("script"), bindparam("script") == literal(0)),
        proposals.c.id > bindparam("after"),
    )
    .order_by(proposals.c.id)
    .limit(bindparam("limit"))
)
_WAITING = (
    select(proposals.c.id)
    .where(
        proposals.c.state == "queued",
        proposals.c.held_until <= bindparam("now"),
        proposals.c.updated_at <= bindparam("before"),
    )
    .order_by(proposals.c.id)
    .limit(bindparam("limit"))
)
_TAKE = (
    update(proposals)
    .where(OF_PROPOSAL, proposals.c.state == "queued", proposals.c.held_until <= bindparam("now"))
    .values(fence=proposals.c.fence + literal(1), held_until=bindparam("until"), updated_at=bindparam("now"))
)
_PROGRESS = update(proposals).where(_HELD).values(written=bindparam("written"), held_until=bindparam("until"))
_OFFER = (
    update(proposals)
    .where(_HELD)
    .values(
        state="proposed",
        model=bindparam("model"),
        prompt_sha256=bindparam("prompt_hash"),
        message=bindparam("text"),
        updated_at=bindparam("now"),
    )
)
_FAIL = (
    update(proposals)
    .where(_HELD)
    .values(
        state="failed",
        model=bindparam("model"),
        prompt_sha256=bindparam("prompt_hash"),
        code=bindparam("code"),
        message=bindparam("text"),
        updated_at=bindparam("now"),
    )
)
_HUNKS = select(*hunks.c).where(hunks.c.proposal_id == bindparam("proposal")).order_by(hunks.c.hunk)
_HUNK = update(hunks).where(hunks.c.proposal_id == bindparam("proposal"), hunks.c.hunk == bindparam("number"))
_ACCEPT = _HUNK.where(
    or_(hunks.c.state == "offered", hunks.c.state == "withheld", hunks.c.state == "accepting")
).values(
    state="accepting", submission_id=bindparam("submission"), decided_by=bindparam("user"), decided_at=bindparam("now")
)
_REJECT = _HUNK.where(or_(hunks.c.state == "offered", hunks.c.state == "withheld")).values(
    state="rejected", decided_by=bindparam("user"), decided_at=bindparam("now")
)
_REFUSED_BEFORE = (
    select(literal(1))
    .where(
        hunks.c.script_id == bindparam("script"),
        hunks.c.content_hash == bindparam("content"),
        hunks.c.state == "rejected",
    )
    .limit(1)
)


def _count(*states: HunkState) -> ScalarSelect[int]:
    wanted = or_(*(hunks.c.state == state for state in states))
    return select(func.count()).where(hunks.c.proposal_id == proposals.c.id, wanted).scalar_subquery()


SET_STATE_FROM_HUNKS = (
    update(proposals)
    .where(OF_PROPOSAL, proposals.c.state != "queued", proposals.c.state != "failed")
    .values(
        state=case(
            (_count("offered", "accepting") > literal(0), "proposed"),
            (and_(_count("accepted") > literal(0), _count("stale", "rejected") == literal(0)), "accepted"),
            (_count("accepted") > literal(0), "partly_accepted"),
            (_count("stale") > literal(0), "stale"),
            else_="rejected",
        ),
        updated_at=bindparam("now"),
    )
)


class Proposals:
    """The proposals for every script."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, request: ProposalRequest, now: int) -> int:
        """Queue a request; returns the id of the proposal."""
        self._session.require_room("instruction", 4 * len(request.instruction))
        return self._session.insert(
            _ADD,
            script=request.script_id,
            user=request.user_id,
            chat=request.chat_message_id,
            run=request.run_id,
            instruction=request.instruction,
            base=request.base_version,
            first=request.first_line,
            last=request.last_line,
            now=now,
        )

    def get(self, proposal_id: int) -> ProposalRow | None:
        rows = self._session.rows(_GET, proposal=proposal_id)
        return ProposalRow(*rows[0]) if rows else None

    def lock(self, proposal_id: int) -> ProposalRow | None:
        """The proposal, locked until this transaction ends."""
        rows = self._session.rows(_LOCK, proposal=proposal_id)
        return ProposalRow(*rows[0]) if rows else None

    def read(self, script_id: int = 0, *, after: int = 0, limit: int = 100) -> list[ProposalRow]:
        """Proposals after an id, oldest first: those for a script, or all."""
        rows = self._session.rows(_OF_SCRIPT, script=script_id, after=after, limit=limit)
        return [ProposalRow(*row) for row in rows]

    def hunks(self, proposal_id: int) -> list[HunkRow]:
        """The parts of a proposal, in order."""
        return [HunkRow(*row) for row in self._session.rows(_HUNKS, proposal=proposal_id)]

    def waiting(self, *, now: int, before: int, limit: int = 100) -> list[int]:
        """Proposals that were queued, or abandoned by their job, before a time, and that no job holds."""
        return [row[0] for row in self._session.rows(_WAITING, now=now, before=before, limit=limit)]

    def take(self, proposal_id: int, now: int, *, until: int) -> ProposalRow | None:
        """Claim a queued proposal until a time; None if it is not queued, or another job holds it."""
        if not self._session.run(_TAKE, proposal=proposal_id, now=now, until=until):
            return None
        return self.get(proposal_id)

    def progress(self, taken: ProposalRow, written: int, *, until: int) -> bool:
        """Record how much a model has written for a claimed proposal, and keep the claim until a time.

        Returns False if the claim was lost.
        """
        return self._session.run(_PROGRESS, proposal=taken.id, held=taken.fence, written=written, until=until) == 1

    def offer(self, taken: ProposalRow, result: JobResult, parts: Sequence[HunkRow], now: int) -> bool:
        """Offer the hunks of a claimed proposal to people; False if the claim was lost."""
        if not self._session.run(_OFFER, **_finish(taken, result, now)):
            return False
        self._session.later_insert(hunks, _HUNK_COLUMNS, [tuple(part) for part in parts])
        self._session.flush()
        self.follow(taken.id, now)
        return True

    def fail(self, taken: ProposalRow, result: JobResult, now: int) -> bool:
        """Mark a claimed proposal as failed, with the reason; False if the claim was lost."""
        return self._session.run(_FAIL, code=result.code, **_finish(taken, result, now)) == 1

    def accept(self, proposal_id: int, hunk: int, submission_id: str, user_id: int | None, now: int) -> bool:
        """Record that a person accepted a hunk, and its submission id; returns False if it was already decided."""
        named = {"proposal": proposal_id, "number": hunk, "submission": submission_id}
        return self._session.run(_ACCEPT, **named, user=user_id, now=now) == 1

    def reject(self, proposal_id: int, hunk: int, user_id: int | None, now: int) -> bool:
        """Record that a person rejected a hunk; returns False if it was already decided."""
        return self._session.run(_REJECT, proposal=proposal_id, number=hunk, user=user_id, now=now) == 1

    def follow(self, proposal_id: int, now: int) -> None:
        """Update the state of a locked proposal from its hunks."""
        self._session.run(SET_STATE_FROM_HUNKS, proposal=proposal_id, now=now)

    def refused_before(self, script_id: int, content_hash: bytes) -> bool:
        """Whether a person rejected the same change of this script before."""
        return bool(self._session.rows(_REFUSED_BEFORE, script=script_id, content=content_hash))


def _finish(taken: ProposalRow, result: JobResult, now: int) -> dict[str, Any]:
    return {
        "proposal": taken.id,
        "held": taken.fence,
        "model": result.model,
        "prompt_hash": result.prompt_sha256,
        "text": result.message[:MESSAGE_LENGTH],
        "now": now,
    }
