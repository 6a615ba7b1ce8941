"""An inconsistent script is read again before it is quarantined."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import Corrupt
from tests.materialization.write_path.script_editor import A, B, ScriptEditor, edit
from tests.materialization.write_path.wire_tap import Tap
from tests.services.databases import DatabaseServer

ANSWER = "submissions (script_id, submission_id, content_hash, outcome, answer, recorded_at)"


class Ghost:
    """Rows of another database node's transaction: they appear at the first write of a unit and vanish at the next."""

    def __init__(self, editor: ScriptEditor, server: DatabaseServer, appear: str, vanish: str) -> None:
        self._server = server
        self._database = str(editor.unit_of_work._engine.url.database)
        self._appear, self._vanish = appear, vanish
        self.looks = 0

    def haunt(self, _number: int, sent: str, _connection: Any) -> None:
        if sent.startswith("SET autocommit=0"):
            self.looks += 1
            if self.looks == 2:
                self._run(self._vanish)
        elif sent.startswith(("INSERT", "UPDATE")) and self.looks == 1:
            self._run(self._appear)

    def _run(self, statement: str) -> None:
        with self._server.connect(database=self._database) as connection, connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.fixture
def answer_of_another(table: ScriptEditor, tap: Tap, mariadb: DatabaseServer) -> Ghost:
    ghost = Ghost(
        table,
        mariadb,
        f"INSERT INTO {ANSWER} VALUES ({table.script_id}, 's', '', 'refused', '', 1)",
        f"DELETE FROM submissions WHERE script_id = {table.script_id} AND submission_id = 's'",
    )
    tap.clear()
    return ghost


def health(editor: ScriptEditor) -> str:
    head = editor.head
    assert head
    return head.health


def test_an_answer_that_vanishes_quarantines_nothing(table: ScriptEditor, tap: Tap, answer_of_another: Ghost):
    table.enqueue(table.submission(edit(A, "x"), id="s", base=1))
    tap.before = answer_of_another.haunt

    assert table.drain() == 1

    assert answer_of_another.looks == 2
    assert (health(table), table.version, table.outcomes(["s"])) == ("open", 2, ["applied"])


def test_an_inbox_row_that_another_took_quarantines_nothing(table: ScriptEditor, tap: Tap, mariadb: DatabaseServer):
    table.enqueue(table.submission(edit(A, "x"), id="s", base=1), table.submission(edit(A, "y"), id="t", base=1))
    tap.before = Ghost(table, mariadb, "DELETE FROM submission_inbox WHERE submission_id = 't'", "DO 0").haunt

    assert table.drain() == 1

    assert (health(table), table.outcomes(["s", "t"])) == ("open", ["applied", "none"])


def test_a_script_that_is_inconsistent_twice_is_quarantined(table: ScriptEditor, tap: Tap, mariadb: DatabaseServer):
    planted = (
        "INSERT INTO script_commands (script_id, version_number, kind, payload, author, actor, base_version, cause, "
        "submission_id, submission_index, occurred_at, recorded_at, chain_hash) SELECT script_id, 2, kind, payload, "
        "author, actor, base_version, cause, 'planted', 0, occurred_at, recorded_at, chain_hash FROM script_commands "
        f"WHERE script_id = {table.script_id}"
    )
    table.enqueue(table.submission(edit(A, "x"), id="s", base=1))
    with mariadb.connect(database=str(table.unit_of_work._engine.url.database)) as other, other.cursor() as cursor:
        cursor.execute(planted)
    ghost = Ghost(table, mariadb, "DO 0", "DO 0")
    tap.clear()
    tap.before = ghost.haunt

    with pytest.raises(Corrupt, match="rows that its head does not know of"):
        table.drain()

    assert ghost.looks > 2
    assert (health(table), table.waiting()) == ("quarantined", 1)


def test_a_wrong_warm_state_is_read_again(table: ScriptEditor):
    """A cached state with the head's version but other content, as a unit of work torn on another node may leave."""
    table.send(edit(A, "x"))
    assert table.head
    table.ledger._warm.put(table.head, table.state(1))

    assert table.send(edit(B, "y")).outcome == "applied"
    assert health(table) == "open"
