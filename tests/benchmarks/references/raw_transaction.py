"""The raw transaction: the same rows as a command of ours writes, sent through bare PyMySQL, a statement each.

What a good engineer writes who has the bytes in hand: lock, read, insert, move the head on, commit. Nothing is
decoded, checked, applied, hashed or kept.
"""

from __future__ import annotations

import os
import time
from typing import Any

import pymysql

LOCK = """SELECT version_number, chain_hash, state_hash, keyframe_version, keyframe_bytes, delta_bytes, generation,
health FROM script_heads WHERE script_id = %s FOR UPDATE"""
COMMAND = """INSERT INTO script_commands (script_id, version_number, kind, payload, author, actor, base_version, cause,
submission_id, submission_index, occurred_at, recorded_at, chain_hash)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
VERSION = """INSERT INTO script_versions (script_id, version_number, generation, delta, state_hash, line_count)
VALUES (%s, %s, %s, %s, %s, %s)"""
ANSWER = """INSERT INTO submissions (script_id, submission_id, content_hash, outcome, first_version, last_version,
reason, answer, recorded_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"""
HEAD = """UPDATE script_heads SET version_number = %s, chain_hash = %s, state_hash = %s, delta_bytes = %s,
updated_at = %s WHERE script_id = %s AND version_number = %s"""


class RawWriter:
    """Writes commands to one script, with the payload, delta and answer of a real one."""

    def __init__(self, connection: pymysql.Connection[Any], script_id: int) -> None:
        self._connection = connection
        self._script_id = script_id
        self._hash = os.urandom(32)
        with connection.cursor() as cursor:
            [self._payload] = self._one(cursor, "SELECT payload FROM script_commands WHERE script_id = %s")
            [self._delta] = self._one(cursor, "SELECT delta FROM script_versions WHERE script_id = %s")
            [self._answer] = self._one(cursor, "SELECT answer FROM submissions WHERE script_id = %s", "recorded_at")

    def write(self) -> None:
        """One command in one transaction."""
        now = time.time_ns() // 1_000
        script = self._script_id
        with self._connection.cursor() as cursor:
            cursor.execute("START TRANSACTION")
            cursor.execute(LOCK, (script,))
            row = cursor.fetchone()
            assert row is not None
            old, delta_bytes = row[0], row[5]
            new = old + 1
            name = f"raw-{script}-{new}"
            entry = (script, new, "line.edit", self._payload, "user", "Rosa", old, b"{}", name, 0, now, now, self._hash)
            cursor.execute(COMMAND, entry)
            cursor.execute(VERSION, (script, new, 1, self._delta, self._hash[:16], 50))
            cursor.execute(ANSWER, (script, name, self._hash, "applied", new, new, None, self._answer, now))
            cursor.execute(HEAD, (new, self._hash, self._hash[:16], delta_bytes + len(self._delta), now, script, old))
            cursor.execute("COMMIT")

    def _one(self, cursor: Any, select: str, order: str = "version_number") -> tuple[Any, ...]:
        cursor.execute(f"{select} ORDER BY {order} DESC LIMIT 1", (self._script_id,))
        row: tuple[Any, ...] = cursor.fetchone()
        return row
