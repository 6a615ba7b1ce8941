"""Words, numbers and texts of legacy columns as values of ours.

A value that had to be changed is returned as well, so that it can be kept: the second of each pair says whether.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from backfill.mapping.model import ColumnRule
from backfill.mapping.targets import Field
from backfill.mapping.values.json_member import member_reader
from backfill.translate.script_lines import clean
from domain.script.validation import EXACT

BYTE_ORDER_MARK = "\ufeff"
MICROS = 1_000_000
# More digits are no amount; and a power of ten as an exponent would take all memory.
MAX_DIGITS = 40


def word_reader(rule: ColumnRule, field: Field) -> Callable[[Any], tuple[str | None, bool]]:
    """The word of a value, and whether the value is none of the accepted ones; None if there is no word for it.

    The words of the mapping come first, then the field's own, both also in another case, then `others`. NULL has none.
    """
    others = rule.others or field.others
    known = {word: word for word in field.words} | rule.values
    in_order = (*((word, word) for word in field.words), *reversed(rule.values.items()))
    in_any_case = {given.strip().casefold(): word for given, word in in_order}

    member = member_reader(rule)

    def read(value: Any) -> tuple[str | None, bool]:
        value = member(value)
        if value is None:
            return None, False
        text = value if isinstance(value, str) else text_of(value)
        word = known.get(text)
        return (in_any_case.get(text.strip().casefold(), others), True) if word is None else (word, False)

    return read


def count_of(value: Any) -> tuple[int | None, bool]:
    """A whole number from 0 below 2^53, and whether the value is another one, or no number."""
    if value.__class__ is int and 0 <= value < EXACT:
        return value, False
    number = _decimal(value)
    if number is None:
        return None, value is not None
    if number != number.to_integral_value() or not 0 <= number < EXACT:
        return None, True
    return int(number), False


def micros_of(value: Any) -> tuple[int | None, bool]:
    """An amount in millionths, and whether the value is none or finer than that."""
    number = _decimal(value)
    if number is None:
        return None, value is not None
    micros = number * MICROS
    whole = micros.to_integral_value()
    if not 0 <= whole < EXACT:
        return None, True
    return int(whole), whole != micros


def text_of(value: Any) -> str:
    """A value as text: a BIT or BINARY as the text of its bytes."""
    return value.decode(errors="surrogateescape") if isinstance(value, bytes) else str(value)


def repaired_text(text: str) -> str:
    """A text without a byte order mark, control characters and half characters, whose line ends are of one kind."""
    if text.isprintable() and not text.startswith(BYTE_ORDER_MARK):
        return text
    text = clean(text.removeprefix(BYTE_ORDER_MARK))
    both = text.count("\r\n")
    kinds = (both > 0) + (text.count("\r") > both) + (text.count("\n") > both)
    return text.replace("\r\n", "\n").replace("\r", "\n") if kinds > 1 else text


def repaired_line(text: str) -> str:
    """The same on one line: a line end becomes a space."""
    return " ".join(repaired_text(text).splitlines()) if not text.isprintable() else repaired_text(text)


def _decimal(value: Any) -> Decimal | None:
    if value is None:
        return None
    text = text_of(value).strip()
    try:
        number = Decimal(text) if len(text) <= MAX_DIGITS else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() and abs(number.adjusted()) <= MAX_DIGITS else None
