"""Rows that a backfill set aside: the line that decides about one is copied from the output, and no secret is shown."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.running import CommandLine

URL = "sqlite:///legacy.db"
RUN = ("backfill", "run", URL, "--mapping", "legacy.toml", "--no-scan", "--in-process")
TOKEN = "0123456789abcdef0123456789abcdef"
TABLES = f"""
CREATE TABLE users (pk INTEGER PRIMARY KEY, id INT NOT NULL UNIQUE, email TEXT NOT NULL, created_at TEXT);
INSERT INTO users VALUES (1, 900, 'ada@example.org', '2024-01-01'), (900, 7, 'no address', '2024-01-01');
CREATE TABLE scripts (pk INTEGER PRIMARY KEY, id INT UNIQUE, user_id INT, title TEXT, content TEXT, created_at TEXT);
INSERT INTO scripts VALUES (3, 41, 900, 'Mine', 'One.', '2024-01-02 00:00:00'),
  (41, 5, 99, 'Lost', 'Two.', '2024-01-02 00:00:00');
CREATE TABLE sessions (token VARCHAR(64) PRIMARY KEY, user_id INT, created_at TEXT, expires_at TEXT);
INSERT INTO sessions VALUES ('{TOKEN}', 12, '2024-01-03 10:00:00', '2024-02-03 10:00:00');
"""


@pytest.fixture
def command_line(home: Path, tmp_path: Path) -> CommandLine:
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as connection:
        connection.executescript(TABLES)
    command_line = CommandLine(home, warm=True)
    assert command_line("legacy", "map", URL, "-o", "legacy.toml").status == 0
    command_line(*RUN)
    return command_line


def test_the_decision_that_is_printed_holds_for_users_and_scripts_too(command_line: CommandLine, tmp_path: Path):
    listed = command_line("backfill", "quarantine", "list", "--json").json["rows"]
    numbers = {(row["table"], row["key"]): row["number"] for row in listed if row["table"] != "sessions"}
    assert set(numbers) == {("users", "[900]"), ("scripts", "[41]")}

    mapping = (tmp_path / "legacy.toml").read_text()
    for (table, _), number in numbers.items():
        shown = command_line("backfill", "quarantine", "show", number)
        [line] = re.findall(r"(?m)^  (decisions = .*)$", shown.out)
        line = line.replace('do = "quarantine"', 'do = "skip", reason = "a test"')
        mapping = mapping.replace(f'\nbecomes = "{table}"\n', f'\nbecomes = "{table}"\n{line}\n')
    (tmp_path / "legacy.toml").write_text(mapping)

    assert command_line("legacy", "map", URL, "--check", "legacy.toml").status == 0
    assert command_line("backfill", "retry", "--quarantined").status == 0
    ran = command_line(*RUN, "--json")
    assert [(reason["table"], reason["code"]) for reason in ran.json["reasons"]] == [("sessions", "L05")]
    assert {table["table"]: table["skipped"] for table in ran.json["tables"]} == {
        "scripts": 1,
        "sessions": 0,
        "users": 1,
    }


def test_a_decision_to_quarantine_a_script_counts_for_this_script_alone(command_line: CommandLine, tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as connection:
        connection.execute("INSERT INTO scripts VALUES (42, 6, 99, 'Lost too', 'Three.', '2024-01-02 00:00:00')")
        connection.commit()
    mapping = (tmp_path / "legacy.toml").read_text()
    mapping = mapping.replace("[decisions]\n", '[decisions]\nL05 = "block"\n')
    decided = 'becomes = "scripts"\ndecisions = [ { code = "L05", key = [41], do = "quarantine" } ]'
    (tmp_path / "legacy.toml").write_text(mapping.replace('becomes = "scripts"', decided))

    ran = command_line(*RUN, "--json")
    certified = command_line("backfill", "certify", URL, "--mapping", "legacy.toml", "--json")

    undecided = [problem for problem in certified.json["problems"] if problem["check"] == "decisions"]
    assert {(problem["table"], problem["key"]) for problem in undecided if problem["table"] != "sessions"} == {
        ("scripts", "42")
    }
    assert (ran.status, ran.json["undecided"]) == (1, len(undecided)) == (1, 2)


def test_a_session_is_named_by_its_user_and_times_and_never_by_its_token(command_line: CommandLine, tmp_path: Path):
    listed = command_line("backfill", "quarantine", "list")
    as_json = command_line("backfill", "quarantine", "list", "--json")
    [row] = [row for row in as_json.json["rows"] if row["table"] == "sessions"]
    shown = command_line("backfill", "quarantine", "show", row["number"])
    status = command_line("backfill", "status")
    certified = command_line("backfill", "certify", URL, "-o", "certificate")

    label = "user_id 12, created_at 2024-01-03 10:00:00, expires_at 2024-02-03 10:00:00"
    assert row["label"] == label
    assert label in listed.out
    assert label in " ".join(shown.out.split())
    assert "Its key is not shown, because it may be a secret or an address" in " ".join(shown.out.split())
    files = [file.read_text() for file in (tmp_path / "certificate").iterdir()]
    assert len(files) == 2
    for text in (listed.out, as_json.out, shown.out, status.out, certified.out, *files):
        assert TOKEN not in text


def test_the_mapping_takes_the_decision_that_is_shown_with_a_quarantined_row(home: Path, tmp_path: Path):
    command_line = CommandLine(home, warm=True)
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as connection:
        connection.executescript(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, created_at TEXT);"
            "CREATE TABLE [all scripts] (id INTEGER PRIMARY KEY, user_id INT, title TEXT, content TEXT, created_at);"
            "INSERT INTO users VALUES (1, 'ada@example.org', '2024-01-01'), (2, 'none', '2024-01-01');"
            "INSERT INTO [all scripts] VALUES (7, 99, 'Lost', 'INT. HOUSE - DAY', '2024-01-02 00:00:00'),"
            " (8, 99, 'Lost too', 'INT. BARN - DAY', '2024-01-02 00:00:00');"
            "CREATE TABLE chat_messages (id INTEGER PRIMARY KEY, script_id INT, user_id INT, role TEXT, content TEXT);"
            "INSERT INTO chat_messages VALUES (5, 77, 1, 'user', 'Of a script that is gone.')"
        )
    tables = ("-t", "all scripts=scripts", "-t", "chat_messages=chat_messages")
    assert command_line("legacy", "map", URL, *tables, "-o", "legacy.toml").status == 0

    tried = command_line(*RUN[:5], "--dry-run")
    reasons = command_line(*RUN, "--json").json["reasons"]
    numbers = {
        (row["table"], row["key"]): row["number"]
        for row in command_line("backfill", "quarantine", "list", "--json").json["rows"]
    }
    shown = command_line("backfill", "quarantine", "show", numbers["all scripts", "[7]"])
    message = command_line("backfill", "quarantine", "show", numbers["chat_messages", "[5]"], "--json").json

    assert "4 rows would be quarantined" in tried.out
    # A user cannot take the place of the script.
    assert message["decisions"] == ["quarantine", "skip"]
    assert [(each["table"], each["code"], each["rows"], each["key"]) for each in reasons] == [
        ("all scripts", "L05", 2, "[7]"),
        ("chat_messages", "L05", 1, "[5]"),
        ("users", "L29", 1, "[2]"),
    ]
    line = 'decisions = [ { code = "L05", key = [7], do = "quarantine" } ]'
    assert f'To decide it, add to [tables."all scripts"] in the mapping:\n  {line}\n' in shown.out
    assert 'instead of quarantine: "assign" with `to`, the id of a user, "skip" with `reason`' in shown.out
    mapping = tmp_path / "legacy.toml"
    decided = line.replace('do = "quarantine"', 'do = "assign", to = 1')
    mapping.write_text(mapping.read_text().replace('becomes = "scripts"', f'becomes = "scripts"\n{decided}'))
    assert command_line("backfill", "retry", "--quarantined").status == 0
    mended = command_line(*RUN, "--json")
    assert [(each["table"], each["key"]) for each in mended.json["reasons"]] == [
        ("all scripts", "[8]"),
        ("chat_messages", "[5]"),
        ("users", "[2]"),
    ]
    # TOML takes `decisions` of a table once.
    listed = command_line("backfill", "quarantine", "list", "--json").json["rows"]
    number = next(row["number"] for row in listed if row["key"] == "[8]")
    also = '{ code = "L05", key = [8], do = "quarantine" }'
    shown = command_line("backfill", "quarantine", "show", number)
    assert f'add to the decisions of [tables."all scripts"] in the mapping:\n  {also}\n' in shown.out
    mapping.write_text(mapping.read_text().replace(decided, f"{decided[:-2]}, {also} ]"))
    assert command_line("legacy", "map", URL, "--check", "legacy.toml").status == 0
