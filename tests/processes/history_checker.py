"""The history checker: is what the database holds the one history that agrees with the records of producers?

It knows nothing of how submissions are delivered. Each rule is a generator of sentences, one for each violation, over
what is stored of a script and the records of its producers; a new rule is one function, in the list at the end of
this file or, where it does not need the records, of `stored_rules`. Call it when nothing is on its way any more: what
is acknowledged must then be answered.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection

from domain.submissions.submission import decode_submission, encode_cause, encode_command
from tests.processes.journal import ProducerRecord
from tests.processes.stored import Stored, StoredAnswer, read_script, script_ids
from tests.processes.stored_rules import STORED_RULES


class Violation(NamedTuple):
    """A rule that does not hold for a script, and where."""

    rule: str
    script_id: int
    what: str


def check_history(
    connection: Connection, records: Iterable[ProducerRecord], only: Iterable[int] = ()
) -> list[Violation]:
    """Every violation in a database, or in `only` these scripts of it, given the records of its producers."""
    by_script: defaultdict[int, list[ProducerRecord]] = defaultdict(list)
    for one in records:
        by_script[one.script_id].append(one)
    return [
        Violation(rule, script_id, what)
        for script_id in sorted({*only} or {*by_script, *script_ids(connection)})
        for stored in [read_script(connection, script_id)]
        for rule, sentences in sentences_about(stored, by_script[script_id])
        for what in sentences
    ]


def sentences_about(stored: Stored, records: Sequence[ProducerRecord]) -> Iterator[tuple[str, Iterator[str]]]:
    """Each rule by name, with what it has to say."""
    for rule in STORED_RULES:
        yield rule.__name__, rule(stored)
    for producer_rule in PRODUCER_RULES:
        yield producer_rule.__name__, producer_rule(stored, records)


def acknowledged_is_answered(stored: Stored, records: Sequence[ProducerRecord]) -> Iterator[str]:
    """What was acknowledged has an answer, to that content, and waits no more."""
    for one in records:
        answer = stored.answers.get(one.submission_id)
        if one.acknowledged and answer is None:
            yield f"{one.submission_id} was acknowledged but never answered"
        if answer and answer.content_hash != sha256(one.payload).digest():
            yield f"{one.submission_id} was answered for another content"
    for submission_id in stored.waiting:
        yield f"{submission_id} still waits"


def every_answer_is_the_same(stored: Stored, records: Sequence[ProducerRecord]) -> Iterator[str]:
    """Every producer, however often it asks, gets the answer that is stored."""
    for one in records:
        row = stored.answers.get(one.submission_id)
        if any(row is None or json.loads(given) != whole(stored, row) for given in one.answers):
            yield f"{one.submission_id} has another answer than its producer was given"


def effects_are_as_sent(stored: Stored, records: Sequence[ProducerRecord]) -> Iterator[str]:
    """Every command of the log is one that a producer sent, unchanged; all that was not rejected is there."""
    sent = {one.submission_id: one for one in records}
    effects: defaultdict[str, int] = defaultdict(int)
    for entry in stored.commands:
        effects[entry.submission_id] += 1
        one = sent.get(entry.submission_id)
        if one is None:
            yield f"command {entry.version} is of {entry.submission_id}, which no producer sent"
            continue
        submission = decode_submission(one.payload)
        if entry.submission_index >= len(submission.commands):
            yield f"command {entry.version} is one more than {entry.submission_id} sent"
            continue
        command = submission.commands[entry.submission_index]
        frame = (submission.author, submission.actor, submission.base_version, encode_cause(submission.cause))
        if (entry.author, entry.actor, entry.base_version, entry.cause) != frame:
            yield f"command {entry.version} does not have the fields of {entry.submission_id}"
        if (entry.kind, entry.payload) != (command.kind(), encode_command(command)):
            yield f"command {entry.version} is not the one that {entry.submission_id} sent"
    for submission_id, found in effects.items():
        row, one = stored.answers.get(submission_id), sent.get(submission_id)
        if row and one and found != len(decode_submission(one.payload).commands) - rejected_count(stored, row):
            yield f"some commands of {submission_id} are neither applied nor rejected"


def producers_keep_their_order(stored: Stored, records: Sequence[ProducerRecord]) -> Iterator[str]:
    """What a producer enqueued after an earlier one was acknowledged comes after it in the log."""
    latest: dict[str, tuple[int, str]] = {}
    for one in sorted(records, key=lambda one: one.place):
        row = stored.answers.get(one.submission_id)
        if not one.acknowledged or row is None or row.first_version is None:
            continue
        before = latest.get(one.producer, (0, ""))
        if row.first_version < before[0]:
            yield f"{one.submission_id} of {one.producer} came before {before[1]}, which was enqueued earlier"
        latest[one.producer] = max(before, (row.first_version, one.submission_id))


def whole(stored: Stored, row: StoredAnswer) -> dict[str, Any]:
    """All that an answer says."""
    try:
        return row.whole(stored.script_id)
    except ValueError:
        return {}  # which another rule says better


def rejected_count(stored: Stored, row: StoredAnswer) -> int:
    """How many commands of a submission its answer says were no-ops or refused."""
    return sum(command["outcome"] != "applied" for command in whole(stored, row).get("commands", ()))


PRODUCER_RULES = (
    acknowledged_is_answered,
    every_answer_is_the_same,
    effects_are_as_sent,
    producers_keep_their_order,
)
RULES = tuple(rule.__name__ for rule in (*STORED_RULES, *PRODUCER_RULES))
