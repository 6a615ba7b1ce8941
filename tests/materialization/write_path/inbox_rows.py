"""Inbox rows as any program can insert them: payloads, packet limits, and a drain to the end."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Engine, text

from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine
from repos.schema.upgrade import upgrade_if_outdated
from repos.unit_of_work import UnitOfWork
from tests.materialization.write_path.script_editor import ScriptEditor
from tests.services.databases import DatabaseServer

MIB = 1 << 20
PACKETS = (MIB, 16 * MIB, 1 << 30)


def encoded(editor: ScriptEditor, *commands: dict[str, Any], submission_id: str = "row", **frame: Any) -> bytes:
    given = {"script_id": editor.script_id, "submission_id": submission_id, "author": "user", "base_version": 1}
    return json.dumps(given | frame | {"commands": commands}).encode()


def titled(editor: ScriptEditor, **frame: Any) -> bytes:
    return encoded(editor, {"kind": "script.set_metadata", "fields": {"title": "Another"}}, **frame)


def long_lines(editor: ScriptEditor, mib: int, commands: int = 1) -> bytes:
    lines = [{"id": f"l{number}", "format": "action", "text": "x" * 900_000} for number in range(mib)]
    each = [lines[number::commands] for number in range(commands)]
    return encoded(editor, *[{"kind": "lines.insert", "after": None, "before": None, "lines": part} for part in each])


def put(editor: ScriptEditor, payload: bytes | str, submission_id: str = "row", **columns: Any) -> None:
    """Insert a row as any program can."""
    values = {
        "script_id": editor.script_id,
        "submission_id": submission_id,
        "payload": payload,
        "enqueued_at": 1,
    } | columns
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    with editor.unit_of_work._engine.begin() as connection:
        connection.execute(text(f"INSERT INTO submission_inbox ({names}) VALUES ({marks})"), values)


def drained(editor: ScriptEditor) -> None:
    for _ in range(12):
        if not editor.waiting():
            return
        editor.ledger.drain(editor.script_id)
    raise AssertionError("something waits still")


class packets_of:  # noqa: N801 - reads as a function
    """Sets a server's packet limit for the duration of a block; it applies to new connections."""

    def __init__(self, server: DatabaseServer, size: int) -> None:
        self._server = server
        self._size = size

    def __enter__(self) -> None:
        with self._server.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT @@GLOBAL.max_allowed_packet")
            self._before = cursor.fetchone()[0]
            cursor.execute(f"SET GLOBAL max_allowed_packet = {self._size}")

    def __exit__(self, *_: object) -> None:
        with self._server.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"SET GLOBAL max_allowed_packet = {self._before}")


def new_editor(engine: Engine, script_id: int | None = None) -> ScriptEditor:
    """A script editor with new connections."""
    engine.dispose()
    unit_of_work = UnitOfWork(engine)
    return ScriptEditor(unit_of_work, Ledger(unit_of_work), script_id)


def sqlite_editor(sqlite_url: str) -> ScriptEditor:
    engine = make_engine(sqlite_url)
    upgrade_if_outdated(engine)
    return new_editor(engine)


def raw_insert(server: DatabaseServer, engine: Engine, editor: ScriptEditor, payloads: dict[str, bytes]) -> None:
    """Insert rows whose payloads are sent as raw bytes, not in hex."""
    with server.connect(database=engine.url.database) as connection, connection.cursor() as cursor:
        for submission_id, payload in payloads.items():
            plain = payload.decode("ascii")
            assert "'" not in plain
            assert "\\" not in plain
            cursor.execute(
                "INSERT INTO submission_inbox (script_id, submission_id, payload, enqueued_at) "
                f"VALUES ({editor.script_id}, '{submission_id}', '{plain}', 1)"
            )
        connection.commit()
