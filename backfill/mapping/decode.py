"""Strict decoding of a mapping file: every unknown name and wrong value is named, not only the first."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import msgspec

from backfill.mapping.model import FORMAT, ColumnRule, Mapping, SourceRule, TableRule
from backfill.mapping.problem import BadMapping, Problem

MAX_MAPPING_BYTES = 16 << 20
# The fields of the file's first level.
_TOP = ("format", "source", "decisions", "tables")
_LARGEST_NUMBER = (1 << 64) - 1
_CODE = re.compile(r"L(0[1-9]|[1-3][0-9]|4[0-5])")


def decode(text: str) -> Mapping:
    """The mapping in a file's text.

    Raises:
        BadMapping: it is not TOML, or not a mapping.
    """
    try:
        data = tomllib.loads(text)
        _require_fitting_numbers(data)
    except tomllib.TOMLDecodeError as error:
        raise BadMapping([Problem("not_toml", "", f"The file is not TOML: {error}.")]) from None
    except (RecursionError, ValueError):  # a number of thousands of digits
        raise BadMapping(
            [
                Problem(
                    "not_toml",
                    "",
                    "The file is not TOML that can be read: it is nested too deep, or holds too long a number.",
                )
            ]
        ) from None
    return _Decoder().mapping(data)


def _require_fitting_numbers(data: Any) -> None:
    """Refuse whole numbers that no database holds: one of thousands of digits, as written in hexadecimal, has no text.

    Raises:
        ValueError: there is one, however deep.
    """
    parts = [data]
    while parts:
        match parts.pop():
            case dict() as group:
                parts += group.values()
            case list() as listed:
                parts += listed
            case int() as number if abs(number) > _LARGEST_NUMBER:
                raise ValueError


class _Decoder:
    """Collects the problems of one file."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def mapping(self, data: dict[str, Any]) -> Mapping:
        if type(written := data.get("format")) is not int or written != FORMAT:
            sentence = (
                f"The file has no `format = {FORMAT}`: it is no mapping, or one of another version of scriptledger."
            )
            raise BadMapping([Problem("unknown_format", "", sentence)])
        for name in data.keys() - set(_TOP):
            self._add("unknown_name", "", f"A mapping has no {name!r}; it has {', '.join(_TOP)}.")
        source = self._converted(data.get("source", {}), SourceRule, "source")
        decisions = self._converted(data.get("decisions", {}), dict[str, Any], "decisions") or {}
        tables = self._converted(data.get("tables", {}), dict[str, Any], "tables") or {}
        if not tables:
            self._add("no_tables", "tables", "The mapping has no tables.")
        rules = {name: rule for name, table in tables.items() if (rule := self._table(name, table)) is not None}
        for code in decisions:
            self._check_code("decisions", code)
        whole = self._converted(
            {"format": FORMAT, "source": {"name": ""}, "tables": {}, "decisions": decisions}, Mapping, "decisions"
        )
        if self.problems or whole is None or source is None:
            raise BadMapping(self.problems)
        return Mapping(format=FORMAT, source=source, tables=rules, decisions=whole.decisions)

    def _table(self, name: str, data: Any) -> TableRule | None:
        if not isinstance(data, dict):
            self._add("wrong_type", name, "A table is a group of rules, [tables.…].")
            return None
        columns = self._converted(data.get("columns", {}), dict[str, Any], f"{name}.columns") or {}
        rules = {column: rule for column, given in columns.items() if (rule := self._column(f"{name}.{column}", given))}
        table: TableRule | None = self._converted({**data, "columns": {}}, TableRule, name)
        if table is None:
            return None
        if (table.becomes is None) == (table.drop is None):
            self._add("no_rule", name, "A table has either `becomes` or `drop`.")
        if table.drop is not None and not table.drop.strip():
            self._add("no_reason", name, "`drop` needs a written reason.")
        for decision in table.decisions:
            self._check_code(name, decision.code)
            what = f"The decision on the row {list(decision.key)}"
            if decision.do == "skip" and not (decision.reason or "").strip():
                self._add("no_reason", name, f"{what} skips it, which needs a written reason.")
            if (decision.do in ("assign", "merge")) != (decision.to is not None):
                self._add("no_rule", name, f"{what} needs `to` with `assign` or `merge`, and only there.")
        self._check_expiry(name, table, {rule.to for rule in rules.values()})
        return msgspec.structs.replace(table, columns=rules)

    def _check_expiry(self, name: str, table: TableRule, fields: set[str | None]) -> None:
        if table.skip_expired_before is None:
            return
        if table.becomes != "sessions" or "expires_at" not in fields:
            self._add("no_rule", name, "`skip_expired_before` is for sessions that have an end, `expires_at`.")
        try:
            _ = table.first_expiry
        except (ValueError, OverflowError):
            self._add("wrong_rule", name, "`skip_expired_before` is a date or a time, such as 2026-11-01T09:00:00Z.")

    def _column(self, where: str, given: Any) -> ColumnRule | None:
        if isinstance(given, str):
            given = {"to": given}
        rule: ColumnRule | None = self._converted(given, ColumnRule, where)
        if rule is None:
            return None
        if [rule.to is not None, rule.drop is not None, rule.keep].count(True) != 1:
            self._add("no_rule", where, "A column has one of `to`, `drop` and `keep = true`.")
            return None
        if rule.drop is not None and not rule.drop.strip():
            self._add("no_reason", where, "`drop` needs a written reason.")
            return None
        for writer in rule.writers:
            marks = [writer.column is not None, writer.before is not None, writer.whole_seconds]
            if marks.count(True) != 1 or (writer.column is None) != (writer.equals is None):
                sentence = "A writer is known by `column` with `equals`, by `before`, or by `whole_seconds = true`."
                self._add("no_rule", where, sentence)
                return None
        return rule

    def _check_code(self, where: str, code: str) -> None:
        if not _CODE.fullmatch(code):
            self._add("unknown_code", where, f"There is no anomaly {code!r}; codes are L01 to L45.")

    def _converted(self, data: Any, kind: Any, where: str) -> Any:
        try:
            return msgspec.convert(data, kind, strict=True)
        except msgspec.ValidationError as error:
            self._add("wrong_rule", where, _sentence(str(error)))
            return None

    def _add(self, code: str, where: str, sentence: str) -> None:
        self.problems.append(Problem(code, where, sentence))


def _sentence(message: str) -> str:
    """msgspec's message as a sentence: "Expected `str`, got `int` - at `$.to`"."""
    what, _, place = message.partition(" - at `$")
    place = place.rstrip("`").lstrip(".")
    return f"{what.rstrip('.')}{f' in {place}' if place else ''}."
