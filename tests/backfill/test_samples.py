"""The shipped samples: the same tables, keys and rows in SQLite and on a server, with its engines and charsets."""

from __future__ import annotations

from pathlib import Path

import pytest
from pymysql.constants import CLIENT
from sqlalchemy import make_url

from backfill.mapping.draft import draft
from backfill.mapping.fit import problems
from backfill.recognition.recognise import recognise_all
from backfill.samples import GENERATIONS, HISTORIES, make_sample_file, sample_sql
from repos.legacy.catalog import Catalog, read_catalog
from repos.legacy.connection import open_source
from repos.legacy.rows import read_rows
from tests.backfill.catalogs import catalog_of_sample
from tests.services.databases import DatabaseServer


def load(mariadb: DatabaseServer, generation: int | str) -> str:
    """The URL of a new schema with a sample in it."""
    url = mariadb.create_database()
    options = {"database": make_url(url).database, "client_flag": CLIENT.MULTI_STATEMENTS}
    with mariadb.connect(**options) as connection, connection.cursor() as cursor:
        cursor.execute(sample_sql(generation))
        while cursor.nextset():
            pass
    return url


def rows_of(url: str, catalog: Catalog) -> dict[str, list[list[str]]]:
    """All rows as text."""
    with open_source(url) as source:
        return {
            table.name: [[str(value) for value in row.values] for row in read_rows(source, table)] for table in catalog
        }


@pytest.mark.parametrize("generation", [*GENERATIONS, *HISTORIES])
def test_a_sample_is_the_same_on_a_server_and_in_a_file(mariadb: DatabaseServer, generation: int | str, tmp_path: Path):
    url = load(mariadb, generation)
    with open_source(url) as source:
        on_server = read_catalog(source)
    in_file = catalog_of_sample(generation)
    assert {table.name: (table.names, table.key) for table in on_server} == {
        table.name: (table.names, table.key) for table in in_file
    }
    assert [each.shape for each in recognise_all(on_server)] == [each.shape for each in recognise_all(in_file)]
    assert problems(draft(on_server).mapping, on_server) == []
    make_sample_file(tmp_path / "legacy.db", generation)
    server_rows, file_rows = rows_of(url, on_server), rows_of(f"sqlite:///{tmp_path}/legacy.db", in_file)
    server_rows.pop("chat_messages", None), file_rows.pop("chat_messages", None)  # a decimal has more digits there
    assert server_rows == file_rows
    mariadb.drop_database(url)


def test_the_engines_and_charsets_of_old_generations_are_real(mariadb: DatabaseServer):
    url = load(mariadb, 2)
    with open_source(url) as source:
        assert {(table.engine, table.charset) for table in read_catalog(source)} == {("MyISAM", "latin1")}
    mariadb.drop_database(url)


def test_a_file_that_exists_is_not_overwritten(tmp_path: Path):
    (tmp_path / "mine.db").write_text("mine")
    with pytest.raises(FileExistsError):
        make_sample_file(tmp_path / "mine.db")
    assert (tmp_path / "mine.db").read_text() == "mine"
