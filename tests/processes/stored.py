"""What the database holds of a script, read in plain SQL: a check must not lean on the code it checks."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from domain.log.entry import LogEntry


class StoredHead(NamedTuple):
    """A row of script_heads."""

    version: int
    chain_hash: bytes
    state_hash: bytes
    keyframe_version: int
    generation: int
    health: str


class StoredVersion(NamedTuple):
    """A row of script_versions."""

    version: int
    delta: bytes
    state_hash: bytes
    line_count: int


class StoredKeyframe(NamedTuple):
    """A row of script_keyframes."""

    version: int
    state: bytes
    state_hash: bytes


class StoredAnswer(NamedTuple):
    """A row of submissions."""

    submission_id: str
    content_hash: bytes
    outcome: str
    first_version: int | None
    last_version: int | None
    reason: str | None
    answer: bytes

    def whole(self, script_id: int) -> dict[str, Any]:
        """All that it says; ValueError where that cannot be read."""
        names = ("submission_id", "outcome", "first_version", "last_version")
        columns = {name: value for name in names if (value := getattr(self, name)) is not None}
        return {"script_id": script_id, **columns, **json.loads(self.answer)}


class StoredListing(NamedTuple):
    """A row of scripts."""

    title: str
    status: str
    archived: bool


class Stored(NamedTuple):
    """All of one script: the rows of the active generation in the order of their numbers, and what waits for it."""

    script_id: int
    head: StoredHead | None
    commands: list[LogEntry]
    versions: list[StoredVersion]
    keyframes: dict[int, StoredKeyframe]
    answers: dict[str, StoredAnswer]
    waiting: list[str]
    listed: StoredListing | None


HEAD = "SELECT version_number, chain_hash, state_hash, keyframe_version, generation, health FROM script_heads"
COMMANDS = (
    "SELECT script_id, version_number, kind, payload, author, actor, base_version, cause, submission_id, "
    "submission_index, occurred_at, recorded_at, chain_hash FROM script_commands"
)
VERSIONS = "SELECT version_number, delta, state_hash, line_count FROM script_versions"
KEYFRAMES = "SELECT version_number, state, state_hash FROM script_keyframes"
ANSWERS = (
    "SELECT submission_id, content_hash, outcome, first_version, last_version, reason, answer FROM submissions"
)  # fmt: skip
LISTING = "SELECT title, status, archived FROM scripts WHERE id = :script"
OF_SCRIPT = " WHERE script_id = :script"
OF_GENERATION = f"{OF_SCRIPT} AND generation = :generation ORDER BY version_number"


def script_ids(connection: Connection) -> set[int]:
    """Every script the database knows anything of."""
    tables = ("script_heads", "script_commands", "script_versions", "submissions", "submission_inbox")
    return {row[0] for table in tables for row in connection.execute(text(f"SELECT script_id FROM {table}"))}


def read_script(connection: Connection, script_id: int) -> Stored:
    """Everything stored of one script."""

    def rows(statement: str, **more: Any) -> list[tuple[Any, ...]]:
        found = connection.execute(text(statement), {"script": script_id, **more})
        return [tuple(bytes(value) if isinstance(value, bytearray) else value for value in row) for row in found]

    heads = [StoredHead(*row) for row in rows(HEAD + OF_SCRIPT)]
    generation = heads[0].generation if heads else 1
    return Stored(
        script_id=script_id,
        head=heads[0] if heads else None,
        commands=[LogEntry(*row) for row in rows(COMMANDS + OF_SCRIPT + " ORDER BY version_number")],
        versions=[StoredVersion(*row) for row in rows(VERSIONS + OF_GENERATION, generation=generation)],
        keyframes={row[0]: StoredKeyframe(*row) for row in rows(KEYFRAMES + OF_GENERATION, generation=generation)},
        answers={row[0]: StoredAnswer(*row) for row in rows(ANSWERS + OF_SCRIPT)},
        waiting=[row[0] for row in rows(f"SELECT submission_id FROM submission_inbox{OF_SCRIPT} ORDER BY id")],
        listed=next((StoredListing(*row) for row in rows(LISTING)), None),
    )
