"""Story elements and personas as legacy rows hold them, and why a row cannot become one.

A payload is the JSON object of the content column, else `{"content": …}`; columns mapped to `payload.<name>` and the
row's own times join it. What had to be changed is kept next to it: `legacy_type`, `legacy_source`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from backfill.content.strict_json import parse
from backfill.kept_columns import json_value
from backfill.mapping.flags import flag_reader
from backfill.mapping.mapped_table import MappedTable
from backfill.mapping.targets import TARGETS
from backfill.mapping.values.epoch_numbers import FIRST, LAST
from backfill.translate.moments import EPOCH, MICROSECOND, moment_reader
from backfill.translate.script_lines import our_id
from backfill.translate.words import repaired_line, repaired_text, text_of, word_reader
from domain.commands.kinds.element import check_element
from domain.commands.kinds.persona import check_persona
from domain.errors import Rejected
from domain.script.state import Element, Persona
from domain.script.validation import is_exact

UNKNOWN_TYPE = "unknown"
CONTENT = "content"
# Columns that hold JSON whatever their type is, as the scan sees them.
JSON_NAMES = ("payload", "tags", "metadata")

_NOT_OF_A_NAME = re.compile("[^a-z0-9]+")
_MAX_NAME = 64


class UnfitRow(Exception):
    """A row that cannot be brought over: the code of its finding, the refusal of its value, and the column."""

    def __init__(self, code: str, refusal: str, column: str | None, value: Any = None) -> None:
        super().__init__(code)
        self.code, self.refusal, self.column, self.value = code, refusal, column, value


class DescribedRow(NamedTuple):
    """A row as a story element or a persona.

    Times are microseconds since 1970 UTC, None where the row has none. `content` shows whether an element grew,
    and `repaired` names the columns whose values were changed.
    """

    thing: Element | Persona
    script: Any
    user: Any
    at: int | None
    removed: bool
    removed_at: int | None
    content: str
    repaired: tuple[str, ...]


class DescribedRows:
    """Translates the rows of one table, whose values come in the order of `columns`.

    `prefix` begins the ids of a table that is not the only one of its kind.
    """

    def __init__(self, table: MappedTable, columns: Sequence[str], *, prefix: str = "") -> None:
        self._table = table
        self._prefix = prefix
        self._places = {name: place for place, name in enumerate(columns)}
        target = TARGETS[table.target]
        self._moments = {
            field: (self._places[name], moment_reader(table.rule_of(name), columns))
            for field in ("created_at", "updated_at", "deleted_at")
            if (name := table.column(field)) in self._places and name is not None
        }
        name = table.column("source")
        self._source = word_reader(table.rule_of(name), target.fields["source"]) if name else None
        name = table.column("type")
        self._types = table.rule_of(name).values if name else {}
        name = table.column("deleted")
        self._deleted = flag_reader(table.rule_of(name)) if name else None

    def translate(self, key: tuple[Any, ...], row: Sequence[Any]) -> DescribedRow:
        """The row as one of ours.

        Raises:
            UnfitRow: it cannot become one.
        """
        repaired: list[str] = []
        created, updated, deleted = (self._moment(field, row, repaired) for field in self._MOMENTS)
        payload = self._payload(row, repaired)
        for name, at in (("created_at", created), ("updated_at", updated)):
            if at is not None and name not in payload:
                payload[name] = _written(at)
        name = "/".join(map(text_of, key))
        thing_id = our_id(f"{self._prefix}.{name}" if self._prefix else name)
        make = self._element if self._table.target == "elements" else self._persona
        content = self._value("content" if self._table.target == "elements" else "description", row)
        return DescribedRow(
            thing=make(thing_id, row, payload, repaired),
            script=self._value("script_id", row),
            user=self._value("user_id", row),
            at=created if updated is None else max(updated, created or updated),
            removed=deleted is not None or self._is_deleted(row),
            removed_at=deleted,
            content=content if isinstance(content, str) else "",
            repaired=tuple(repaired),
        )

    _MOMENTS = ("created_at", "updated_at", "deleted_at")

    def _element(self, name: str, row: Sequence[Any], payload: dict[str, Any], repaired: list[str]) -> Element:
        kind = self._table.rule.set.get("type") or text_of(self._value("type", row) or "")
        ours = self._types.get(kind, kind)
        ours = _NOT_OF_A_NAME.sub("_", ours.lower()).strip("_")[:_MAX_NAME].strip("_")
        if not ours[:1].isalpha():
            ours = UNKNOWN_TYPE
        if ours != kind:
            repaired.append(self._table.column("type") or "type")
            payload.setdefault("legacy_type", repaired_line(kind))
        source = self._table.rule.set.get("source", "user")
        if self._source is not None and (raw := self._value("source", row)) is not None:
            word, is_other = self._source(raw)
            source = word or "user"
            if is_other:
                repaired.append(self._table.column("source") or "source")
                payload.setdefault("legacy_source", repaired_line(text_of(raw)))
        element = Element(name, ours, payload, source)  # type: ignore[arg-type]
        self._check(lambda: check_element("element", element))
        return element

    def _persona(self, name: str, row: Sequence[Any], payload: dict[str, Any], repaired: list[str]) -> Persona:
        texts = {}
        for field, repair in (("name", repaired_line), ("description", repaired_text)):
            value = self._value(field, row)
            text = "" if value is None else text_of(value)
            texts[field] = repair(text)
            if texts[field] != text:
                repaired.append(self._table.column(field) or field)
        persona = Persona(name, texts["name"], texts["description"], payload)
        self._check(lambda: check_persona("persona", persona))
        return persona

    def _check(self, check: Callable[[], object]) -> None:
        try:
            check()
        except Rejected as refusal:
            field = str(refusal.facts.get("field", "")).partition(".")[2].split(".")[0].split("[")[0]
            column = self._table.column("content" if field == "payload" else field)
            raise UnfitRow("L29", refusal.code, column) from None

    def _payload(self, row: Sequence[Any], repaired: list[str]) -> dict[str, Any]:
        more = {
            field.partition(".")[2]: self._member(name, row[place], repaired)
            for name, field in self._table.fields.items()
            if field.startswith("payload.") and (place := self._places.get(name)) is not None
        }
        more = {name: value for name, value in more.items() if value is not None}
        column = self._table.column("content") if self._table.target == "elements" else None
        if column is None or column not in self._places or row[self._places[column]] is None:
            return more
        content = self._json_or_text(column, row[self._places[column]], repaired)
        if isinstance(content, dict) and not content.keys() & more.keys():
            return content | more
        return {CONTENT: content} | more if CONTENT not in more else {CONTENT: content, "columns": more}

    def _member(self, column: str, value: Any, repaired: list[str]) -> Any:
        if isinstance(value, str):
            if self._holds_json(column):
                return self._json(column, value, repaired)
            return _repaired(value, column, repaired)
        if isinstance(value, Decimal) and value == value.to_integral_value() and is_exact(int(value)):
            return int(value)
        return json_value(value)

    def _json_or_text(self, column: str, value: Any, repaired: list[str]) -> Any:
        text = text_of(value)
        if self._holds_json(column) or text.startswith('{"'):
            return self._json(column, text, repaired)
        if text.startswith(("{", "[")):
            try:
                return self._json(column, text, repaired)
            except UnfitRow:
                pass  # a text in brackets
        return _repaired(text, column, repaired)

    def _json(self, column: str, text: str, repaired: list[str]) -> Any:
        try:
            value = parse(text.encode(errors="surrogateescape"))[0]
        except Rejected as refusal:
            raise UnfitRow("L15", refusal.code, column, text) from None
        return _repaired(value, column, repaired)

    def _holds_json(self, column: str) -> bool:
        return self._table.described(column).kind == "json" or column.lower() in JSON_NAMES

    def _moment(self, field: str, row: Sequence[Any], repaired: list[str]) -> int | None:
        if field not in self._moments:
            return None
        place, read = self._moments[field]
        at, doubt = read(row[place], row)
        if at is not None and not FIRST <= at <= LAST:
            at, doubt = None, "unreadable"  # no date in UTC has its year
        if doubt:
            repaired.append(self._table.column(field) or field)
        return at

    def _is_deleted(self, row: Sequence[Any]) -> bool:
        return self._deleted is not None and self._deleted(self._value("deleted", row))

    def _value(self, field: str, row: Sequence[Any]) -> Any:
        place = self._places.get(self._table.column(field) or "")
        return None if place is None else row[place]


def _repaired(value: Any, column: str, repaired: list[str]) -> Any:
    """A JSON value whose texts hold no character that we refuse."""
    found = _with_repaired_texts(value)
    if found != value:
        repaired.append(column)
    return found


def _with_repaired_texts(value: Any) -> Any:
    if isinstance(value, str):
        return repaired_text(value)
    if isinstance(value, dict):
        return {name: _with_repaired_texts(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_repaired_texts(inner) for inner in value]
    return value


def _written(at: int) -> str:
    """A time as ISO 8601 in UTC."""
    return (EPOCH + at * MICROSECOND).isoformat() + "Z"
