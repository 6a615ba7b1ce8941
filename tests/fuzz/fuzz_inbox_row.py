"""Fuzz target: an inbox row inserted by SQL with any values. It is answered or rejected, and never blocks the inbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from domain.commands.kinds.line_edit import LineEdit
from domain.refusals import Poison
from domain.script.hashing import expect_hash
from domain.submissions.submission import Submission, encode_submission
from repos.scheduling.bell_rings import RingHistory as Rung
from tests.fuzz.fuzz_target import ACCEPTED, Feed, Target, check_refusal
from tests.fuzz.mutations import UNUSUAL_TEXTS, mostly, mutated_json
from tests.fuzz.small_ledger import LINES, NOW, SmallLedger, small_ledger
from tests.fuzz.submissions import addressed, submissions

Row = dict[str, Any]
INSERT = text(
    "INSERT INTO submission_inbox (script_id, submission_id, payload, attempts, enqueued_at)"
    " VALUES (:script_id, :submission_id, :payload, :attempts, :enqueued_at)"
)
# The outcome of a row that the database itself refused.
NOT_STORED = "not_stored"
# The outcome of a row whose script id is not a number, which only SQLite accepts; no bell is rung for it.
NO_NUMBER = "no_script"
MAX_DRAINS = 12
SCRIPT = "the script"
_names = count(1)

unusual_texts = st.sampled_from(UNUSUAL_TEXTS) | st.text(max_size=70)
unusual_numbers = st.sampled_from([0, -1, 1, 5, 6, 32_767, -32_768, 2**31, 2**53, 2**63 - 1, -(2**63)]) | st.integers(
    -(2**63), 2**63 - 1
)
unusual = unusual_numbers | unusual_texts | st.floats() | st.binary(max_size=9)
rows = st.fixed_dictionaries(
    {
        "script_id": mostly(st.just(SCRIPT), unusual),
        "submission_id": mostly(st.just("s1"), st.just("begin") | unusual_texts),
        "payload": mostly(mutated_json(submissions()), st.binary(max_size=100) | unusual_texts),
        "attempts": mostly(st.just(0), st.integers(-3, 9) | unusual_numbers | unusual_texts),
        "enqueued_at": mostly(st.just(NOW), unusual),
    }
)


@contextmanager
def opened(folder: Path) -> Iterator[Feed]:
    with small_ledger(folder) as ledger:
        yield lambda row: feed(ledger, row)


def feed(ledger: SmallLedger, row: Row) -> str:
    """Insert a row, then a valid edit after it, and drain as a worker does; the edit must be applied."""
    script_id = ledger.new_script()
    values = row | ({"script_id": script_id} if row["script_id"] == SCRIPT else {})
    if isinstance(values["payload"], bytes):
        values["payload"] = addressed(values["payload"], script_id)
    if not inserted(ledger, values):
        return NOT_STORED
    innocent = edit_of_another(ledger, script_id)
    for wanted in {*to_drain(ledger), script_id}:
        drain(ledger, wanted)
    with ledger.unit_of_work.reading() as tx:
        assert tx.submissions.get(script_id, innocent) is not None, "the edit after the row was never answered"
    ledger.require_whole(script_id)
    if not isinstance(values["script_id"], int):
        return NO_NUMBER
    return outcome_of(ledger, values["script_id"], values["submission_id"])


def inserted(ledger: SmallLedger, values: Row) -> bool:
    try:
        with ledger.engine.begin() as connection:
            connection.execute(INSERT, values)
    except (DBAPIError, UnicodeEncodeError, OverflowError):
        return False
    return True


def to_drain(ledger: SmallLedger) -> list[int]:
    """The scripts that the reconciler rings for; it records each."""
    with ledger.unit_of_work.records() as tx:
        result = [script.script_id for script in tx.inbox.waiting(before=NOW, after=NOW, limit=1_000)]
        for script_id in result:
            tx.bells.put(Rung(script_id, 1, NOW, 1))
    return result


def edit_of_another(ledger: SmallLedger, script_id: int) -> str:
    """Append a valid edit to the inbox and return its id; it holds, or its line was changed."""
    name = f"innocent{next(_names)}"
    edit = LineEdit(line="l2", expect=expect_hash(LINES[2]), text="Snow.")
    submission = Submission(script_id=script_id, submission_id=name, author="user", base_version=3, commands=(edit,))
    with ledger.unit_of_work.records() as tx:
        tx.inbox.put(script_id, name, encode_submission(submission), NOW)
    return name


def drain(ledger: SmallLedger, script_id: int) -> None:
    """Drain a script as bells and the reconciler do, until nothing is pending; this must end."""
    for turn in range(MAX_DRAINS):
        with ledger.engine.connect() as connection:
            if waiting(connection, script_id) == 0:
                return
        if turn % 2:
            ledger.ledger.drain_one_by_one(script_id)
        else:
            ledger.ledger.drain(script_id)
    raise AssertionError(f"after {MAX_DRAINS} drains something still waits for script {script_id}")


def waiting(connection: Connection, script_id: int) -> int:
    result = connection.execute(text("SELECT COUNT(*) FROM submission_inbox WHERE script_id = :id"), {"id": script_id})
    return int(result.scalar_one())


def outcome_of(ledger: SmallLedger, script_id: int, submission_id: str) -> str:
    """The row's answer; or, where it cannot have one, the reason in the dead letters."""
    with ledger.unit_of_work.reading() as tx:
        answered = tx.submissions.get(script_id, submission_id)
        if answered is None:
            return Poison.code
        refusal = answered.answer.refusal
    if refusal is None:
        return ACCEPTED
    check_refusal(refusal.code, refusal.message)
    return refusal.code


TARGET = Target("inbox_row", rows, opened)
