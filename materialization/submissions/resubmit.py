"""Replay of a dead letter as a new submission whose cause names the old one."""

from __future__ import annotations

from hashlib import sha256

from msgspec.structs import replace

from domain.accounts import PayloadCut, UnknownRejection, UserDeleted
from domain.submissions.submission import Submission, decode_submission
from materialization.access import require_author_of, require_may_send
from repos.accounts.users import display_name
from repos.submissions.dead_letters import DeadLetter
from repos.unit_of_work import RecordsTransaction

REPLAY = "replay-"


def replay_id(number: int, script_id: int, submission_id: str, rejected_at: int) -> str:
    """The id under which a dead letter is sent again for the first time: the same each time."""
    digest = sha256(f"{script_id}:{submission_id}:{rejected_at}".encode(errors="surrogateescape")).hexdigest()
    return f"{REPLAY}{number}-{digest[:16]}"


# Shown in place of an account, and the name of none.
NOT_RECORDED = "(not recorded)"


def rejection(tx: RecordsTransaction, number: int) -> DeadLetter:
    """A dead letter.

    Raises:
        UnknownRejection: there is none, or it was pruned.
    """
    found = tx.rejected.get(number)
    if found is None:
        raise UnknownRejection(number=number)
    return found


def replayed(
    tx: RecordsTransaction, row: DeadLetter, submission_id: str, *, base_version: int | None = None
) -> Submission:
    """A dead letter as a submission with a new id, and another base version if given.

    Its guards stay the same. `after_submission` is dropped: that submission was answered, or caused the refusal. What
    a user sent is sent again for that user, under the same access checks as at intake.

    Raises:
        Rejected: it is not a valid submission, or the user who sent it is not allowed to.
    """
    if row.whole_bytes is not None:
        raise PayloadCut(number=row.id, kept=len(row.payload), size=row.whole_bytes)
    old = decode_submission(row.payload)
    # Only workers write who sent a dead letter; of one without, nothing more is believed than of an unknown account.
    account = NOT_RECORDED if row.account is None and tx.sending_accounts.are_installed() else row.account
    require_author_of(tx, old, account)
    if row.user_id is not None:
        user = tx.users.get(row.user_id)
        if user is None or user.deleted_at is not None:
            raise UserDeleted
        require_may_send(tx, old, row.user_id)
        old = replace(old, actor=display_name(user.name, user.email))
    return replace(
        old,
        submission_id=submission_id,
        base_version=old.base_version if base_version is None else base_version,
        after_submission=None,
        cause=replace(old.cause, replays=old.submission_id),
    )
