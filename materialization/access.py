"""Access checks: who owns a script, which chat belongs to it, and what a signed-in user may send."""

from __future__ import annotations

from collections.abc import Sequence

from domain.accounts import (
    AuthorNotAllowed,
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

# The authors a signed-in user may send as: themselves, or the AI that writes for them.
USER_AUTHORS = ("user", "ai")


def require_script_of(tx: RecordsTransaction, script_id: int, user_id: int | None) -> ScriptRow:
    """A script that a user may read and edit: their own, or one without an owner. None is the operator.

    Raises:
        UnknownScript: there is none.
        NotYourScript: it belongs to another user.
    """
    script = tx.scripts.get(script_id)
    if script is None:
        raise UnknownScript(script=script_id)
    if user_id is not None and script.user_id not in (None, user_id):
        raise NotYourScript(script=script_id)
    return script


def require_may_send(tx: RecordsTransaction, submission: Submission, user_id: int) -> None:
    """Refuse a submission to another user's script, about another user's chat or proposal, or by a reserved author.

    The owner of an existing script is compared whatever the commands are. A script that does not exist yet accepts
    only its creation, by its owner, under a number reserved for them. `require_still_allowed` checks all of this again
    with the head locked.

    Raises:
        UnknownScript, NotYourScript, ScriptNumberNotYours, UnknownChatMessage, UnknownProposal, UnknownVersion.
        AuthorReserved: its author is neither a user nor an AI.
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
    """Refuse a submission that its account may not send, or that its user may no longer.

    `state` is the script's, and its head is locked.

    Between intake and the lock the script may have been created, or the user deleted. These refusals reveal nothing
    about the script.

    Raises:
        AuthorNotAllowed: the database account that sent it may not send as this author.
        UserDeleted, AuthorReserved, NotYourScript, ScriptNumberNotYours.
    """
    require_author_of(tx, submission, row.account)
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
    # The owner of a script imported with its history may be unknown in this database: then the script has none.
    script = tx.scripts.get(submission.script_id)
    if script is None or script.user_id not in (None, user_id):
        raise NotYourScript(script=submission.script_id)


def require_author_of(tx: RecordsTransaction | LockedScript, submission: Submission, account: str | None) -> None:
    """Refuse a submission whose author the database account that sent it may not claim. None: it is not recorded.

    Raises:
        AuthorNotAllowed: the role of the account has other authors.
    """
    if account is None:
        return
    authors = tx.sending_accounts.find(account).authors
    if submission.author not in authors:
        raise AuthorNotAllowed(account=account, author=submission.author, allowed=" or ".join(authors) or "no author")


def require_message(tx: RecordsTransaction, message_id: int, script_id: int) -> None:
    """Require that a chat message exists and is about this script.

    Raises:
        UnknownChatMessage: it does not, or is not.
    """
    found = tx.chat.get(message_id)
    if found is None or found.message.script_id != script_id:
        raise UnknownChatMessage(message=message_id, script=script_id)


def keep_message(tx: RecordsTransaction, message: ChatMessage, usages: Sequence[Usage], now: int) -> int:
    """Store a chat message with its token usage, and return its number.

    Raises:
        Rejected: it is not valid in itself, or answers a message that does not exist.
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
    """Whether a submission creates a script; refused if another user would own it."""
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
    """Refuse a cause that names a chat message, proposal or version that does not exist or is not this user's."""
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
