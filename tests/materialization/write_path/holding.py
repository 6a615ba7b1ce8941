"""Helpers that hold locks in the middle of a unit of work."""

from __future__ import annotations

from typing import Any

import pymysql

from domain.submissions.submission import encode_submission
from materialization.write_path import settlement as settle
from repos.locked_scripts import LockedScript
from tests.materialization.write_path.script_editor import A, ScriptEditor, edit
from tests.materialization.write_path.wire_tap import Tap


def write(tx: LockedScript, editor: ScriptEditor, **more: Any) -> None:
    settlement = settle.Settlement(tx, editor.state(), 1)
    submission = editor.submission(edit(A, "x"), base=1, **more)
    settlement.apply(submission, encode_submission(submission))
    settlement.write()


def short_lock_waits(tap: Tap) -> None:
    def shorten(number: int, _text: str, connection: Any) -> None:
        if number == 0:
            connection.query("SET SESSION innodb_lock_wait_timeout = 1")

    tap.before = shorten


def hold_head(second_connection: pymysql.Connection[Any], script_id: int) -> None:
    with second_connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM script_heads WHERE script_id = %s FOR UPDATE", (script_id,))


def hold_answer(second_connection: pymysql.Connection[Any], script_id: int, submission_id: str) -> None:
    """Lock the key under which an answer will be written."""
    with second_connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO submissions (script_id, submission_id, content_hash, outcome, answer, recorded_at) "
            "VALUES (%s, %s, '', 'refused', '', 1)",
            (script_id, submission_id),
        )
