"""The forger: rewrites the history of a script in plain SQL so that it agrees with itself again.

Damage to one row is found by hashes. To see that a checker finds more than broken hashes, a violation has to be
written so that every hash fits: other commands, or the same in another order, with chain hashes, deltas, states, the
head and the answers all computed again.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter

from msgspec.structs import replace
from sqlalchemy import Connection, text

from domain.log.entry import LogEntry, chained, columns
from domain.script.delta import advance, encode_delta
from domain.script.hashing import GENESIS, state_hash_bytes
from domain.script.state import State
from domain.submissions.submission import decode_command
from tests.processes.stored import COMMANDS

TABLES = ("script_keyframes", "script_versions", "script_commands")
COLUMNS = COMMANDS.removeprefix("SELECT ").removesuffix(" FROM script_commands")
INSERT_COMMAND = f"INSERT INTO script_commands ({COLUMNS}) VALUES (:{COLUMNS.replace(', ', ', :')})"
INSERT_VERSION = (
    "INSERT INTO script_versions (script_id, version_number, generation, delta, state_hash, line_count) "
    "VALUES (:script, :version, 1, :delta, :state_hash, :line_count)"
)
UPDATE_HEAD = (
    "UPDATE script_heads SET version_number = :version, chain_hash = :chain, state_hash = :state_hash, "
    "keyframe_version = 0 WHERE script_id = :script"
)
UPDATE_ANSWER = (
    "UPDATE submissions SET first_version = :first, last_version = :last "
    "WHERE script_id = :script AND submission_id = :submission"
)


def allow_anything(connection: Connection) -> None:
    """Let rows be changed and removed that others refer to, for this transaction."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
    else:
        connection.execute(text("SET SESSION foreign_key_checks = 0"))


def forge(connection: Connection, script_id: int, log: Iterable[LogEntry], *, answers: bool = True) -> None:
    """Make these commands the history of a script, numbered as they come; without `answers`, those stay."""
    for table in TABLES:
        connection.execute(text(f"DELETE FROM {table} WHERE script_id = :script"), {"script": script_id})
    state, chain, forged = State.empty(), GENESIS, []
    for number, entry in enumerate(log, start=1):
        delta = decode_command(entry.payload).apply(state)
        state = advance(state, delta)
        entry = chained(replace(entry, version=number), chain)  # noqa: PLW2901 - the same one, renumbered
        chain = entry.chain_hash
        forged.append(entry)
        row = dict(zip(COLUMNS.split(", "), (*columns(entry), chain), strict=True))
        connection.execute(text(INSERT_COMMAND), row)
        version = {"version": number, "delta": encode_delta(delta), "line_count": state.line_count}
        hashed = {"script": script_id, "state_hash": state_hash_bytes(state.hash)}
        connection.execute(text(INSERT_VERSION), {**version, **hashed})
    head = {"version": state.version, "chain": chain, "state_hash": state_hash_bytes(state.hash)}
    connection.execute(text(UPDATE_HEAD), {"script": script_id, **head})
    if answers:
        forge_answers(connection, script_id, forged)


def forge_answers(connection: Connection, script_id: int, log: list[LogEntry]) -> None:
    """Make the answers name the versions of this log."""
    by_submission = attrgetter("submission_id")
    for submission_id, found in groupby(sorted(log, key=by_submission), by_submission):
        numbers = [entry.version for entry in found]
        names = {"script": script_id, "submission": submission_id, "first": min(numbers), "last": max(numbers)}
        connection.execute(text(UPDATE_ANSWER), names)
