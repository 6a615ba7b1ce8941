"""Flags of legacy columns by the words of a mapping."""

from __future__ import annotations

from typing import Any

import pytest

from backfill.mapping.flags import flag_reader, inverted_flag
from backfill.mapping.model import ColumnRule


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(1, True), ("1", True), (b"1", True), (b"\x01", True), (b"\0" * 7 + b"\x01", True), (b"\0", False), (None, False)],
)
def test_a_bit_is_named_by_its_number_or_as_text(value: Any, wanted: bool) -> None:
    assert flag_reader(ColumnRule(values={"1": "true"}, others="false"))(value) is wanted


def test_bytes_of_any_length_are_no_number() -> None:
    assert flag_reader(ColumnRule(values={"1": "true"}, others="true"))(b"x" * 10_000) is True


@pytest.mark.parametrize("name", ["is_active", "accountEnabled", "visible"])
def test_a_flag_that_says_yes_of_rows_that_are_kept_needs_values(name: str):
    assert "say which values mean archived" in (inverted_flag(ColumnRule(to="archived"), name) or "")
    assert inverted_flag(ColumnRule(to="archived", values={"0": "true", "1": "false"}), name) is None
    assert inverted_flag(ColumnRule(to="status"), name) is None


@pytest.mark.parametrize("name", ["deleted", "inactive", "is_removed"])
def test_a_flag_of_deleted_rows_needs_none(name: str):
    assert inverted_flag(ColumnRule(to="archived"), name) is None
