"""A packed page has the same content as its rows; a page that cannot be packed is read row by row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import delete, event, update

from domain.commands.kinds.line_edit import LineEdit
from domain.log.entry import covered
from domain.log.version import VersionRow
from repos.database import packed_pages
from repos.database.engine import make_engine
from repos.log import commands
from repos.log.commands import Link
from repos.schema.core_tables import script_commands, script_versions
from repos.unit_of_work import UnitOfWork
from tests.materialization.writer import Writer, close_databases, forging, open_database


@pytest.fixture(autouse=True, params=[1_000, 3])
def pack_a_few_rows(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Pack even a few rows, on one page and on several."""
    monkeypatch.setattr(packed_pages, "MIN_PACKED_ROWS", 1)
    monkeypatch.setattr(commands, "COMMANDS_PER_PAGE", request.param)


@pytest.fixture
def writer(database_url: str) -> Iterator[Writer]:
    """A script of eleven versions."""
    writer = Writer(open_database(database_url))
    writer.create(["Fâché, l’homme\tcrie.", "雨", "🎬"])
    for number in range(10):
        writer.send(LineEdit(line="l2", text=f"雨 {number}", expect=writer.expect("l2")), actor="Anaïs")
    yield writer
    close_databases()


def read(unit_of_work: UnitOfWork, writer: Writer) -> tuple[list[Link], list[VersionRow]]:
    with unit_of_work.reading() as tx:
        links = list(tx.commands.links(writer.script_id, upto=writer.version))
        assert list(tx.commands.ahead().links(writer.script_id, upto=writer.version)) == links
        return links, list(tx.versions.read(writer.script_id, generation=1, upto=writer.version + 5))


def row_by_row(writer: Writer) -> list[Link]:
    with writer.unit_of_work.reading() as tx:
        entries = list(tx.commands.read(writer.script_id, upto=writer.version))
    return [(entry.payload, covered(entry), entry.chain_hash) for entry in entries]


def test_packed_pages_have_the_content_of_the_rows(writer: Writer) -> None:
    links, versions = read(writer.unit_of_work, writer)

    assert links == row_by_row(writer)
    assert [row.version for row in versions] == list(range(1, 12))
    assert all(len(row.state_hash) == 16 and row.line_count == 3 for row in versions)


@pytest.mark.parametrize("value", ["Eve\n", "\n\n\n\n", ""])
def test_a_line_end_in_a_column_does_not_shift_columns(writer: Writer, database_url: str, value: str) -> None:
    with forging(database_url) as connection:
        this = (script_commands.c.script_id == writer.script_id, script_commands.c.version_number == 5)
        connection.execute(update(script_commands).where(*this).values(actor=value))

    links, _ = read(writer.unit_of_work, writer)

    assert links == row_by_row(writer)


@pytest.mark.parametrize("upto", [0, 1, 4, 11, 40])
def test_links_end_with_the_log(writer: Writer, upto: int) -> None:
    with writer.unit_of_work.reading() as tx:
        for read_by in (tx.commands, tx.commands.ahead()):
            assert list(read_by.links(writer.script_id, upto=upto)) == row_by_row(writer)[:upto]
            assert list(read_by.links(writer.script_id, after=2, upto=upto)) == row_by_row(writer)[2:upto]


def test_links_end_after_a_page_with_a_missing_command(writer: Writer, database_url: str) -> None:
    with forging(database_url) as connection:
        for table in (script_versions, script_commands):
            connection.execute(delete(table).where(table.c.script_id == writer.script_id, table.c.version_number == 5))
    rows = row_by_row(writer)

    links, _ = read(writer.unit_of_work, writer)

    assert links == (rows[:5] if commands.COMMANDS_PER_PAGE == 3 else rows)


@pytest.mark.services
@pytest.mark.parametrize("limit", [4, 300, 3_000])
def test_a_page_too_large_for_the_server_is_read_row_by_row(mariadb_url: str, limit: int) -> None:
    writer = Writer(open_database(mariadb_url))
    writer.create(f"Line {number}, and its content." for number in range(100))
    first = LineEdit(line="l2", text="", expect=writer.expect("l2"))
    writer.send(first, *[LineEdit(line="l2", text="x" * number) for number in range(1, 50)])
    assert writer.version == 51
    engine = make_engine(mariadb_url)

    @event.listens_for(engine, "connect")
    def limit_packing(connection: Any, _record: Any) -> None:
        connection.query(f"SET SESSION group_concat_max_len = {limit}")

    assert read(UnitOfWork(engine), writer) == read(writer.unit_of_work, writer)
    engine.dispose()
    close_databases()


def test_the_rows_of_a_page_are_ordered_by_number() -> None:
    assert packed_pages.split((3, b"9\ni\n10\nx\n8\nh\n"), 2) == [(b"8", b"h"), (b"9", b"i"), (b"10", b"x")]
