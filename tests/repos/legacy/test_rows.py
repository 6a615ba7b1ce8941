"""Rows of a legacy table: each exactly once, in key order, in bounded pages, as stored."""

from __future__ import annotations

import tracemalloc
from itertools import product

import pytest

from repos.legacy import rows
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.legacy.errors import SourceError
from repos.legacy.keyed_rows import KeyedReader
from repos.legacy.rows import count_rows, read_pages, read_rows
from tests.repos.legacy.conftest import MakeSource


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_PAGE_ROWS", 3)
    monkeypatch.setattr(rows, "FIRST_PAGE_ROWS", 2)


def values(*rows: tuple[object, ...]) -> str:
    return ", ".join(f"({', '.join(map(repr, row))})" for row in rows)


def test_every_row_comes_once_whatever_the_number_of_pages(make_source: MakeSource):
    counts = (0, 1, 2, 3, 4, 6, 7, 20)
    statements = []
    for count in counts:
        statements.append(f"CREATE TABLE t{count} (id INTEGER PRIMARY KEY, body TEXT)")
        if count:
            rows = values(*((number * 7, f"line {number}") for number in range(count)))
            statements.append(f"INSERT INTO t{count} VALUES {rows}")
    with open_source(make_source(*statements)) as source:
        catalog = read_catalog(source)
        for count in counts:
            table = catalog.tables[f"t{count}"]
            pages = list(read_pages(source, table))
            assert [row.key for page in pages for row in page] == [(number * 7,) for number in range(count)]
            assert all(len(page) <= 3 for page in pages)
            assert count_rows(source, table) == count


def test_a_key_of_three_columns_is_walked_in_its_order(make_source: MakeSource):
    keys = list(product((1, 2, 5), ("a", "b"), (0, 9)))
    url = make_source(
        "CREATE TABLE t (a INT NOT NULL, b VARCHAR(9) NOT NULL, c INT NOT NULL, PRIMARY KEY (a, b, c))",
        f"INSERT INTO t VALUES {values(*reversed(keys))}",
    )
    with open_source(url) as source:
        table = read_catalog(source).tables["t"]
        assert [row.key for row in read_rows(source, table)] == keys
        for place, key in enumerate(keys):
            assert [row.key for row in read_rows(source, table, after=key)] == keys[place + 1 :]


def test_a_row_deleted_after_the_page_that_held_it_shifts_nothing(make_source: MakeSource):
    url = make_source(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)",
        f"INSERT INTO t VALUES {values(*((n, 'x') for n in range(9)))}",
    )
    with open_source(url) as source:
        table = read_catalog(source).tables["t"]
        pages = read_pages(source, table)
        first = next(pages)[-1].key
        assert [row.key[0] for page in pages for row in page] == list(range(first[0] + 1, 9))


def test_only_chosen_columns_and_matching_rows_are_read(make_source: MakeSource):
    url = make_source(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, scriptId INT, body TEXT)",
        f"INSERT INTO t VALUES {values(*((n, n % 2, f'b{n}') for n in range(8)))}, (99, NULL, 'none')",
    )
    with open_source(url) as source:
        table = read_catalog(source).tables["t"]
        assert list(read_rows(source, table, ["body"], where={"scriptId": 1})) == [
            ((n,), (f"b{n}",)) for n in (1, 3, 5, 7)
        ]
        assert list(read_rows(source, table, ["body"], where={"scriptId": None})) == [((99,), ("none",))]


@pytest.mark.parametrize("kind", ["INT", "TEXT"])
def test_values_that_no_row_can_have_match_none(make_file_source: MakeSource, kind: str):
    url = make_file_source(
        f"CREATE TABLE t (id INTEGER PRIMARY KEY, scriptId {kind})",
        "INSERT INTO t VALUES (1, 7), (2, CAST(x'fe61' AS TEXT)), (3, NULL)",
    )
    with open_source(url) as source:
        table = read_catalog(source).tables["t"]
        for value, found in ((1 << 70, []), (-(1 << 63) - 1, []), ("\udcfea", [2]), ((7, 1 << 64, "\udcfea"), [1, 2])):
            assert [row.key[0] for row in read_rows(source, table, where={"scriptId": value})] == found
        keys = [(7,), (1 << 70,), ("\udcfea",)]
        assert list(KeyedReader(source, table, ("id",), ("id",)).read(keys)) == [None, None, None]


def test_a_table_without_a_key_is_read_whole(make_source: MakeSource):
    url = make_source("CREATE TABLE t (a INT, b TEXT)", "INSERT INTO t VALUES (5, 'x'), (5, 'x'), (4, NULL), (1, 'z')")
    with open_source(url) as source:
        table = read_catalog(source).tables["t"]
        assert table.key == ()
        read = list(read_rows(source, table))
        assert [row.key for row in read] == [(1,), (2,), (3,), (4,)]
        assert sorted(map(repr, (row.values for row in read))) == sorted(
            map(repr, [(5, "x"), (5, "x"), (4, None), (1, "z")])
        )


