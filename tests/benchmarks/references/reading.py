"""Reading a log back the shortest way: every row, its payload decoded, and a text that is spliced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pymysql

from tests.traces.session import Patch

READ = "SELECT * FROM script_commands WHERE script_id = %s AND version_number > %s ORDER BY version_number LIMIT 1000"


def read_and_splice(connection: pymysql.Connection[Any], script_id: int, text: str, patches: Sequence[Patch]) -> int:
    """Read every command of a script, a page at a time, and splice the text as it was recorded; how many it read.

    A patch is for one command, sometimes for two or three, so where the commands end some patches may be left: of
    those there are as many spliced as there were rows.
    """
    version = 0
    with connection.cursor() as cursor:
        while cursor.execute(READ, (script_id, version)):
            for row in cursor.fetchall():
                payload = msgspec.json.decode(row[3])
                assert payload["kind"] == row[2]
                if version < len(patches):
                    text = patches[version].onto(text)
                version = row[1]
    return version
