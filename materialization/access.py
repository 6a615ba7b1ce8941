"""Access: whose script it is, which chat belongs to it, and what a user who signs in may claim."""

from __future__ import annotations

from collections.abc import Sequence

from domain.accounts import (
    AuthorReserved,
    NotYourScript,
    ScriptNumberNotYours,
    UnknownChatMessage,
    UserDeleted,
)
from domain.chat import ChatMessage, Usage
from domain.commands.kinds.script_create import ScriptCreate
from domain.proposals.refusals import UnknownProposal
from domain.refusals import UnknownScript, UnknownVersion
from domain.script.state import State
from domain.submissions.submission import Cause, Submission
from repos.locked_scripts import LockedScript
from repos.log.heads import InboxRow
from repos.log.scripts import ScriptRow
from repos.unit_of_work import RecordsTransaction

USER_AUTHORS = ("user", "ai")
"""As whom a user who signs in may send: as themselves, or as the AI they let write."""


def require_script_of(tx: RecordsTransaction, script_id: int, user_id: int | None) -> ScriptRow:
    """A script that a user may read and edit: their own, or one without an owner. None is whoever runs the ledger.

    Raises:
        UnknownScript: there is none.
        NotYourScript: it is somebody else's.
    """
    script = tx.scripts.get(script_id)
    if script is None:
        raise UnknownScript(script=script_id)
    if user_id is not None and script.user_id not in (None, user_id):
        raise NotYourScript(script=script_id)
    return script


def require_may_send(tx: RecordsTransaction, submission: Submission, user_id: int) -> None:
    """Refuse a submission to somebody else's script, about somebody else's chat or proposal, or by a reserved author.

    The owner of a script that exists is compared whatever the commands are. A script that is not there yet takes
    nothing but its creation, by its owner, under a number that was given to them. All of it is looked at again by
    `require_still_allowed`, with the head locked.

    Raises:
        UnknownScript, NotYourScript, ScriptNumberNotYours, UnknownChatMessage, UnknownProposal, UnknownVersion.
        AuthorReserved: it is sent as neither a user nor an AI.
    """
    _require_author(submission)
    creates = _require_own_creation(submission, user_id)
    script = tx.scripts.get(submission.script_id)
    if script is not None:
        if script.user_id not in (None, user_id):
            raise NotYourScript(script=submission.script_id)
    elif not creates:
        raise UnknownScript(script=submission.script_id)
    else:
        _require_number_of(tx, submission.script_id, user_id)
    _require_cause(tx, submission.script_id, submission.cause, user_id)


def require_still_allowed(tx: LockedScript, state: State, submission: Submission, row: InboxRow) -> None:
    """Refuse what a user sent and may not send now: `state` is the script's, and its head is locked.

    Between the door and the lock a script may have come into being, or a user may have been deleted. What is refused
    here names no fact of the script.

    Raises:
        UserDeleted, AuthorReserved, NotYourScript, ScriptNumberNotYours.
    """
    user_id = row.user_id
    if user_id is None:
        return
    if row.user_deleted_at is not None:
        raise UserDeleted
    _require_author(submission)
    creates = _require_own_creation(submission, user_id)
    if not state.exists:
        if creates:
            _require_number_of(tx, submission.script_id, user_id)
        return
    owner = state.metadata.get("owner")
    if owner is None or owner == user_id:
        return
    # Of a script that was brought along with its history the owner may be unknown here: then it has none.
    script = tx.scripts.get(submission.script_id)
    if script is None or script.user_id not in (None, user_id):
        raise NotYourScript(script=submission.script_id)


def require_message(tx: RecordsTransaction, message_id: int, script_id: int) -> None:
    """Refuse a chat message that is not there, or about another script.

    Raises:
        UnknownChatMessage: so.
    """
    found = tx.chat.get(message_id)
    if found is None or found.message.script_id != script_id:
        raise UnknownChatMessage(message=message_id, script=script_id)


def keep_message(tx: RecordsTransaction, message: ChatMessage, usages: Sequence[Usage], now: int) -> int:
    """Keep a chat message with what it cost; its number.

    Raises:
        Rejected: it is not valid in itself, or answers what is not there.
    """
    if message.answers is not None and message.script_id is not None:
        require_message(tx, message.answers, message.script_id)
    number = tx.chat.add(message, now)
    for usage in usages:
        tx.chat_usage.add(number, usage, now)
    return number


def _require_author(submission: Submission) -> None:
    if submission.author not in USER_AUTHORS:
        raise AuthorReserved(author=submission.author)


def _require_own_creation(submission: Submission, user_id: int) -> bool:
    """Whether a submission creates a script; refused where the script would be another's."""
    first = submission.commands[0]
    if not isinstance(first, ScriptCreate):
        return False
    if first.owner != user_id:
        raise NotYourScript(script=submission.script_id)
    return True


def _require_number_of(tx: RecordsTransaction | LockedScript, script_id: int, user_id: int) -> None:
    given = tx.script_ids.given(script_id)
    if given is None or given.user_id != user_id:
        raise ScriptNumberNotYours(script=script_id)


def _require_cause(tx: RecordsTransaction, script_id: int, cause: Cause, user_id: int) -> None:
    """Refuse a cause that names what is not this user's, or is not there."""
    if cause.chat_message_id is not None:
        found = tx.chat.get(cause.chat_message_id)
        if found is None or found.message.script_id != script_id or found.message.user_id not in (None, user_id):
            raise UnknownChatMessage(message=cause.chat_message_id, script=script_id)
    if cause.proposal_id is not None:
        proposal = tx.proposals.get(cause.proposal_id)
        if proposal is None or proposal.script_id != script_id or proposal.user_id not in (None, user_id):
            raise UnknownProposal(proposal=cause.proposal_id)
    if cause.undoes is not None:
        head = tx.heads.get(script_id)
        version = 0 if head is None else head.version
        if not 1 <= cause.undoes <= version:
            raise UnknownVersion(version=cause.undoes, head=version)