@pytest.mark.parametrize(("definition", "key"), [("BIT(8)", ()), ("FLOAT", ()), ("INT", ("k",))])
def test_a_key_that_cannot_be_compared_is_none(make_server_source: MakeSource, definition: str, key: tuple[str, ...]):
    rows = ", ".join(f"({number})" for number in range(1, 9))
    url = make_server_source(f"CREATE TABLE t (k {definition} NOT NULL PRIMARY KEY)", f"INSERT INTO t VALUES {rows}")
    with open_source(url) as source:
        table = read_catalog(source).tables["t"]
        assert table.key == key
        assert len({row.values for row in read_rows(source, table)}) == 8


def test_a_table_without_a_key_on_a_server_cannot_be_continued(make_server_source: MakeSource):
    url = make_server_source("CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1)")
    with open_source(url) as source, pytest.raises(SourceError, match="t has no key") as raised:
        list(read_pages(source, read_catalog(source).tables["t"], after=(1,)))
    assert raised.value.code == "source_no_key"


def test_null_in_a_primary_key_of_sqlite_loses_no_row(make_file_source: MakeSource):
    url = make_file_source(
        "CREATE TABLE t (id TEXT PRIMARY KEY, n INT)",
        "INSERT INTO t VALUES ('b', 1), (NULL, 2), (NULL, 3), (NULL, 4), (NULL, 5), ('a', 6)",
    )
    with open_source(url) as source:
        read = read_rows(source, read_catalog(source).tables["t"], ["n"])
        assert [row.values for row in read] == [(1,), (2,), (3,), (4,), (5,), (6,)]


def test_text_keys_that_are_not_utf8_are_walked(make_file_source: MakeSource):
    url = make_file_source(
        "CREATE TABLE t (id TEXT NOT NULL PRIMARY KEY)",
        "INSERT INTO t VALUES (CAST(x'fe61' AS TEXT)), (CAST(x'fe62' AS TEXT)), (CAST(x'fe63' AS TEXT)), ('é'), ('z')",
    )
    with open_source(url) as source:
        assert len({row.key for row in read_rows(source, read_catalog(source).tables["t"])}) == 5


@pytest.mark.parametrize(
    ("definition", "key"),
    [
        ("ENUM('user', 'assistant', 'b', 'a')", ["user", "assistant", "b", "a"]),
        ("VARCHAR(9) COLLATE utf8mb4_general_ci", ["Ana", "bea", "CLEO", "dora", "ß"]),
        ("VARCHAR(9) CHARACTER SET latin1", ["é", "a", "z", "ü", "Ö"]),
        ("BINARY(2)", [b"\x00\x01", b"\xff\xfe", b"'\\", b"ab", b"%s"]),
        ("DATETIME", ["0000-00-00 00:00:00", "2020-00-00 00:00:00", "2021-02-03 04:05:06", "1999-12-31 00:00:00"]),
        ("DECIMAL(20,4)", [-1, 0, 2, 10**12]),
        ("BIGINT UNSIGNED", [0, 1, 2**64 - 1, 2**63]),
    ],
)
def test_keys_of_every_type_are_walked_without_a_loss(
    make_server_source: MakeSource, definition: str, key: list[object]
):
    rows = ", ".join(f"(x'{each.hex()}')" if isinstance(each, bytes) else f"({each!r})" for each in key)
    url = make_server_source(f"CREATE TABLE t (k {definition} NOT NULL PRIMARY KEY)", f"INSERT INTO t VALUES {rows}")
    with open_source(url) as source:
        read = [row.key[0] for row in read_rows(source, read_catalog(source).tables["t"])]
    assert sorted(read) == sorted(key)


def test_values_arrive_as_they_are_stored(make_server_source: MakeSource):
    url = make_server_source(
        "CREATE TABLE t (id INT PRIMARY KEY, d DATETIME(3), ts TIMESTAMP NULL, day DATE, j JSON, b BLOB, e ENUM('a'))",
        "SET time_zone = '-06:00'",
        "INSERT INTO t VALUES (1, '2021-02-03 04:05:06.789', '2021-02-03 04:05:06', '2021-02-00', "
        "'{\"a\": 1}', x'00ff', 'q')",
    )
    with open_source(url) as source:
        (row,) = read_rows(source, read_catalog(source).tables["t"])
    assert row.values == (
        1,
        "2021-02-03 04:05:06.789",
        "2021-02-03 10:05:06",
        "2021-02-00",
        '{"a": 1}',
        b"\x00\xff",
        "",
    )


def test_memory_is_that_of_one_page(make_source: MakeSource, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rows, "FIRST_PAGE_ROWS", 32)
    monkeypatch.setattr(rows, "MAX_PAGE_ROWS", 4_000)
    big = "x" * (1 << 20)
    url = make_source(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, body LONGTEXT)",
        *(f"INSERT INTO t VALUES ({number}, '{big}')" for number in range(60)),
    )
    with open_source(url) as source:
        table = read_catalog(source).tables["t"]
        tracemalloc.start()
        sizes = [len(page) for page in read_pages(source, table)]
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert sum(sizes) == 60
    assert max(sizes) <= 5
    assert peak < 24 << 20
