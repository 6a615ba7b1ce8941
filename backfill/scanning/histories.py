"""The saves of one script in order, as the checks see them: facts about each, and what to remember of those before."""

from __future__ import annotations

from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

from backfill.content.recognise import decode
from backfill.content.shape import LegacyLine
from backfill.mapping.mapped_table import MappedTable
from backfill.mapping.model import EPOCH, MICROSECOND
from backfill.mapping.values.epoch_numbers import FIRST, LAST, UNITS, epoch_number
from domain.errors import Rejected
from domain.script.validation import check_id, check_text

_encode = msgspec.json.Encoder().encode
# Lines whose text was valid in an earlier save are not checked again; no more of them are remembered than this.
MAX_KNOWN_LINES = 200_000
LINES_PER_PART = 1_000


class Content:
    """A whole script: decoded lines, or the refusal instead."""

    def __init__(self, data: bytes | None, shape: str | None = None) -> None:
        self.length = 0 if data is None else len(data)
        self.refusal: Rejected | None = None
        self.shape = ""
        self.lines: tuple[LegacyLine, ...] = ()
        if data is None:
            return
        try:
            decoded = decode(data, shape)
            self.shape, self.lines = decoded.shape, decoded.lines
        except Rejected as refusal:
            self.refusal = refusal.alone()
        self.digest = _digest(data, self.lines if self.refusal is None else None)

    digest = 0

    @property
    def is_empty(self) -> bool:
        """Whether it was decoded and holds no text."""
        return self.refusal is None and not any(line.text.strip() for line in self.lines)

    def text_lines(self) -> int:
        """The number of lines with text."""
        return sum(1 for line in self.lines if line.text and not line.text.isspace())


class Save:
    """One save of a script."""

    def __init__(self, table: MappedTable, key: str, values: dict[str, Any], data: bytes | None) -> None:
        self.table = table
        self.key = key
        self.number = _number(values.get("version_number"))
        self.at = _time(table, values.get("created_at"))
        self.actor = values.get("actor")
        self.branch = values.get("branch")
        patch = values.get("patch")
        self.patch: str | None = None if patch is None else _text(patch)
        self.has_patch = patch is not None
        self.hash = values.get("hash")
        self.has_content = data is not None
        self.data = data
        self.content = Content(data, table.content_shape(key))
        self.ids = [line.id for line in self.content.lines if line.id is not None]
        self.id_set = set(self.ids)
        self.text_lines = self.content.text_lines()

    def forget(self) -> None:
        """Drop what later saves are not compared with."""
        self.data = self.patch = None
        self.content.lines = ()
        self.ids = []


class History:
    """What is known of the saves of one script before the one that is looked at."""

    def __init__(self, table: MappedTable, script: Any) -> None:
        self.table = table
        self.script = script
        self.saves = 0
        self.previous: Save | None = None
        self.number = 0  # the highest so far
        self.has_text = False  # whether a save holds a whole text
        self.ever: set[str] = set()
        self.branches: set[Any] = set()
        self.wiped: list[tuple[Save, Save]] = []  # the save before, and the one that lost lines
        self.restored: dict[str, Save] = {}
        self._known: set[int] = set()

    def add(self, save: Save) -> None:
        """Remember a save."""
        save.forget()
        self.saves += 1
        self.previous = save
        self.has_text = self.has_text or save.has_content
        if save.number is not None:
            self.number = max(self.number, save.number)
        self.ever |= save.id_set

    def new_lines(self, save: Save) -> list[LegacyLine]:
        """The lines that no earlier save of the script had with this text."""
        # Hashes of 64 bits take a tenth of the memory of texts.
        known = self._known
        new = [line for line in save.content.lines if hash(line.text) not in known]
        if len(known) > MAX_KNOWN_LINES:
            known.clear()
        known.update([hash(line.text) for line in new])
        return new


def refusals_of(lines: list[LegacyLine], ids: set[str]) -> list[tuple[str, Rejected]]:
    """The refusals that our own validators have for texts and ids of lines: the first one of each code."""
    refusals: dict[str, tuple[str, Rejected]] = {}
    for line in lines:
        _collect(refusals, "text", check_text, line.text)
    for line_id in ids:
        _collect(refusals, "id", check_id, line_id)
    return list(refusals.values())


def _collect(refusals: dict[str, tuple[str, Rejected]], field: str, validate: Any, value: str) -> None:
    try:
        validate(field, value)
    except Rejected as refusal:
        refusals.setdefault(refusal.code, (value, refusal.alone()))


def _number(value: Any) -> int | None:
    """A version number, which some applications keep as text; None if it is none."""
    if isinstance(value, str) and len(value) < 19 and value.isascii() and value.isdigit():
        return int(value)
    return int(value) if isinstance(value, int | Decimal) and value == int(value) else None


def _time(table: MappedTable, value: Any) -> str | None:
    """A time as text that sorts as the times do, also where it is a number since 1970."""
    unit = table.rule_of(table.column("created_at") or "").unit
    number = None if unit is None or value is None else epoch_number(value)
    if unit is None or number is None:
        return value if isinstance(value, str) else None
    at = number * UNITS[unit] if not isinstance(number, Decimal) or number.is_finite() else 0
    return str(EPOCH + int(at) * MICROSECOND) if at and FIRST <= at <= LAST else None


def _text(value: Any) -> str:
    return value.decode(errors="surrogateescape") if isinstance(value, bytes) else str(value)


def _digest(data: bytes, lines: tuple[LegacyLine, ...] | None) -> int:
    """A number that equal contents share: of the decoded lines, so that spelling does not matter."""
    digest = blake2b(data if lines is None else b"", digest_size=7)
    for start in range(0, len(lines or ()), LINES_PER_PART):
        digest.update(_encode((lines or ())[start : start + LINES_PER_PART]))
    return int.from_bytes(digest.digest(), "big")
