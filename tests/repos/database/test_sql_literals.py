"""Literals: rows written column by column have the same literals as values written one by one."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from sqlalchemy.dialects import mysql

from repos.database.packet_text import MAX_VALUE_BYTES, PacketText, StreamedStatement
from repos.database.sql_literals import rows_with_literals, with_literals
from repos.database.statements import MAX_ROWS_PER_INSERT, MAX_TEXT_BYTES, Write, inserts_as_text
from repos.schema.backfill_tables import legacy_keys

VALUES = (
    0,
    -(2**63),
    2**64 - 1,
    None,
    True,
    False,
    1.5,
    -1e300,
    "",
    "plain",
    "100 %s %% %(name)s {0}",
    "it's",
    "'); DROP TABLE users; -- ",
    "back\\slash",
    "\\' or 1=1",
    "line\r\nend\x00\x1a",
    "Zoë",
    "\U0001f600",
    "a" * 5_000,
    b"",
    b"\x00\xff%s'",
)


def alone(row: tuple[Any, ...]) -> str:
    """A row whose values are written one by one. Text that is stored needs no collation to be compared by."""
    return with_literals(f"({','.join(['%s'] * len(row))})", row).replace(" COLLATE utf8mb4_bin", "")


def test_each_kind_of_value_is_the_same_literal_in_a_column_as_alone() -> None:
    for value in VALUES:
        row = (value, 7)

        assert rows_with_literals([row]) == [alone(row)]
        assert rows_with_literals([row, row]) == [alone(row), alone(row)]


def test_a_column_of_mixed_values_has_the_literal_of_each() -> None:
    random = Random(18)
    for _ in range(200):
        width = random.randint(1, 6)
        rows = [tuple(random.choices(VALUES, k=width)) for _ in range(random.randint(1, 12))]

        assert rows_with_literals(rows) == list(map(alone, rows))


def test_what_all_rows_share_is_written_as_it_is() -> None:
    rows = [("100 %s", None, number, "%") for number in range(3)]

    assert rows_with_literals(rows) == list(map(alone, rows))
    assert rows_with_literals([(None, "a%%'")] * 2) == ["(NULL,_utf8mb4 X'61252527')"] * 2


def test_a_quote_in_one_row_of_a_column_is_not_a_quote_of_the_statement() -> None:
    rows = [("x'", 1), ("\\", 2), ("clear", 3)]

    assert rows_with_literals(rows) == ["(_utf8mb4 X'7827',1)", "(_utf8mb4 X'5c',2)", "('clear',3)"]


class Word(str):
    """A type of text that no column has."""

    __slots__ = ()


@pytest.mark.parametrize("value", [Word("x"), object(), float("nan"), ["x"], {"a": 1}])
def test_a_value_of_another_type_is_refused_in_every_row(value: Any) -> None:
    for rows in ([(value,)], [("x",), (value,)], [(None,), (value,)], [(1,), (value,)]):
        with pytest.raises(TypeError, match="cannot be written as SQL"):
            rows_with_literals(rows)


def test_text_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        rows_with_literals([("x",), ("\ud800",)])


def test_rows_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        rows_with_literals([(1, 2), (3,)])


def test_a_streamed_statement_has_the_bytes_of_its_text() -> None:
    text = PacketText(mysql.dialect(paramstyle="format"), 4 << 20, 64 << 20)
    large = bytes(range(256)) * (MAX_VALUE_BYTES // 256) + b"'"
    sql = "INSERT INTO t (a, b, c, d, e) VALUES (%s, %s, %s, %s, %s)"
    for values in ((large, *VALUES[-4:]), ("é", large, b"'", large + large, None), (1, 2, 3, 4, large)):
        [(packet, _)] = text.batches([Write(sql, values, 1)])

        assert isinstance(packet, StreamedStatement)
        assert b"".join(packet.parts()) == with_literals(sql, values).encode()
        assert len(packet) == len(with_literals(sql, values))


def test_a_large_value_divides_the_writes_around_it() -> None:
    text = PacketText(mysql.dialect(paramstyle="format"), 4 << 20, 64 << 20)
    small, large = Write("INSERT %s", (b"x",), 1), Write("INSERT %s", (bytes(MAX_VALUE_BYTES + 1),), 1)
    packets = list(text.batches([small, small, large, large, small]))

    assert [writes for _, writes in packets] == [[small, small], [large], [large], [small]]
    assert [packet for packet, _ in packets if isinstance(packet, str)] == ["INSERT X'78';INSERT X'78'", "INSERT X'78'"]


COLUMNS = ("source_table", "key_sha256")


def test_statements_have_at_most_so_many_bytes_and_rows() -> None:
    rows = [("t" * size, b"k") for size in (10, 10, 500, 10, 2_000, 10)]

    writes = inserts_as_text(legacy_keys, COLUMNS, rows, 600)

    assert [write.rows for write in writes] == [4, 1, 1]
    assert [write.rows for write in inserts_as_text(legacy_keys, COLUMNS, [("t", b"k")] * 2_500, 1 << 20)] == [
        MAX_ROWS_PER_INSERT,
        MAX_ROWS_PER_INSERT,
        500,
    ]


def test_the_name_of_a_write_has_none_of_its_values() -> None:
    [write] = inserts_as_text(legacy_keys, COLUMNS, [("secret", b"k"), ("secret", b"l")], 1 << 20)

    assert "secret" in write.sql
    assert write.name == "INSERT INTO legacy_keys (source_table, key_sha256)"


def test_large_rows_stay_values_until_they_are_sent():
    small, large = (
        [("t", b"k" * 10)] * 3,
        [("t", b"k" * (MAX_TEXT_BYTES // 2)), ("t", None), ("t", b"l" * MAX_TEXT_BYTES)],
    )

    assert [write.values for write in inserts_as_text(legacy_keys, COLUMNS, small, 1 << 20)] == [None]
    writes = inserts_as_text(legacy_keys, COLUMNS, large, 1 << 20)

    assert [value for write in writes for value in write.values or ()] == [value for row in large for value in row]
    assert [write.rows for write in writes] == [1, 1, 1]
