"""Keys and hashes of legacy rows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from backfill.translate.row_keys import key_digest, origin_key, row_hash, row_key, whole_key

HASH_KEY = b"k" * 32


@pytest.mark.parametrize("value", [7, "7", Decimal(7), Decimal("7.00")])
def test_a_number_is_one_key_however_a_column_holds_it(value: Any) -> None:
    assert row_key((value,)) == "[7]"


@pytest.mark.parametrize("value", ["07", "7.0", " 7", "٧", "ckq1v7", "", "\udcff", b"\0\xff", 1 << 60, Decimal("7.5")])
def test_other_keys_differ_from_numbers_and_have_a_digest(value: Any) -> None:
    key = row_key((value,))

    assert key not in ("[7]", "[75]")
    assert len(key_digest(key)) == 32


@pytest.mark.parametrize(("value", "whole"), [("0", 0), (0, 0), (-3, -3), (True, None), (None, None), (1.0, None)])
def test_a_whole_key_is_what_a_database_compares_as_one(value: Any, whole: int | None) -> None:
    assert whole_key(value) == whole


def test_keys_of_several_columns_keep_their_order() -> None:
    assert row_key((1, "b")) == '[1,"b"]'


ROWS: list[tuple[Any, ...]] = [
    ("a", "b"),
    ("ab", ""),
    (None, "b"),
    ("", "b"),
    (1, "b"),
    ("1", "b"),
    ("\udcff", "b"),
    ("\udcfe", "b"),
    (1 << 70, "b"),
    (b"a", "b"),
    ("a", "b", None),
]


def test_rows_with_other_values_have_other_hashes() -> None:
    assert len({row_hash(HASH_KEY, row) for row in ROWS}) == len(ROWS)
    assert len({row_hash(b"other", row) for row in ROWS} | {row_hash(HASH_KEY, row) for row in ROWS}) == 2 * len(ROWS)


def test_the_hash_of_a_row_is_the_same_in_every_process() -> None:
    assert row_hash(HASH_KEY, (7, "é🌫️", None, Decimal("1.20"), b"\0")).hex() == "b6aeb0590241cc91d7270c99bb3ffd6f"


READABLE = {
    (812,): "812",
    ("ckq1v7",): "ckq1v7",
    ("docs/ferry~1",): "docs/ferry~1",
    (7, 2): "7/2",
    ("a", None): "a/~",
    ("a/b", "c"): "a~1b/c",
    ("a", "b/c"): "a/b~1c",
    ("a~1b", "c"): "a~01b/c",
    (b"a", "é"): "a/é",
    (bytes(range(0xF0, 0x100)),): "0xf0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
    (b"\n\xff", 7): "0x0aff/7",
}


def test_the_log_names_rows_by_readable_keys() -> None:
    assert {values: origin_key(values) for values in READABLE} == READABLE


OTHERS: list[tuple[Any, ...]] = [
    *READABLE,
    ("a/b/c",),
    ("a", "b", "c"),
    ("a ",),
    ("a",),
    ("a  ",),
    ("a", "b "),
    ("a", "b"),
    ("a", "None"),
    ("",),
    ("", ""),
    ("/",),
    ("\udcff",),
    ("\udcfe",),
    (b"\xff",),
    (b"\xfe" * 18,),
    (b"\xfe" * 19,),
    (origin_key(["a "]),),
    ("x" * 300,),
    ("x" * 301,),
]


def test_rows_with_other_keys_have_other_names_in_the_log() -> None:
    keys = (
        [origin_key(values) for values in OTHERS if len(values) == 1],
        [origin_key(values) for values in OTHERS if len(values) > 1],
    )

    assert [len(set(each)) for each in keys] == [len(each) for each in keys]
    assert all(0 < len(key) <= 200 and key[-1] != " " for each in keys for key in each)
