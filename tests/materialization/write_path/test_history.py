"""Every version stays readable at the cost of a bounded number of deltas, and a changed log is detected."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise

import pytest
from sqlalchemy import Engine, text

from domain.errors import Corrupt
from domain.log.entry import LogEntry
from domain.log.head import MAX_DELTAS
from domain.refusals import UnknownScript, UnknownVersion
from domain.script.hashing import expect_hash, state_hash_bytes
from domain.script.line import Line
from domain.script.state import State, hash_from_scratch
from materialization.history.fold import replay
from materialization.history.state_at import state_at
from materialization.write_path.submit import Ledger
from repos.schema.core_tables import script_commands, script_keyframes, script_versions
from repos.unit_of_work import RecordsTransaction, UnitOfWork
from tests.materialization.write_path.script_editor import A, B, C, ScriptEditor, edit, insert, splice

VERSIONS = 600


@pytest.fixture(scope="module")
def written(engine: Engine) -> ScriptEditor:
    """A script with a long history."""
    unit_of_work = UnitOfWork(engine)
    editor = ScriptEditor(unit_of_work, Ledger(unit_of_work)).begin()
    dice = random.Random(7)
    text = {line.id: line.text for line in (A, B, C)}
    for number in range(VERSIONS - 1):
        name = dice.choice(list(text))
        line = Line(name, "action", text[name])
        if number % 10 == 0:
            text[f"n{number}"] = "new"
            answer = editor.send(insert(Line(f"n{number}", "action", "new"), after=name), base=number + 1)
        elif number % 7 == 0:
            text[name] = f"written anew {number}"
            answer = editor.send(edit(line, text[name]), base=number + 1)
        else:
            at = dice.randrange(len(text[name]) + 1)
            text[name] = text[name][:at] + "é" + text[name][at:]
            answer = editor.send(splice(line, at, "é"), base=number + 1)
        assert answer.last_version == number + 2
    return editor


def keyframe_versions(tx: RecordsTransaction, script_id: int) -> Iterator[int]:
    after = 0
    while (row := tx.keyframes.next(script_id, generation=1, after=after)) is not None:
        after = row.version
        yield after


def test_a_keyframe_is_never_far(written: ScriptEditor):
    with written.unit_of_work.reading() as tx:
        found = [0, *keyframe_versions(tx, written.script_id), VERSIONS + 1]

    assert len(found) > 3
    assert max(later - earlier for earlier, later in pairwise(found)) <= MAX_DELTAS


def test_every_version_is_the_fold_of_the_commands_and_has_its_stored_hash(written: ScriptEditor):
    folded = State.empty()
    with written.unit_of_work.reading() as tx:
        rows = tx.versions.read(written.script_id, generation=1, upto=VERSIONS)
        for entry, row in zip(written.log(), rows, strict=True):
            folded = replay(folded, [entry])
            assert state_hash_bytes(folded.hash) == row.state_hash
            assert folded.line_count == row.line_count
            if entry.version % 5 == 0 or entry.version < 10:
                read = state_at(tx, written.script_id, entry.version)
                assert read == folded
                assert hash_from_scratch(read) == folded.hash


def test_a_version_that_does_not_exist_is_named(written: ScriptEditor):
    for version in (-1, 0, VERSIONS + 1, 1 << 63, -(1 << 70)):
        with pytest.raises(UnknownVersion):
            written.state(version)
    with pytest.raises(UnknownScript):
        ScriptEditor(written.unit_of_work, written.ledger).state()


def test_the_chain_holds(written: ScriptEditor):
    assert written.verified().finding is None
    assert written.verified().versions == VERSIONS


SPOILT: dict[str, object] = {
    "kind": "line.edit",
    "payload": b'{"kind":"line.splice","line":"a","at":0,"insert":"!"}',
    "author": "system",
    "actor": "Mallory",
    "base_version": 99,
    "cause": b'{"run_id":"other"}',
    "submission_id": "another",
    "submission_index": 9,
    "occurred_at": 1,
    "recorded_at": 1,
    "chain_hash": bytes(32),
}


def test_every_column_is_covered():
    assert {*SPOILT, "script_id", "version_number"} == {column.name for column in script_commands.c}


@pytest.mark.parametrize("column", SPOILT)
def test_a_changed_column_of_the_log_is_found(editor: ScriptEditor, engine: Engine, column: str):
    history(editor)
    change(engine, f"UPDATE script_commands SET {column} = :value", editor, 3, SPOILT[column])

    finding = editor.verified().finding

    assert finding
    assert finding.version in (2, 3)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE script_versions SET delta = :value",
        "UPDATE script_versions SET state_hash = :value",
        "UPDATE script_versions SET line_count = 9 + length(:value)",
        "DELETE FROM script_versions",
    ],
)
def test_a_changed_version_is_found(editor: ScriptEditor, engine: Engine, statement: str):
    history(editor)
    change(engine, statement, editor, 3, b"[]" + bytes(14) if "hash" in statement else b"[]")

    assert editor.verified().finding


def test_a_dropped_and_a_doubled_command_are_found(editor: ScriptEditor, engine: Engine):
    history(editor)
    log = editor.log()
    change(engine, "DELETE FROM script_versions", editor, 5)
    change(engine, "DELETE FROM script_commands", editor, 5)

    assert editor.verified().finding
    with pytest.raises(Corrupt):
        replay(State.empty(), [*log[:2], *log[3:]])
    with pytest.raises(Corrupt):
        replay(State.empty(), [*log[:2], log[1], *log[2:]])


def test_the_order_of_two_commands_is_covered(editor: ScriptEditor):
    history(editor)
    log = editor.log()

    swapped = [log[0], at_version(log[2], 2), at_version(log[1], 3)]

    assert [entry.chain_hash for entry in swapped] != [entry.chain_hash for entry in log[:3]]


def test_a_state_whose_hash_differs_from_the_head_is_corrupt(
    editor: ScriptEditor, engine: Engine, unit_of_work: UnitOfWork
):
    history(editor)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE script_heads SET state_hash = :value WHERE script_id = :script"),
            {"value": bytes(16), "script": editor.script_id},
        )
    with pytest.raises(Corrupt):
        Ledger(unit_of_work).submit(editor.submission(edit(B, "z")))


def test_the_log_can_be_read_by_people(editor: ScriptEditor, engine: Engine):
    editor.begin(A, B, C)
    editor.send(edit(A, "Grüße 🎬"), actor="Zoë")

    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT version_number, kind, actor, payload, cause, delta FROM script_log WHERE script_id = :script"),
            {"script": editor.script_id},
        ).all()

    assert [tuple(row) for row in rows][1] == (
        2,
        "line.edit",
        "Zoë",
        f'{{"kind":"line.edit","line":"a","expect":"{expect_hash(A)}","text":"Grüße 🎬"}}',
        "{}",
        '[["=","a",null,"Grüße 🎬",null,null]]',
    )


def test_a_version_belongs_to_a_command_of_its_script():
    for table in (script_versions, script_keyframes):
        assert [key.elements[0].target_fullname for key in table.foreign_key_constraints] == [
            "script_commands.script_id"
        ]


def history(editor: ScriptEditor) -> None:
    """Five versions: a create and four keystrokes."""
    editor.begin()
    editor.send(splice(A, 0, "1"), splice(B, 0, "2"), splice(C, 0, "3"), id="k", occurred_at=5)
    editor.send(splice(Line("a", "action", "1Line a."), 0, "4"))


def change(engine: Engine, statement: str, editor: ScriptEditor, version: int, value: object = b"") -> None:
    """Change one row directly in the database."""
    where = f"{statement} WHERE script_id = {editor.script_id} AND version_number = {version}"
    with engine.begin() as connection:
        connection.execute(text(where), {"value": value} if ":value" in where else {})


def at_version(entry: LogEntry, version: int) -> LogEntry:
    return LogEntry(**{name: getattr(entry, name) for name in entry.__struct_fields__} | {"version": version})
