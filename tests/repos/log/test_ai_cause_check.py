"""The database itself refuses an AI's command that does not name its model, run and prompt."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, insert
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from repos.schema.core_tables import script_commands, script_heads

GOOD = b'{"model":"m","prompt":"Shorter.","run_id":"r"}'
BAD = [
    b"{}",
    b'{"prompt":"Shorter.","run_id":"r"}',
    b'{"model":"m","run_id":"r"}',
    b'{"model":"m","prompt":"Shorter."}',
    b'{"model":"","prompt":"Shorter.","run_id":"r"}',
    b'{"model":"m","prompt":"Shorter.","run_id":""}',
    b'{"model":"m","prompt_sha256":"","run_id":"r"}',
    b"",
    b"[]",
    b"no JSON",
]


@pytest.fixture(scope="module")
def log(migrated: Engine) -> Engine:
    with migrated.begin() as connection:
        head = dict.fromkeys(("version_number", "keyframe_version", "keyframe_bytes", "delta_bytes"), 0)
        connection.execute(
            insert(script_heads).values(
                script_id=1,
                chain_hash=bytes(32),
                state_hash=bytes(16),
                generation=1,
                health="open",
                updated_at=1,
                **head,
            )
        )
    return migrated


def append(log: Engine, author: str, cause: bytes) -> None:
    """Add a command to the log and roll it back."""
    row = {
        "script_id": 1,
        "version_number": 1,
        "kind": "line.edit",
        "payload": b"{}",
        "author": author,
        "actor": "",
        "base_version": 0,
        "cause": cause,
        "submission_id": "s",
        "submission_index": 0,
        "occurred_at": 1,
        "recorded_at": 1,
        "chain_hash": bytes(32),
    }
    with log.connect() as connection, connection.begin() as transaction:
        connection.execute(insert(script_commands).values(row))
        transaction.rollback()


@pytest.mark.parametrize("cause", [GOOD, GOOD.replace(b'"prompt":"Shorter."', b'"prompt_sha256":"%s"' % (b"0" * 64))])
def test_an_ai_command_with_a_complete_cause_is_accepted(log: Engine, cause: bytes):
    append(log, "ai", cause)


@pytest.mark.parametrize("cause", BAD)
def test_an_ai_command_with_an_incomplete_cause_is_refused(log: Engine, cause: bytes):
    with pytest.raises(DBAPIError) as caught:
        append(log, "ai", cause)

    assert isinstance(caught.value, (IntegrityError, OperationalError))


@pytest.mark.parametrize("author", ["user", "system", "import", "backfill"])
def test_other_authors_need_no_cause(log: Engine, author: str):
    append(log, author, b"{}")
