"""The catalog of a legacy source: tables, columns and keys, with an account that may only select."""

from __future__ import annotations

import pytest

from repos.legacy.catalog import ForeignKey, read_catalog
from repos.legacy.column_types import kind_of
from repos.legacy.connection import open_source
from tests.repos.legacy.conftest import MakeSource


def test_tables_columns_and_keys_are_read_on_both_databases(make_source: MakeSource):
    url = make_source(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(200) NOT NULL, UNIQUE (email))",
        "CREATE TABLE scripts (a INT NOT NULL, b INT NOT NULL, owner INTEGER, title TEXT, at DATETIME, "
        "PRIMARY KEY (a, b), FOREIGN KEY (owner) REFERENCES people (id))",
        "CREATE INDEX by_time ON scripts (at, a)",
        "CREATE VIEW titles AS SELECT title FROM scripts",
        "INSERT INTO people VALUES (1, 'a@example.org')",
    )
    with open_source(url) as source:
        catalog = read_catalog(source)
    assert list(catalog.tables) == ["people", "scripts", "titles"]
    people, scripts, titles = catalog
    assert (people.key, people.unique_keys, people.rows) == (("id",), (("email",),), 1)
    assert scripts.primary_key == ("a", "b")
    assert scripts.foreign_keys == (ForeignKey(("owner",), "people", ("id",)),)
    assert ("at", "a") in scripts.indexes
    assert [column.kind for column in scripts.columns] == ["integer", "integer", "integer", "text", "moment"]
    assert (titles.is_view, titles.rows, titles.names) == (True, None, ("title",))


def test_engines_charsets_enums_and_generated_columns_are_read(make_server_source: MakeSource):
    url = make_server_source(
        "CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, type ENUM('user','it''s','Ünï') NOT NULL, "
        "n VARCHAR(20) CHARACTER SET utf8mb3, "
        "twice INT AS (LENGTH(n) * 2), at DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3)) "
        "ENGINE=MyISAM DEFAULT CHARSET=latin1",
    )
    with open_source(url) as source:
        (log,) = read_catalog(source)
    kind, name, twice, at = log.columns[1:]
    assert (log.engine, log.charset) == ("MyISAM", "latin1")
    assert (kind.kind, kind.values) == ("enum", ("user", "it's", "Ünï"))
    assert (name.charset, name.length, at.length) == ("utf8mb3", 20, 3)
    assert (log.columns[0].auto_increment, twice.generated, at.generated) == (True, True, False)


def test_a_table_that_cannot_be_read_is_named_and_the_rest_is_read(make_server_source: MakeSource):
    url = make_server_source(
        "CREATE TABLE open (id INT PRIMARY KEY)",
        "CREATE TABLE shut (id INT PRIMARY KEY)",
        grant="INSERT ON `{schema}`.*",
    )
    with open_source(url) as source:
        catalog = read_catalog(source)
    assert catalog.tables["shut"].problem == "The account may not read the table shut: grant it SELECT."


@pytest.mark.parametrize(
    ("grant", "sees_all"),
    [("SELECT ON `{schema}`.*", True), ("SELECT ON *.*", True), ("SELECT ON `{schema}`.scripts", False)],
)
def test_an_account_that_was_granted_single_tables_does_not_see_all(
    make_server_source: MakeSource, grant: str, *, sees_all: bool
):
    create = ("CREATE TABLE scripts (id INT PRIMARY KEY)", "CREATE TABLE users (id INT PRIMARY KEY)")
    with open_source(make_server_source(*create, grant=grant)) as source:
        catalog = read_catalog(source)

    assert catalog.sees_all is sees_all
    assert catalog.tables.keys() == ({"scripts", "users"} if sees_all else {"scripts"})


def test_a_view_whose_table_is_gone_is_named(make_server_source: MakeSource):
    url = make_server_source(
        "CREATE TABLE t (id INT PRIMARY KEY)", "CREATE VIEW v AS SELECT id FROM t", "RENAME TABLE t TO other"
    )
    with open_source(url) as source:
        catalog = read_catalog(source)
    assert catalog.tables["other"].problem is None
    assert "v" in str(catalog.tables["v"].problem)


def test_a_reference_to_a_table_that_is_not_there_is_read(make_server_source: MakeSource):
    url = make_server_source(
        "SET foreign_key_checks = 0",
        "CREATE TABLE t (id INT PRIMARY KEY, owner INT, FOREIGN KEY (owner) REFERENCES gone (id)) ENGINE=InnoDB",
        "CREATE VIEW v AS SELECT 1 AS email, 1 AS name",
    )
    with open_source(url) as source:
        table, placeholder = read_catalog(source)
    assert table.foreign_keys == (ForeignKey(("owner",), "gone", ("id",)),)
    assert {(column.kind, column.default) for column in placeholder.columns} == {("integer", "0")}


def test_a_view_of_a_file_whose_table_is_gone_hides_nothing_else(make_file_source: MakeSource):
    url = make_file_source("CREATE TABLE t (id INTEGER PRIMARY KEY)", "CREATE VIEW v AS SELECT * FROM gone")
    with open_source(url) as source:
        table, view = read_catalog(source)
    assert (table.names, table.problem, view.names) == (("id",), None, ())
    assert "The table v cannot be read" in str(view.problem)


def test_a_type_never_seen_is_of_the_unknown_kind(make_source: MakeSource):
    url = make_source("CREATE TABLE t (id INTEGER PRIMARY KEY, place POINT)")
    with open_source(url) as source:
        (table,) = read_catalog(source)
    assert (table.columns[1].type, table.columns[1].kind, table.problem) == ("point", "unknown", None)


def test_names_with_quotes_percents_and_spaces_are_read(make_server_source: MakeSource):
    url = make_server_source('CREATE TABLE `a``b %s` (`id %` INT PRIMARY KEY, `x"y` TEXT)')
    with open_source(url) as source:
        (table,) = read_catalog(source)
    assert (table.name, table.names, table.key) == ("a`b %s", ("id %", 'x"y'), ("id %",))


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ("varchar(20)", "text"),
        ("TINYINT(1) unsigned", "integer"),
        ("bigint unsigned", "integer"),
        ("DATETIME(3)", "moment"),
        ("enum('a')", "enum"),
        ("", "any"),
        ("vector(3)", "unknown"),
        ("geometrycollection", "unknown"),
    ],
)
def test_a_kind_follows_from_the_type(declared: str, kind: str):
    assert kind_of(declared) == kind
