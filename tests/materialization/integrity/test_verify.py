"""Verification finds every seeded edit, drop, swap, insertion and truncation, and names the version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, delete, event, insert, select, update

from domain.commands.kinds.line_edit import LineEdit
from domain.log.entry import LogEntry, chained
from domain.script.hashing import expect_hash
from domain.script.line import Line
from materialization.integrity.seals import INTERVAL_MICROS, check_seals, seal_if_due
from materialization.integrity.verify import Finding, verify
from repos.database.engine import make_engine
from repos.schema.core_tables import script_commands, script_heads, script_keyframes, script_versions
from repos.unit_of_work import UnitOfWork
from tests.materialization.writer import SECOND, START, Writer, open_database

VERSIONS = 301
Damage = Callable[[Connection], object]
log, versions, keyframes = script_commands, script_versions, script_keyframes
TABLES = (script_heads, log, versions, keyframes)


class Damaged:
    """A script of 301 versions with a keyframe at 257 at the latest, which tests damage and restore.

    The forger's connection does not check foreign keys.
    """

    def __init__(self, url: str, forger: Engine) -> None:
        self.forger = forger
        self.engine = make_engine(url)
        self.writer = Writer(open_database(url))
        self.writer.create()
        line = self.writer.state().line("l1")
        for number in range(10):
            edits = []
            for text in (f"Dawn {number}, {part}." for part in range(30)):
                edits.append(LineEdit(line="l1", text=text, expect=expect_hash(line)))
                line = Line("l1", "action", text)
            self.writer.send(*edits, author="ai" if number == 4 else "user")
        seal_if_due(self.writer.unit_of_work, self.writer.script_id, START)
        with self.engine.connect() as connection:
            self.whole = [(table, connection.execute(select(table)).mappings().all()) for table in TABLES]

    def after(self, damage: Damage) -> tuple[Finding | None, Finding | None]:
        """The findings of verification and of the seals after damage."""
        try:
            with self.forger.begin() as connection:
                damage(connection)
            with UnitOfWork(self.engine).reading() as tx:
                return verify(tx, self.writer.script_id).finding, check_seals(tx, self.writer.script_id)
        finally:
            self._put_back()

    def _put_back(self) -> None:
        with self.forger.begin() as connection:
            for table, rows in self.whole:
                connection.execute(delete(table))
                connection.execute(insert(table), [dict(row) for row in rows])


@pytest.fixture(scope="module")
def damaged(database_url: str) -> Iterator[Damaged]:
    forger = create_engine(database_url)
    if forger.dialect.name != "sqlite":

        @event.listens_for(forger, "connect")
        def careless(connection: Any, _record: Any) -> None:
            connection.query("SET SESSION foreign_key_checks = 0")

    script = Damaged(database_url, forger)
    yield script
    forger.dispose()
    script.engine.dispose()


def changed(table: Any, version: int, **values: object) -> Damage:
    return lambda connection: connection.execute(
        update(table).where(table.c.version_number == version).values(**values)
    )


def dropped(version: int, *tables: Any) -> Damage:
    def damage(connection: Connection) -> None:
        for table in tables:
            connection.execute(delete(table).where(table.c.version_number == version))

    return damage


def swapped(connection: Connection) -> None:
    for old, new in ((100, 9_000), (101, 100), (9_000, 101)):
        connection.execute(update(log).where(log.c.version_number == old).values(version_number=new))


def put_behind(connection: Connection) -> None:
    """A command after the head, with a correct chain hash."""
    row = connection.execute(select(log).where(log.c.version_number == VERSIONS)).one()
    entry = LogEntry(*row)
    forged = chained(LogEntry(*[*row[:1], VERSIONS + 1, *row[2:-1]]), entry.chain_hash)
    values = {**row._mapping, "version_number": VERSIONS + 1, "chain_hash": forged.chain_hash}
    connection.execute(insert(log).values(values))


def put_between(connection: Connection) -> None:
    row = connection.execute(select(log).where(log.c.version_number == 100)).mappings().one()
    connection.execute(
        update(log).where(log.c.version_number >= 100).values(version_number=log.c.version_number + 10_000)
    )
    connection.execute(
        update(log).where(log.c.version_number > 9_000).values(version_number=log.c.version_number - 9_999)
    )
    connection.execute(insert(log).values({**row}))


def forged_from(version: int, **values: object) -> Damage:
    """One changed command, with correct chain hashes from there on."""

    def damage(connection: Connection) -> None:
        rows = connection.execute(select(log).order_by(log.c.version_number)).mappings().all()
        chain = rows[version - 2]["chain_hash"]
        for row in rows[version - 1 :]:
            written = {**row, **(values if row["version_number"] == version else {})}
            chain = chained(LogEntry(*written.values()), chain).chain_hash
            this = log.c.version_number == row["version_number"]
            connection.execute(update(log).where(this).values({**written, "chain_hash": chain}))
        connection.execute(update(script_heads).values(chain_hash=chain))

    return damage


def cut_off(connection: Connection) -> None:
    """The last ten versions are removed and the head is adjusted: the rest is consistent."""
    for table in (log, versions):
        connection.execute(delete(table).where(table.c.version_number > VERSIONS - 10))
    last = connection.execute(select(log.c.chain_hash).where(log.c.version_number == VERSIONS - 10)).scalar_one()
    state = connection.execute(
        select(versions.c.state_hash).where(versions.c.version_number == VERSIONS - 10)
    ).scalar_one()
    connection.execute(update(script_heads).values(version_number=VERSIONS - 10, chain_hash=last, state_hash=state))


def test_an_undamaged_script_verifies(damaged: Damaged) -> None:
    assert damaged.after(lambda _: None) == (None, None)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "line.splice"),
        ("payload", b'{"kind":"line.edit","line":"l1","text":"forged"}'),
        ("author", "user"),
        ("actor", "Eve"),
        ("base_version", 1),
        ("cause", b'{"model":"another","prompt":"Make it shorter.","run_id":"run-1"}'),
        ("submission_id", "forged"),
        ("submission_index", 17),
        ("occurred_at", START + 1),
        ("recorded_at", START + 1),
        ("chain_hash", b"x" * 32),
    ],
)
def test_an_edit_of_any_column_of_the_log_is_found(damaged: Damaged, column: str, value: object) -> None:
    finding, _ = damaged.after(changed(log, 130, **{column: value}))

    assert finding
    assert finding.version == 130


@pytest.mark.parametrize(
    ("column", "value"), [("delta", b"[]"), ("delta", b"[[]]"), ("state_hash", b"x" * 16), ("line_count", 4)]
)
def test_an_edit_of_any_column_of_a_version_is_found(damaged: Damaged, column: str, value: object) -> None:
    finding, _ = damaged.after(changed(versions, 130, **{column: value}))

    assert finding
    assert finding.version == 130


@pytest.mark.parametrize(
    ("damage", "version"),
    [
        (dropped(130, log), 130),
        (dropped(130, versions), 130),
        (dropped(130, log, versions), 130),
        (dropped(1, log, versions), 1),
        (dropped(VERSIONS, log, versions), VERSIONS),
        (swapped, 100),
        (put_between, 101),
        (put_behind, VERSIONS),
        (lambda connection: connection.execute(update(script_heads).values(chain_hash=b"x" * 32)), VERSIONS),
        (lambda connection: connection.execute(update(script_heads).values(state_hash=b"x" * 16)), VERSIONS),
        (lambda connection: connection.execute(update(script_heads).values(version_number=290)), 290),
        (lambda connection: connection.execute(update(keyframes).values(state=b"?")), None),
        (lambda connection: connection.execute(update(keyframes).values(state_hash=b"x" * 16)), None),
        (lambda connection: connection.execute(delete(keyframes)), None),
    ],
)
def test_drops_swaps_insertions_and_forged_heads_are_found(
    damaged: Damaged, damage: Damage, version: int | None
) -> None:
    finding, _ = damaged.after(damage)

    assert finding
    assert version in (None, finding.version)


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (forged_from(130, kind="line.splice"), "is stored as line.splice but is a line.edit"),
        (forged_from(130, script_id=2), "is missing from the log"),
        (forged_from(130, version_number=9_000), "is missing from the log"),
    ],
)
def test_a_forged_command_with_a_recomputed_chain_is_found(damaged: Damaged, damage: Damage, problem: str) -> None:
    finding, _ = damaged.after(damage)

    assert finding
    assert finding.version == 130
    assert problem in finding.problem


def test_a_cut_off_end_is_found_by_its_seal(damaged: Damaged) -> None:
    finding, broken_seal = damaged.after(cut_off)

    assert finding is None, "the rest is consistent"
    assert broken_seal == Finding(VERSIONS, f"version {VERSIONS} was sealed, but is no longer in the log", "restore")


def test_a_rewritten_log_is_found_by_its_seal(damaged: Damaged) -> None:
    _, broken_seal = damaged.after(changed(log, VERSIONS, chain_hash=b"y" * 32))

    assert broken_seal
    assert "is not the one that was sealed" in broken_seal.problem


def test_a_script_is_sealed_once_an_hour_and_only_if_it_has_new_versions(writer: Writer) -> None:
    writer.create()
    hour = INTERVAL_MICROS // SECOND

    def sealed(seconds: int) -> bool:
        return seal_if_due(writer.unit_of_work, writer.script_id, START + seconds * SECOND)

    assert [sealed(0), sealed(1), sealed(hour + 1)] == [True, False, False]
    writer.send(LineEdit(line="l1", text="Dusk.", expect=writer.expect("l1")))
    assert [sealed(hour), sealed(hour + 1)] == [True, False]
    with writer.unit_of_work.reading() as tx:
        assert [seal.version for seal in tx.seals.read(writer.script_id)] == [1, 2]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("column", "value"), [("payload", "text"), ("cause", None), ("kind", b"bytes"), ("actor", 7)])
def test_a_value_of_another_type_is_found(damaged: Damaged, column: str, value: object) -> None:
    """SQLite stores values of any type in a column."""

    def damage(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA writable_schema = 1")
        connection.exec_driver_sql("UPDATE sqlite_schema SET sql = replace(sql, 'NOT NULL', '') WHERE type = 'table'")
        connection.exec_driver_sql("PRAGMA writable_schema = RESET")
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = 1")
        sql = f"UPDATE script_commands SET {column} = ? WHERE version_number = 130"
        connection.exec_driver_sql(sql, (value,))

    finding, _ = damaged.after(damage)

    assert finding
    assert finding.version == 130
