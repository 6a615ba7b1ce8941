"""Arrivals: submissions as received, as far as they were read, and the reasons to refuse one unread."""

from __future__ import annotations

from hashlib import sha256

from msgspec import Struct
from msgspec.structs import replace

from domain.errors import Rejected
from domain.refusals import Poison, SubmissionTooLarge
from domain.submissions.answer import Refusal
from domain.submissions.submission import MAX_SUBMISSION_BYTES, content_hash, decode_submission
from repos.database.driver_errors import TooLargeForDatabase
from repos.locked_scripts import LockedScript
from repos.log.heads import InboxRow
from repos.submissions.dead_letters import MAX_CUT_BYTES, DeadLetter
from repos.submissions.inbox import MAX_ATTEMPTS, as_bytes

MAX_NAME = 64


class Arrival(Struct, frozen=True, gc=False):
    """A received submission: its id and its payload, or the beginning of a payload of `size` bytes.

    `digest` is the content hash, or the SHA-256 of the bytes if the payload is invalid or was not decoded.
    """

    submission_id: str
    payload: bytes
    digest: bytes
    user_id: int | None = None
    account: str | None = None
    size: int | None = None

    def dead_letter(self, script_id: int, refusal: Refusal, now: int) -> DeadLetter:
        """The dead letter to store when it is refused."""
        row = DeadLetter(
            0, script_id, self.submission_id, refusal.code, refusal.message, self.payload, now, self.user_id
        )._replace(account=self.account)
        if self.size is None or self.size == len(self.payload):
            return row
        return row._replace(whole_bytes=self.size, whole_sha256=self.digest)


def as_declared(row: InboxRow) -> InboxRow:
    """A row with values of the types its columns have: SQLite keeps text and numbers as a producer inserts them."""
    if row.payload is not None and not isinstance(row.payload, bytes):
        row = row._replace(payload=as_bytes(row.payload))
    if row.user_id is not None and not isinstance(row.user_id, int):
        # A number of no user, and not None: None means a trusted program.
        row = row._replace(user_id=0)
    if row.account is not None and not isinstance(row.account, str):
        # An account that is not listed.
        row = row._replace(account=repr(row.account)[:MAX_NAME])
    return row


def without_name(tx: LockedScript, row: InboxRow, size: int) -> Arrival | None:
    """A submission whose id is not text, as SQLite may store it: no answer to it can be queried."""
    name = row.submission_id
    if isinstance(name, str) and (name.isascii() or not any("\ud800" <= each <= "\udfff" for each in name)):
        return None
    return replace(unread(tx, row, size), submission_id=as_bytes(name).decode(errors="backslashreplace")[:MAX_NAME])


def reason_not_to_read(tx: LockedScript, row: InboxRow, size: int) -> Rejected | None:
    """Why to refuse a submission without reading its payload, which may have crashed a worker each time; or None."""
    if row.attempts.__class__ is not int or row.attempts > MAX_ATTEMPTS:
        return Poison(attempts=MAX_ATTEMPTS)
    if size > MAX_SUBMISSION_BYTES:
        return SubmissionTooLarge(size=size, limit=MAX_SUBMISSION_BYTES)
    if size > (limit := tx.room.to_read):
        return TooLargeForDatabase(what="submission", size=size, limit=limit)
    return None


def unapplied(tx: LockedScript, row: InboxRow, size: int) -> Arrival:
    """A submission that is refused whatever it says, with its whole payload unless that is too large to be read."""
    if size > min(MAX_SUBMISSION_BYTES, tx.room.to_read):
        return unread(tx, row, size)
    payload = tx.inbox.payload(row.id) if row.payload is None else row.payload
    try:
        digest = content_hash(decode_submission(payload))
    except Rejected:
        digest = sha256(payload).digest()
    return Arrival(row.submission_id, payload, digest, row.user_id, row.account)


def unread(tx: LockedScript, row: InboxRow, size: int) -> Arrival:
    """A submission refused without being decoded, with the beginning of its payload."""
    if row.payload is not None:
        return Arrival(row.submission_id, row.payload, sha256(row.payload).digest(), row.user_id, row.account)
    beginning = tx.inbox.beginning(row.id, min(size, MAX_CUT_BYTES, tx.room.for_bytes))
    whole = len(beginning) == size
    digest = sha256(beginning).digest() if whole else tx.inbox.sha256(row.id, size)
    return Arrival(row.submission_id, beginning, digest, row.user_id, row.account, size)
