"""Fuzz target: queue messages. The guard reads each, and accepted ones are executed as by a worker."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import text

from domain.refusals import Undecodable
from materialization.write_path.submit import Ledger
from tests.fuzz.fuzz_target import ACCEPTED, Feed, Target, check_refusal, check_shown
from tests.fuzz.mutations import Mutation, byte_changes, mutate_bytes, mutate_value, to_json, value_changes
from tests.fuzz.small_ledger import SmallLedger, small_ledger
from tests.fuzz.submissions import SCRIPT, addressed, submissions
from tests.processes.malformed import GOOD, message
from workers.intake.intake import Intake
from workers.transport import intake_guard
from workers.transport.event_guard import read_events
from workers.transport.message_guard import QUEUES, read_item
from workers.transport.trusted_message import Refused, Trusted

REFUSED = "refused_message"
# The outcome of a message that was rejected before: dead letters store equal content once.
KNOWN = "known"
IN_TIME = datetime(2099, 1, 1, tzinfo=UTC).isoformat()


class SilentBell:
    """A bell that wakes no worker."""

    def ring(self, script_id: int) -> bool:
        return script_id > 0


def _message(queue: str, given: Any, changes: list[Mutation], within: list[Mutation], last: list[Mutation]) -> bytes:
    """A queue message, mutated within its body, in its parts, and in its bytes."""
    task, args = GOOD[queue]
    if queue == intake_guard.QUEUE:
        args = [given]
    elif args:
        args = [SCRIPT, *args[1:]]
    whole = message(task, args, queue, message_id="m1")
    whole["properties"]["delivery_tag"] = "t1"
    body = mutate_bytes(to_json([args, {}, {"callbacks": None, "chain": None}]), within)
    whole["body"] = b64encode(body).decode()
    whole["headers"]["expires"] = IN_TIME
    return mutate_bytes(to_json(mutate_value(whole, changes)), last)


queues = st.sampled_from([*sorted(QUEUES), intake_guard.QUEUE, intake_guard.QUEUE])
as_object = st.builds(mutate_value, submissions(), value_changes())
given = as_object | as_object.map(lambda submission: to_json(submission).decode(errors="replace"))
queued = st.tuples(
    queues,
    st.builds(_message, queues, given, value_changes(2), byte_changes(), byte_changes()) | st.binary(max_size=100),
)  # fmt: skip


@contextmanager
def opened(folder: Path) -> Iterator[Feed]:
    with small_ledger(folder) as ledger:
        intake = Intake(ledger.unit_of_work, SilentBell())  # type: ignore[arg-type]
        yield lambda queued: feed(ledger, intake, *queued)


def feed(ledger: SmallLedger, intake: Intake, queue: str, data: bytes) -> str:
    """Process a queue message; no intake message may be lost, and a bell may only drain."""
    script_id = ledger.new_script()
    item = without_encoding(data, script_id)
    read_events(item)
    try:
        trusted = read_item(queue, item)
    except Refused as refusal:
        assert queue != intake_guard.QUEUE, "a submission was refused and not stored"
        check_shown(refusal.problem)
        return REFUSED
    args = json.loads(trusted.body)[0]
    if queue == intake_guard.QUEUE:
        return intake_outcome(ledger, intake, trusted, args)
    rows = ledger.rows()
    if queue == "commands":
        Ledger(ledger.unit_of_work).drain(args[0])
    assert ledger.rows() == rows
    return ACCEPTED


def intake_outcome(ledger: SmallLedger, intake: Intake, trusted: Trusted, args: list[str]) -> str:
    """The outcome of a submission: answered from the inbox, or a dead letter; delivery is idempotent."""
    before, last = kept_in(ledger.rows()), last_dead_letter(ledger)
    for _ in range(2):
        if trusted.task == intake_guard.INTAKE:
            intake.take_message(args, {}, trusted.message_id)
        else:
            body, problem, name = args
            intake.keep_rejected(b64decode(body), Undecodable(problem=problem), name)
    assert kept_in(ledger.rows()) <= before + 1
    with ledger.unit_of_work.reading() as tx:
        waiting = tx.inbox.waiting(before=1 << 62, after=1 << 62, limit=10)
        dead = tx.rejected.read(after=last)
    for script in waiting:
        ledger.ledger.drain(script.script_id)
        ledger.ledger.drain(script.script_id)
    assert ledger.rows()["submission_inbox"] == 0
    if waiting:
        return ACCEPTED
    if not dead:
        return KNOWN
    check_refusal(dead[0].code, dead[0].message)
    return dead[0].code


def last_dead_letter(ledger: SmallLedger) -> int:
    with ledger.engine.connect() as connection:
        return int(connection.execute(text("SELECT COALESCE(MAX(id), 0) FROM rejected_submissions")).scalar_one())


def kept_in(rows: dict[str, int]) -> int:
    """Number of stored submissions, answered or not."""
    return rows["submission_inbox"] + rows["rejected_submissions"]


def without_encoding(data: bytes, script_id: int) -> bytes:
    """A message for a script, whose id is in the base64 body."""
    try:
        whole = json.loads(data)
        body = b64decode(whole["body"], validate=True)
        whole["body"] = b64encode(addressed(body, script_id)).decode()
        return json.dumps(whole).encode()
    except (ValueError, TypeError, KeyError, RecursionError):
        return data


TARGET = Target("message", queued, opened)
