"""Flags of legacy columns by the words of a mapping."""

from __future__ import annotations

from typing import Any

import pytest

from backfill.mapping.flags import flag_reader
from backfill.mapping.model import ColumnRule


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(1, True), ("1", True), (b"1", True), (b"\x01", True), (b"\0" * 7 + b"\x01", True), (b"\0", False), (None, False)],
)
def test_a_bit_is_named_by_its_number_or_as_text(value: Any, wanted: bool) -> None:
    assert flag_reader(ColumnRule(values={"1": "true"}, others="false"))(value) is wanted


def test_bytes_of_any_length_are_no_number() -> None:
    assert flag_reader(ColumnRule(values={"1": "true"}, others="true"))(b"x" * 10_000) is True
