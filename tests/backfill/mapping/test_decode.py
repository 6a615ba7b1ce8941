"""Strict decoding of mapping files: each wrong name or value is named."""

from __future__ import annotations

import pytest

from backfill.mapping.decode import decode
from backfill.mapping.model import ColumnRule, RowDecision, WriterRule
from backfill.mapping.problem import BadMapping

WHOLE = """
format = 1
[source]
name = "mysql://host/legacy"
[decisions]
L12 = "repair"
[tables.users]
becomes = "users"
schema = "0123456789ab"
key_map = { ckq1 = 17 }
shapes = [ { key = [12, "a"], shape = "fountain" } ]
decisions = [ { code = "L06", key = [7], do = "assign", to = 3 },
              { code = "L05", key = [9], do = "skip", reason = "a test" } ]
[tables.users.columns]
id = "id"
born = { drop = "never shown" }
note = { keep = true }
at = { to = "created_at", time_zone = "UTC", writers = [ { time_zone = "-06:00", whole_seconds = true } ] }
"""


def codes(text: str) -> list[tuple[str, str]]:
    """The code and the place of every problem of a file."""
    with pytest.raises(BadMapping) as raised:
        decode(text)
    return [(problem.code, problem.where) for problem in raised.value.problems]


def test_a_whole_file_is_decoded():
    mapping = decode(WHOLE)
    users = mapping.tables["users"]
    assert mapping.decision("L12") == "repair"
    assert mapping.decision("L13") is None
    assert users.key_map == {"ckq1": 17}
    assert users.decision("L06", ("7",)) == RowDecision(code="L06", key=(7,), do="assign", to=3)
    assert users.decision("L06", (8,)) is None
    assert users.columns["born"] == ColumnRule(drop="never shown")
    assert users.columns["at"].writers == (WriterRule(time_zone="-06:00", whole_seconds=True),)
    assert users.field_columns() == {"id": "id", "created_at": "at"}
    assert list(mapping.tables_for("users")) == ["users"]


SESSIONS = """
format = 1
[source]
name = "legacy"
[tables.sessions]
becomes = "sessions"
schema = "abc"
skip_expired_before = "{}"
[tables.sessions.columns]
id = "id"
expires = "expires_at"
"""


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", [("unknown_format", "")]),
        ("format = 2", [("unknown_format", "")]),
        ("format = true", [("unknown_format", "")]),
        ("format = 1.0", [("unknown_format", "")]),
        ("[format]\na = 1", [("unknown_format", "")]),
        ("format = 1", [("wrong_rule", "source"), ("no_tables", "tables")]),
        ("format = ", [("not_toml", "")]),
        ("format = 1\nformat = 1", [("not_toml", "")]),
        ("\x00", [("not_toml", "")]),
        ("a = " + "[" * 100_000, [("not_toml", "")]),
        ("format = " + "9" * 5_000, [("not_toml", "")]),
        ("format = 1\n[tables.a]\ndecisions = [ { key = [0x" + "f" * 5_000 + "] } ]", [("not_toml", "")]),
    ],
)
def test_a_file_that_is_no_mapping_is_named(text: str, wanted: list[tuple[str, str]]):
    assert codes(text) == wanted


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("[decisions]", "[decision]", ("unknown_name", "")),
        ('L12 = "repair"', 'L46 = "repair"', ("unknown_code", "decisions")),
        ('L12 = "repair"', 'l12 = "repair"', ("unknown_code", "decisions")),
        ('L12 = "repair"', 'L12 = "ignore"', ("wrong_rule", "decisions")),
        ('becomes = "users"', "", ("no_rule", "users")),
        ('becomes = "users"', 'becomes = "users"\ndrop = "twice"', ("no_rule", "users")),
        ('becomes = "users"', 'drop = "  "', ("no_reason", "users")),
        ('becomes = "users"', 'become = "users"', ("wrong_rule", "users")),
        ("ckq1 = 17", 'ckq1 = "17"', ("wrong_rule", "users")),
        ('id = "id"', "id = 5", ("wrong_rule", "users.id")),
        ('id = "id"', "id = []", ("wrong_rule", "users.id")),
        ('id = "id"', 'id = { to = "id", keep = true }', ("no_rule", "users.id")),
        ('id = "id"', "id = {}", ("no_rule", "users.id")),
        ('id = "id"', 'id = { too = "id" }', ("wrong_rule", "users.id")),
        ('drop = "never shown"', 'drop = ""', ("no_reason", "users.born")),
        ("keep = true", "keep = false", ("no_rule", "users.note")),
        (", whole_seconds = true", "", ("no_rule", "users.at")),
        ("whole_seconds = true", 'column = "x"', ("no_rule", "users.at")),
        ("whole_seconds = true", 'whole_seconds = true, before = "2020-01-01"', ("no_rule", "users.at")),
        (', reason = "a test"', "", ("no_reason", "users")),
        (", to = 3", "", ("no_rule", "users")),
        ('code = "L05"', 'code = "L99"', ("unknown_code", "users")),
        ("[tables.users.columns]", "[tables.users.column]", ("wrong_rule", "users")),
        ("[tables.users]", "[tables]\nother = 1\n[tables.users]", ("wrong_type", "other")),
    ],
)
def test_a_wrong_rule_is_named_where_it_is(old: str, new: str, wanted: tuple[str, str]):
    assert old in WHOLE
    assert codes(WHOLE.replace(old, new, 1)) == [wanted]


@pytest.mark.parametrize(
    "before", ["2026-11-01", "2026-11-01T01:00:00+01:00", "2026-11-01 00:00:00", "2026-11-01T00:00:00Z"]
)
def test_sessions_that_ended_before_a_time_can_be_left_out(before: str):
    rule = decode(SESSIONS.format(before)).tables["sessions"]
    assert rule.first_expiry == 1_793_491_200_000_000


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("2026-11-01", "yesterday", ("wrong_rule", "sessions")),
        ("2026-11-01", "", ("wrong_rule", "sessions")),
        ('"2026-11-01"', "2026", ("wrong_rule", "sessions")),
        ('"expires_at"', '"seen_at"', ("no_rule", "sessions")),
        ('"sessions"', '"users"', ("no_rule", "sessions")),
    ],
)
def test_a_wrong_time_of_expiry_is_named(old: str, new: str, wanted: tuple[str, str]):
    assert codes(SESSIONS.format("2026-11-01").replace(old, new, 1)) == [wanted]


def test_every_problem_is_named_not_only_the_first():
    text = WHOLE.replace('id = "id"', "id = 5").replace('"never shown"', '""').replace("L12", "L77")
    assert codes(text) == [("wrong_rule", "users.id"), ("no_reason", "users.born"), ("unknown_code", "decisions")]
