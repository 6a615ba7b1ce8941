"""Words, flags, numbers and texts of legacy columns."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from backfill.mapping.flags import flag_reader
from backfill.mapping.model import ColumnRule
from backfill.mapping.targets import TARGETS
from backfill.translate.words import count_of, micros_of, repaired_line, repaired_text, word_reader

ROLE = TARGETS["chat_messages"].fields["role"]


@pytest.mark.parametrize(
    ("value", "word", "changed"),
    [
        ("user", "user", False),
        ("bot", "assistant", False),
        (1, "tool", False),
        (b"bot", "assistant", False),
        ("USER", "user", True),
        (" Bot", "assistant", True),
        ("gpt-4o", "system", True),
        ("", "system", True),
        ("\udcff", "system", True),
        (None, None, False),
    ],
)
def test_a_word_is_one_of_the_accepted_ones(value: Any, word: str | None, *, changed: bool) -> None:
    rule = ColumnRule(to="role", values={"bot": "assistant", "1": "tool"})

    assert word_reader(rule, ROLE)(value) == (word, changed)


@pytest.mark.parametrize(
    ("value", "word"), [("USER", "tool"), ("uSer", "tool"), ("user", "user"), ("User", "tool"), ("BOT", "assistant")]
)
def test_in_another_case_the_words_of_the_mapping_come_first(value: str, word: str) -> None:
    rule = ColumnRule(to="role", values={"User": "tool", "bot": "assistant", "Bot": "system"})

    assert word_reader(rule, ROLE)(value)[0] == word


def test_other_words_become_the_one_of_the_mapping() -> None:
    assert word_reader(ColumnRule(to="role", others="tool"), ROLE)("critic") == ("tool", True)


@pytest.mark.parametrize(
    ("value", "flag"),
    [(None, False), (0, False), ("0", False), ("", False), ("False", False), (b"\0", False), (b"", False),
     (1, True), ("1", True), ("true", True), (b"\1", True), (2, True), ("2020-01-01", True)],
)  # fmt: skip
def test_a_flag_without_a_mapping_is_a_number_or_a_bit(value: Any, *, flag: bool) -> None:
    assert flag_reader(ColumnRule(to="deleted"))(value) is flag


@pytest.mark.parametrize(("value", "flag"), [("trash", True), ("live", False), ("?", False), (None, False)])
def test_a_flag_is_read_by_its_words(value: Any, *, flag: bool) -> None:
    rule = ColumnRule(to="archived", values={"trash": "true", "live": "false"})

    assert flag_reader(rule)(value) is flag


@pytest.mark.parametrize(
    ("value", "flag"), [(b"\1", False), (b"\0", True), (1, False), (0, True), ("0", True), (None, False), (2, False)]
)
def test_a_bit_is_named_by_its_number(value: Any, *, flag: bool) -> None:
    """`is_active`, the other way round."""
    assert flag_reader(ColumnRule(to="deleted", values={"0": "true"}, others="false"))(value) is flag


@pytest.mark.parametrize(
    ("value", "count"),
    [(0, 0), (12, 12), ("12", 12), (Decimal("12.000"), 12), (12.0, 12), (None, None), (-1, None), (1.5, None),
     ("many", None), ("", None), (1 << 53, None), ("9" * 1_000, None), (Decimal("NaN"), None), ("1e999999", None)],
)  # fmt: skip
def test_a_count_is_a_whole_number(value: Any, count: int | None) -> None:
    assert count_of(value) == (count, value is not None and count is None)


@pytest.mark.parametrize(
    ("value", "micros", "changed"),
    [
        (Decimal("0.0024"), 2_400, False),
        ("0.0000005", 0, True),
        (Decimal("0.0000015"), 2, True),
        (3, 3_000_000, False),
        (-1, None, True),
        (None, None, False),
        ("1e-999999", None, True),
    ],
)
def test_an_amount_is_in_millionths(value: Any, micros: int | None, *, changed: bool) -> None:
    assert micros_of(value) == (micros, changed)


@pytest.mark.parametrize(
    ("text", "repaired"),
    [
        ("Two\nlines\tand a tab 🌫️", "Two\nlines\tand a tab 🌫️"),
        ("\ufeffmarked", "marked"),
        ("NUL\0 and \x1b[31m red", "NUL and [31m red"),
        ("half \ud83d of an emoji, and a byte \udcff", "half  of an emoji, and a byte "),
        ("only\r\nits\r\nown\r\n", "only\r\nits\r\nown\r\n"),
        ("old\rMac\r", "old\rMac\r"),
        ("mixed\r\nline\rends\n", "mixed\nline\nends\n"),
    ],
)
def test_a_text_has_no_controls_and_one_kind_of_line_end(text: str, repaired: str) -> None:
    assert repaired_text(text) == repaired


@pytest.mark.parametrize(("text", "line"), [("one", "one"), ("a\r\nb\nc", "a b c"), ("\ufeffx\0y\u2028z", "xy z")])
def test_a_line_has_no_line_ends(text: str, line: str) -> None:
    assert repaired_line(text) == line
