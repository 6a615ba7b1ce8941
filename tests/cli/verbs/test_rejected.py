"""Dead letters are listed newest first, and sent again in bulk: each once, however often the command is repeated."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from itertools import count

import pytest

from tests.cli.edits import creation, edit, submission
from tests.cli.running import CommandLine

pytestmark = pytest.mark.slow

_scripts = count(4_000_000)


def title(script: int, number: int, **more: object) -> dict[str, object]:
    command = {"kind": "script.set_metadata", "fields": {"title": f"T{number}"}}
    return submission(script, f"t{number}", command, **more)


@pytest.fixture
def refused(scriptledger: CommandLine) -> int:
    """A script with five dead letters: three edits that came before it, and two that are stale for ever."""
    script = next(_scripts)
    for number in range(3):
        assert scriptledger.submit(title(script, number)).status == 1  # unknown_script
    assert scriptledger.submit(creation(script)).status == 0
    assert scriptledger.submit(edit(script, "e0", "d1", "Call me.")).status == 0
    for number in (1, 2):
        assert scriptledger.submit(edit(script, f"e{number}", "d1", f"Never mind {number}.")).status == 1
    return script


def listed(scriptledger: CommandLine, *args: object) -> list[str]:
    return [row["submission_id"] for row in scriptledger("rejected", "list", "--json", *args).json["rejected"]]


def test_the_newest_come_first_in_pages(scriptledger: CommandLine, refused: int):
    assert listed(scriptledger, "--script", refused) == ["e2", "e1", "t2", "t1", "t0"]
    page = scriptledger("rejected", "--script", refused, "--limit", 2, "--json").json
    assert [row["submission_id"] for row in page["rejected"]] == ["e2", "e1"]
    assert listed(scriptledger, "--script", refused, "--after", page["next"]) == ["t2", "t1", "t0"]
    assert listed(scriptledger, "--script", refused, "--since", "1h", "--code", "stale_line") == ["e2", "e1"]
    assert listed(scriptledger, "--since", "2999-01-01") == []
    table = scriptledger("rejected", "--script", refused, "--limit", 1).out
    assert "e2" in table
    assert "More follow: --after " in table

    wrong = scriptledger("rejected", "--since", "yesterday")
    assert (wrong.status, "is neither an age" in wrong.err) == (2, True)


def test_all_are_sent_again_once_in_their_order(scriptledger: CommandLine, refused: int):
    ran = scriptledger("rejected", "replay", "--all", "--script", refused, "--yes", "--json")
    assert ran.status == 1
    assert ran.json["outcomes"] == {"applied": 3, "refused": 2}
    assert ran.json["codes"] == {"stale_line": 2}
    shown = scriptledger("show", refused, "--json").json
    assert (shown["version"], shown["metadata"]["title"]) == (5, "T2")

    again = scriptledger("rejected", "replay", "--all", "--script", refused, "--json")  # nothing to confirm
    assert (again.status, again.json["replayed"], again.json["replayed_before"], again.json["left_out"]) == (0, 0, 5, 2)
    assert scriptledger("show", refused, "--json").json["version"] == 5

    once_more = scriptledger("rejected", "replay", "--all", "--again", "--script", refused, "--yes", "--json")
    assert once_more.json["outcomes"] == {"refused": 2}


def test_a_filter_chooses_what_is_sent_again(scriptledger: CommandLine, refused: int):
    args = ("rejected", "replay", "--all", "--script", refused, "--code", "unknown_script", "--since", "1h")
    first = scriptledger(*args, "--limit", 2, "--yes", "--json")
    assert (first.status, first.json["outcomes"]) == (0, {"applied": 2})
    rest = scriptledger(*args, "--yes")
    assert rest.status == 0
    assert "1 dead letter in " in rest.out
    assert "2 dead letters had been sent again before." in rest.out


def test_it_is_confirmed_first(scriptledger: CommandLine, refused: int):
    ran = scriptledger("rejected", "replay", "--all", "--script", refused)
    assert ran.status == 2
    assert "Send 5 dead letters again? Nothing was done: confirm with --yes." in ran.err
    assert scriptledger("show", refused, "--json").json["version"] == 2


def test_one_that_was_sent_alone_is_not_sent_again(scriptledger: CommandLine, refused: int):
    chosen = ("--script", refused, "--code", "unknown_script", "--json")
    newest = scriptledger("rejected", "list", *chosen).json["rejected"][0]["number"]
    assert scriptledger("rejected", "replay", newest).status == 0
    assert scriptledger("rejected", "replay", newest).status == 0  # a no-op under another id
    ran = scriptledger("rejected", "replay", "--all", *chosen, "--yes")
    assert (ran.json["replayed"], ran.json["replayed_before"]) == (2, 1)


def test_what_cannot_be_sent_again_is_named_and_stops_no_other(scriptledger: CommandLine, refused: int):
    with closing(sqlite3.connect(scriptledger.home / "ledger.db", timeout=30)) as database, database:
        database.execute(
            "UPDATE rejected_submissions SET payload = X'7B' WHERE script_id = ? AND submission_id = 't1'", (refused,)
        )
    ran = scriptledger("rejected", "replay", "--all", "--script", refused, "--yes", "--json")
    assert ran.json["outcomes"] == {"applied": 2, "refused": 2, "invalid": 1}
    [problem] = [each for each in ran.json["problems"] if each["code"] == "undecodable"]
    assert problem["submission_id"] == "t1"


@pytest.mark.parametrize(
    "args",
    [
        (),
        ("1", "--all"),
        ("1", "--code", "x"),
        ("--all", "--base", "1"),
        ("1", "--again"),
        ("--all", "--since", "x"),
        ("--all", "--script", "0", "--yes"),
        ("--all", "--since", "", "--yes"),
        ("--all", "--code", "", "--yes"),
    ],
)
def test_a_command_line_that_is_wrong_sends_nothing(scriptledger: CommandLine, args: tuple[str, ...]):
    ran = scriptledger("rejected", "replay", *args)
    assert ran.status == 2, json.dumps(ran)
