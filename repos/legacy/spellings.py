"""Spellings of MariaDB and MySQL that mean the same, made one."""

from __future__ import annotations

import re

import msgspec

from repos.legacy.schema_shape import CheckShape, ColumnShape

_WIDTH = re.compile(r"\b(tinyint|smallint|mediumint|int|bigint|year)\(\d+\)")
_SYNONYMS = {"integer": "int", "geomcollection": "geometrycollection"}
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?|b'[01]*'|x'[0-9a-f]*'|0x[0-9a-f]+", re.IGNORECASE)
_NOW = re.compile(r"current_timestamp(?:\((\d*)\))?|now\((\d*)\)", re.IGNORECASE)
_ON_UPDATE = re.compile(r"on update (\S+)", re.IGNORECASE)
_IS_JSON = re.compile(r"\(*json_valid\(`((?:[^`]|``)+)`\)\)*", re.IGNORECASE)
_KNOWN_EXTRA = re.compile(
    r"auto_increment|on update \S+|(virtual|stored|persistent) generated|default_generated", re.IGNORECASE
)


def plain_type(full: str) -> str:
    """A type in lower case without display widths; the values of an enum as they are."""
    word, bracket, rest = full.partition("(")
    text = word.lower() + bracket + (rest if "'" in rest else rest.lower())
    text = _WIDTH.sub(r"\1", text)
    first = re.match(r"\w*", text)
    name = first[0] if first else ""
    return _SYNONYMS.get(name, name) + text[len(name) :]


def plain_charset(name: str | None) -> str | None:
    """A character set or collation, with `utf8mb3` for `utf8`."""
    return None if not name else re.sub(r"^utf8(?=_|$)", "utf8mb3", name.lower())


def plain_rule(rule: str) -> str:
    """The rule of a foreign key: InnoDB makes no difference between NO ACTION and RESTRICT."""
    rule = " ".join(rule.lower().split())
    return "restrict" if rule == "no action" else rule


def default_of(default: str | None, extra: str, *, quoted: bool) -> tuple[str | None, str | None]:
    """The default of a column as (literal, expression).

    MariaDB quotes literals since 10.2.7; MySQL never does, and marks expressions.
    """
    if default is None or (quoted and default.upper() == "NULL"):
        return None, None
    if _NOW.fullmatch(default):
        return None, _now(default)
    if not quoted:
        is_expression = "default_generated" in extra.lower()
        return (None, unescaped(default)) if is_expression else (default, None)
    if default.startswith("'"):
        return unquoted(default), None
    return (default, None) if _NUMBER.fullmatch(default) else (None, default)


def on_update_of(extra: str) -> str | None:
    """What a column is set to by every UPDATE."""
    found = _ON_UPDATE.search(extra)
    return _now(found[1]) if found else None


def options_of(extra: str) -> tuple[str, ...]:
    """What else a column is declared as: `invisible`, `without system versioning`."""
    rest = " ".join(_KNOWN_EXTRA.sub(" ", extra).lower().split())
    return (rest,) if rest else ()


def unquoted(literal: str) -> str:
    """The text of a quoted literal."""
    return re.sub(r"''|\\(.)", lambda found: found[1] or "'", literal[1:-1], flags=re.DOTALL)


def unescaped(expression: str) -> str:
    r"""An expression from MySQL's catalog, which writes `_utf8mb4\'a\'` for `_utf8mb4'a'`."""
    return re.sub(r"\\(.)", r"\1", expression, flags=re.DOTALL)


def json_columns(
    columns: list[ColumnShape], checks: list[CheckShape]
) -> tuple[tuple[ColumnShape, ...], tuple[CheckShape, ...]]:
    """The columns and checks of a table, with type `json` for a LONGTEXT that a check says is JSON."""
    checked = {
        check: found[1].replace("``", "`") for check in checks if (found := _IS_JSON.fullmatch(check.expression))
    }
    texts = {column.name for column in columns if column.type in ("longtext", "json")}
    names = texts.intersection(checked.values())
    as_json = tuple(_as_json(column) if column.name in names or column.type == "json" else column for column in columns)
    return as_json, tuple(check for check in checks if checked.get(check) not in names)


def _as_json(column: ColumnShape) -> ColumnShape:
    return ColumnShape(
        column.name,
        "json",
        nullable=column.nullable,
        default=column.default,
        default_expression=column.default_expression,
        generated=column.generated,
        stored=column.stored,
        options=column.options,
    )


def json_as_text(column: ColumnShape) -> ColumnShape:
    """A column of MariaDB whose check is not known: JSON is a LONGTEXT with a check there."""
    text = {"type": "longtext", "charset": None, "collation": None}
    return msgspec.structs.replace(column, **text) if column.type in ("json", "longtext") else column


def _now(text: str) -> str:
    found = _NOW.fullmatch(text)
    if not found:
        return text.lower()
    digits = found[1] or found[2]
    return f"current_timestamp({digits})" if digits and digits != "0" else "current_timestamp"
