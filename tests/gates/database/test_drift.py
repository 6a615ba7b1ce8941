"""Drift names every mutation of a schema in words, and nothing that only looks different."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import make_url

from gates.database.drift import differences, not_compared
from gates.database.frozen_schema import decode, encode
from repos.legacy.connection import open_source
from repos.legacy.fingerprint import read_shape
from repos.legacy.schema_shape import FORMAT, CheckShape, ColumnShape, SchemaShape, TableShape
from tests.gates.database.legacy_schema import MUTATIONS, NO_MUTATIONS, SCHEMA
from tests.services.databases import DatabaseServer
from tests.services.places import find_program

RECORDED = [Path(__file__).with_name(f"frozen_on_{product}.json") for product in ("mariadb", "mysql")]


def run(server: DatabaseServer, url: str, *statements: str) -> None:
    with server.connect(database=make_url(url).database) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def shape_of(url: str) -> SchemaShape:
    with open_source(url) as source:
        return read_shape(source)


@pytest.fixture
def legacy(mariadb: DatabaseServer) -> Iterator[str]:
    """The URL of a schema with every kind of object."""
    url = mariadb.create_database()
    run(mariadb, url, *SCHEMA)
    yield url
    mariadb.drop_database(url)


@pytest.fixture(scope="module")
def frozen(mariadb: DatabaseServer) -> SchemaShape:
    """The shape of that schema."""
    url = mariadb.create_database()
    run(mariadb, url, *SCHEMA)
    shape = shape_of(url)
    mariadb.drop_database(url)
    return shape


def sentences(before: SchemaShape, after: SchemaShape) -> list[str]:
    return [difference.sentence for difference in differences(before, after)]


@pytest.mark.parametrize(("mutation", "expected"), MUTATIONS.items())
def test_every_mutation_is_named_in_words(
    mariadb: DatabaseServer, legacy: str, frozen: SchemaShape, mutation: str, expected: list[str]
):
    run(mariadb, legacy, *_statements(mutation))

    found = sentences(frozen, shape_of(legacy))

    assert len(found) == len(expected), found
    assert all(any(sentence.startswith(start) for sentence in found) for start in expected), found


@pytest.mark.parametrize("change", NO_MUTATIONS)
def test_what_says_nothing_about_the_schema_is_no_drift(
    mariadb: DatabaseServer, legacy: str, frozen: SchemaShape, change: str
):
    run(mariadb, legacy, *_statements(change))

    after = shape_of(legacy)

    assert sentences(frozen, after) == sentences(after, frozen) == not_compared(frozen, after) == []


def _statements(text: str) -> list[str]:
    """The statements of a change; one that contains semicolons of its own is the last."""
    first, *others = text.split("; ", 1)
    return [text] if first.count("BEGIN") else [first, *(part for other in others for part in _statements(other))]


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda path: path.stem)
def test_the_same_schema_on_mariadb_and_mysql_is_no_drift(frozen: SchemaShape, recorded: Path):
    """What the two servers say about the same statements was recorded on each of them."""
    other = decode(recorded.read_bytes())

    assert sentences(frozen, other) == sentences(other, frozen) == []
    notes = [note for note in not_compared(frozen, other) if note.startswith("The schema was on ")]
    assert len(notes) == (frozen.product != other.product)


def test_a_loaded_dump_and_a_dump_of_that_are_no_drift(mariadb: DatabaseServer, legacy: str, frozen: SchemaShape):
    url, loaded = make_url(legacy), legacy
    account = ["--no-defaults", "--host=127.0.0.1", f"--port={url.port}", f"--user={url.username}"]
    for _ in range(2):
        dump = [find_program("mariadb-dump"), *account, "--routines", str(make_url(loaded).database)]
        dumped = subprocess.run(dump, capture_output=True, check=True).stdout
        loaded = mariadb.create_database()
        load = [find_program("mariadb"), *account, str(make_url(loaded).database)]
        subprocess.run(load, input=dumped, capture_output=True, check=True)

        after = shape_of(loaded)
        assert sentences(frozen, after) == not_compared(frozen, after) == []


def test_an_account_with_select_alone_sees_all_but_code_and_learns_it(
    mariadb: DatabaseServer, legacy: str, frozen: SchemaShape
):
    url = make_url(legacy)
    mariadb.execute("CREATE USER drift_reader IDENTIFIED BY 'pass-word'")
    mariadb.execute(f"GRANT SELECT ON `{url.database}`.* TO drift_reader")
    limited = shape_of(url.set(username="drift_reader", password="pass-word").render_as_string(hide_password=False))
    mariadb.execute("DROP USER drift_reader")

    assert limited.tables == frozen.tables
    assert limited.unseen == ("triggers", "routines")
    for one, other in product((frozen, limited), repeat=2):
        assert sentences(one, other) == []
        assert (len(not_compared(one, other)) == 3) == (limited in (one, other))


def test_a_frozen_schema_is_read_back_as_it_was(frozen: SchemaShape):
    assert decode(encode(frozen)) == frozen
    assert encode(decode(encode(frozen))) == encode(frozen)


def test_json_whose_check_is_hidden_is_no_difference():
    json = ColumnShape("notes", "json", nullable=True)
    text = ColumnShape("notes", "longtext", nullable=True, charset="utf8mb4", collation="utf8mb4_bin")
    checked = CheckShape("`price` > 0", name="positive")
    before, after = (
        SchemaShape(FORMAT, "MariaDB", "10.11", "leg", tables=(TableShape("scripts", (column,), checks=checks),))
        for column, checks in ((json, (checked,)), (text, ()))
    )

    assert len(differences(before, after)) == 2
    hidden = msgspec.structs.replace(after, unseen=("checks",))
    assert differences(before, hidden) == differences(hidden, before) == []
    assert not_compared(before, hidden) == [
        "The checks were not compared: the account lacks a privilege on the whole schema, like SELECT."
    ]
    other = ColumnShape("notes", "longblob")
    changed = msgspec.structs.replace(hidden, tables=(TableShape("scripts", (other,)),))
    assert len(differences(before, changed)) == 1
