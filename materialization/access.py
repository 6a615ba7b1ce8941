"""Access: whose script it is, and which chat belongs to it."""

from __future__ import annotations

from collections.abc import Sequence

from domain.access import AuthorReserved, NotYourScript, UnknownChatMessage
from domain.chat import ChatMessage, Usage
from domain.commands.script_create import ScriptCreate
from domain.refusals import UnknownScript
from domain.submission import Submission
from repos.scripts import ScriptRow
from repos.unit_of_work import RecordsWork


def require_script_of(tx: RecordsWork, script_id: int, user_id: int | None) -> ScriptRow:
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


def require_may_send(tx: RecordsWork, submission: Submission, user_id: int) -> None:
    """Refuse a submission to somebody else's script, or about somebody else's chat.

    A script that is not there yet takes nothing but its creation, by its owner: an edit let in now could meet a
    script that somebody else creates before it is applied.

    Raises:
        UnknownScript, NotYourScript, UnknownChatMessage.
        AuthorReserved: it calls itself a backfill, which alone may write while one runs.
    """
    if submission.author == "backfill":
        raise AuthorReserved(author=submission.author)
    first = submission.commands[0]
    if not isinstance(first, ScriptCreate):
        require_script_of(tx, submission.script_id, user_id)
    elif first.owner != user_id:
        raise NotYourScript(script=submission.script_id)
    if submission.cause.chat_message_id is not None:
        require_message(tx, submission.cause.chat_message_id, submission.script_id)


def require_message(tx: RecordsWork, message_id: int, script_id: int) -> None:
    """Refuse a chat message that is not there, or about another script.

    Raises:
        UnknownChatMessage: so.
    """
    found = tx.chat.get(message_id)
    if found is None or found.message.script_id != script_id:
        raise UnknownChatMessage(message=message_id, script=script_id)


def keep_message(tx: RecordsWork, message: ChatMessage, usages: Sequence[Usage], now: int) -> int:
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
