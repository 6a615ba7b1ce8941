"""The text of a mapping file: TOML with a comment on each table and column, written to be read and edited."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, structs

from backfill.mapping.draft import Draft
from backfill.mapping.model import ColumnRule, TableRule
from backfill.mapping.targets import TARGETS
from domain.visible_text import visible

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_COMMENT_COLUMN = 60

HEAD = """\
# The mapping of a legacy database: what each table and each column becomes.
#
# Review this file and edit it like code. `scriptledger legacy map --check` compares it with the source: every table and
# every column must be mapped, by one of
#
#     column = "field"                                a field of the table's target
#     column = { to = "field", … }                    the same, with more rules
#     column = { keep = true }                        kept as JSON, in legacy_rows, by table and key
#     column = { drop = "why it may be lost" }        not carried over
#
# Moments say in which time zone a column was written. Where several programs wrote into it, `writers` tells their rows
# apart; the first that fits counts:
#
#     created_at = { to = "created_at", time_zone = "UTC", writers = [
#       { time_zone = "America/Chicago", before = "2021-05-01" },
#       { time_zone = "-06:00", whole_seconds = true },
#       { time_zone = "-06:00", column = "source", equals = "import" } ] }
#
# A field with accepted words takes `values = { theirs = "ours" }`, and `others = "ours"` for the rest; the `type` of
# elements and the `format` of lines take `values` too. A deleted row is recognised by `archived_at` or `deleted_at`, or
# by a flag: `state = { to = "archived", values = { trash = "true" } }`. The status of a script may say it as well:
# `status = { to = "status", values = { review = "in_progress", trash = "archived" } }`.
#
# A word within JSON is named by its member, with a dot for each object around it; the column is kept as well:
#
#     meta = { to = "author", member = "edit.source", values = { assistant = "ai", human = "user" } }
#
# Of a table: `drop = "why"` instead of `becomes`; `set = { type = "beat" }` for a field that no column holds; `key`,
# the columns that identify a row, where it has no key; `keys = "assigned"` gives rows new numbers, and
# `key_map = { ckq1 = 17 }` chooses one. Of versions and lines: `history`, which is full_saves, patches, branches,
# hashes or linked_lines; of branches `branches = "own_script"`. Of patches `patch_layout`: the patch of a row makes its
# text from that of the row before or after (from_previous, from_next), or theirs from its own (to_previous, to_next).
#
# Where the content of a row is recognised wrongly, and where a finding of `legacy scan` needs a decision of its own:
#
#     shapes = [ { key = [12], shape = "fountain" } ]
#     decisions = [ { code = "L06", key = [7], do = "assign", to = 3 },
#                   { code = "L05", key = [9], do = "skip", reason = "a test" } ]
#
# Of users: `{ code = "L14", key = [7], do = "merge", to = 3 }` makes two accounts with one address one person, user 3.
#
# Bytes, as in a BINARY(16) of UUIDs, are written in hexadecimal digits: `key = ["00112233445566778899aabbccddeeff"]`.
#
# Of sessions: `skip_expired_before = "2026-11-01"` leaves those out that ended before, in UTC.
#
"""
TARGETS_TITLE = "# Targets and their fields; * is needed:\n#\n"
DECISIONS = """\
# What is done about each anomaly, instead of its default: block, quarantine, repair or report.
[decisions]
# L12 = "repair"
"""


def mapping_text(draft: Draft) -> str:
    """The text of a drafted mapping."""
    mapping = draft.mapping
    parts = [HEAD, TARGETS_TITLE, *_targets(), "\n", f"format = {mapping.format}\n\n"]
    parts += [
        "[source]\n",
        f"name = {_value(mapping.source.name)}\n",
        f"product = {_value(mapping.source.product)}\n\n",
    ]
    parts += [DECISIONS, *(f"{code} = {_value(action)}\n" for code, action in mapping.decisions.items())]
    for name, rule in mapping.tables.items():
        comments = {column: draft.columns.get((name, column), "") for column in rule.columns}
        parts += ["\n", *_table(name, rule, draft.tables.get(name, ""), comments)]
    return "".join(parts)


def _targets() -> Iterator[str]:
    for target in TARGETS.values():
        yield f"# {target.name}: {target.about}\n"
        fields = [f"{name}{'*' if field.required else ''}" for name, field in target.fields.items()]
        if target.open_group:
            fields.append(f"{target.open_group}.<name>")
        if fields:
            yield f"#     {', '.join(fields)}\n"


def _table(name: str, rule: TableRule, comment: str, comments: Mapping[str, str]) -> Iterator[str]:
    yield _commented(f"[tables.{toml_key(name)}]", comment)
    options = structs.asdict(rule)
    columns = options.pop("columns")
    defaults = TableRule(schema="")
    for option, value in options.items():
        if value != getattr(defaults, option) or (option == "history" and value != "none"):
            yield f"{option} = {_value(value)}\n"
    if columns:
        yield f"\n[tables.{toml_key(name)}.columns]\n"
        for column, column_rule in columns.items():
            yield _commented(f"{toml_key(column)} = {_column(column_rule)}", comments.get(column, ""))


def _column(rule: ColumnRule) -> str:
    given = {name: value for name, value in structs.asdict(rule).items() if value != getattr(ColumnRule(), name)}
    return _value(rule.to) if given.keys() == {"to"} else _value(given)


def _commented(line: str, comment: str) -> str:
    return f"{line:<{_COMMENT_COLUMN}} # {visible(comment)}\n" if comment else f"{line}\n"


def toml_key(name: str) -> str:
    """A name as a key of TOML, quoted if it has to be."""
    return name if _BARE.fullmatch(name) else _value(name)


def _escaped(character: str) -> str:
    return character if visible(character) == character else f"\\U{ord(character):08x}"


def _value(value: Any) -> str:
    """A value as TOML on one line. A JSON string is a TOML string, except for lone surrogates and hidden characters."""
    if isinstance(value, str):
        clean = json.dumps(value.encode(errors="replace").decode(), ensure_ascii=False)
        return clean if clean.isprintable() else "".join(map(_escaped, clean))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_value, value))}]"
    given = structs.asdict(value) if isinstance(value, Struct) else value
    inner = ", ".join(f"{toml_key(name)} = {_value(each)}" for name, each in given.items() if each is not None)
    return f"{{ {inner} }}" if inner else "{}"
