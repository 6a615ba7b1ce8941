"""How a mapping names the key of a row, and whether a decision on it is found."""

from __future__ import annotations

from typing import Any

import pytest

from backfill.mapping.mapped_table import MappedTable
from backfill.mapping.model import ColumnRule, RowDecision, ShapeRule, TableRule
from backfill.runs.shown_keys import shown_key
from tests.backfill.catalogs import catalog_of_file

UUID = bytes.fromhex("00112233445566778899aabbccddeeff")


@pytest.mark.parametrize(
    ("decided", "key", "is_found"),
    [
        ((7,), (7,), True),
        (("7",), (7,), True),
        ((7,), ("7",), True),
        ((7,), (7, 1), False),
        ((7, 1), (7,), False),
        (("ab",), ("AB",), False),
        ((UUID.hex(),), (UUID,), True),
        (("0x00112233445566778899AABBCCDDEEFF",), (UUID,), True),
        (("00112233-4455-6677-8899-aabbccddeeff", 2), (UUID, 2), True),
        ((UUID.hex(),), (UUID[:15],), False),
        (("no digits",), (UUID,), False),
        ((UUID.hex(),), (UUID.hex(),), True),
    ],
)
def test_a_decision_is_found_by_the_key_of_its_row(
    decided: tuple[str | int, ...], key: tuple[Any, ...], is_found: bool
) -> None:
    decision = RowDecision(code="L29", key=decided, do="skip", reason="a test")
    rule = TableRule(becomes="users", schema="", decisions=(decision,))

    assert rule.decision("L29", key) == (decision if is_found else None)


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("[7]", "[7]"),
        (f'[{{"hex":"{UUID.hex()}"}},2]', f'["{UUID.hex()}", 2]'),
        ('[{"number":"18446744073709551615"}]', '["18446744073709551615"]'),
        ('["9f-x"]', '["9f-x"]'),
    ],
)
def test_a_key_is_shown_as_a_mapping_names_it(stored: str, shown: str) -> None:
    assert shown_key(stored, b"key") == shown


@pytest.mark.parametrize("stored", ['["ann@example.org"]', f'[{{"hex":"{"00" * 19}"}}]', "[null]"])
def test_a_key_that_may_be_secret_or_is_none_is_shown_as_a_hash(stored: str) -> None:
    assert shown_key(stored, b"key").startswith('["#')


@pytest.mark.parametrize("column", ["id", "token"])
@pytest.mark.parametrize(
    ("kind", "decided", "value"),
    [
        ("INTEGER", 7, 7),
        ("INTEGER", "7", 7),
        ("TEXT", 7, "7"),
        ("TEXT", "a/b", "a/b"),
        ("TEXT", "ada@example.org", "ada@example.org"),
        ("TEXT", "2021-02-01 10:00:00", "2021-02-01 10:00:00"),
        ("BLOB", "00112233-4455-6677-8899-aabbccddeeff", UUID),
        ("BLOB", "0x00112233445566778899AABBCCDDEEFF", UUID),
    ],
)
def test_the_rule_of_a_row_is_found_by_its_key_as_reports_show_it(
    column: str, kind: str, decided: str | int, value: Any
) -> None:
    [table] = catalog_of_file(f"CREATE TABLE t ({column} {kind} PRIMARY KEY NOT NULL, content TEXT)")
    decision = RowDecision(code="L12", key=(decided,), do="quarantine")
    mapped = MappedTable(
        table,
        TableRule(
            becomes="scripts",
            schema="",
            columns={"content": ColumnRule(to="content")},
            decisions=(decision,),
            shapes=(ShapeRule(key=(decided,), shape="plain"),),
        ),
        b"a key",
    )

    key = mapped.shown_key((value,))

    assert (mapped.decision("L12", key), mapped.content_shape(key)) == (decision, "plain")
    assert mapped.decision("L10", key) is None
