"""Hunk outcomes: the accepted hunks in ai_proposal_hunks, for the write path, which stores their outcome."""

from __future__ import annotations

from sqlalchemy import bindparam, select, update

from domain.submissions.answer import Answer
from repos.database.session import Session
from repos.proposals.proposals import OF_PROPOSAL, SET_STATE_FROM_HUNKS
from repos.schema.proposal_tables import ai_proposal_hunks as hunks
from repos.schema.proposal_tables import ai_proposals as proposals

_ACCEPTING = select(hunks.c.commands).where(
    hunks.c.script_id == bindparam("script"),
    hunks.c.proposal_id == bindparam("proposal"),
    hunks.c.submission_id == bindparam("submission"),
    hunks.c.state == "accepting",
)
_PROPOSAL_OF = select(hunks.c.proposal_id).where(
    hunks.c.script_id == bindparam("script"),
    hunks.c.submission_id == bindparam("submission"),
    hunks.c.state == "accepting",
)
_OF_SCRIPT = proposals.c.script_id == bindparam("script")
_TOUCH = update(proposals).where(OF_PROPOSAL, _OF_SCRIPT).values(updated_at=bindparam("now"))
_FOLLOW = SET_STATE_FROM_HUNKS.where(_OF_SCRIPT)
_RECORD = (
    update(hunks)
    .where(
        hunks.c.proposal_id == bindparam("proposal"),
        hunks.c.script_id == bindparam("script"),
        hunks.c.submission_id == bindparam("submission"),
        hunks.c.state == "accepting",
    )
    .values(state=bindparam("became"), code=bindparam("code"))
)


class HunkOutcomes:
    """The hunks of the locked script; their outcome is committed with their effect."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def accepting(self, script_id: int, proposal_id: int, submission_id: str) -> bytes | None:
        """The commands, as JSON, that a person accepted under this submission id; None if there are none."""
        rows = self._session.rows(_ACCEPTING, script=script_id, proposal=proposal_id, submission=submission_id)
        return bytes(rows[0][0]) if rows else None

    def proposal_of(self, script_id: int, submission_id: str) -> int | None:
        """The proposal with a hunk that a person accepted under this submission id; None if there is none."""
        rows = self._session.rows(_PROPOSAL_OF, script=script_id, submission=submission_id)
        return rows[0][0] if rows else None

    def record(self, proposal_id: int, answer: Answer, now: int) -> None:
        """Store the outcome of an accepted hunk, with the commit. A proposal for another script stays unchanged."""
        # Locks the proposal before the hunk, in the same order as a person's decision does.
        self._session.later(_TOUCH, script=answer.script_id, proposal=proposal_id, now=now)
        self._session.later(
            _RECORD,
            script=answer.script_id,
            proposal=proposal_id,
            submission=answer.submission_id,
            became="stale" if answer.outcome == "refused" else "accepted",
            code=answer.refusal.code if answer.refusal else None,
        )
        self._session.later(_FOLLOW, script=answer.script_id, proposal=proposal_id, now=now)
