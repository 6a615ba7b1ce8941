"""Drafts are named, coloured and locked; versions are undone, redone and restored, never over a later edit."""

from __future__ import annotations

import re

import pytest

from tests.cli.edits import edit
from tests.cli.running import CommandLine

pytestmark = pytest.mark.slow


def texts(scriptledger: CommandLine, script: int) -> list[str]:
    return [line["text"] for line in scriptledger("show", script, "--json").json["lines"]]


def test_an_undo_is_redone_and_repeated(scriptledger: CommandLine, ferry: int):
    scriptledger.submit(edit(ferry, "e1", "d1", "Call me."))
    undone = scriptledger("undo", ferry, "--submission", "e1", "--json").json
    assert "You could have called." in texts(scriptledger, ferry)

    ran = scriptledger("redo", ferry)

    assert (ran.status, ran.out) == (0, f"Applied to script {ferry} as version 4.\n")
    assert "Call me." in texts(scriptledger, ferry)
    again = scriptledger("redo", ferry, "--json")
    assert (again.status, again.json["error"]["code"]) == (1, "nothing_to_redo")
    assert scriptledger("redo", ferry, "--submission", undone["submission_id"], "--json").json["outcome"] == "no_op"


def test_the_undo_of_an_ai_run_leaves_a_later_edit_and_shows_it(scriptledger: CommandLine, ferry: int):
    cause = {"model": "writer-1", "prompt": "Shorter.", "run_id": "r1"}
    scriptledger.submit(edit(ferry, "e1", "d1", "Call me.", author="ai", cause=cause))
    scriptledger.submit(edit(ferry, "e2", "d2", "I know.", author="ai", cause=cause, base_version=2))
    mine = edit(ferry, "e3", "d1", "Call me, Ben.", base_version=3)
    mine["commands"][0]["expect"] = expect(scriptledger, ferry, "d1")
    scriptledger.submit(mine)

    refused = scriptledger("undo", ferry, "--run", "r1")

    assert refused.status == 1
    assert re.fullmatch(
        r"Refused: Line 'd1' is not what this edit was made for: it was changed in version 4\.\n"
        r"  Current text   “Call me, Ben\.”\n"
        r"  Changed by     Rosa \(user\) in version 4, \d\d:\d\d:\d\d\n"
        r"  Because of     commands\[1\]\n",
        refused.out,
    )
    assert "I know." in texts(scriptledger, ferry), "nothing half done"
    partly = scriptledger("undo", ferry, "--run", "r1", "--apply-rest")
    assert partly.status == 1
    assert "Current text   “Call me, Ben.”" in partly.out
    assert {"Call me, Ben.", "I did."} <= set(texts(scriptledger, ferry))


def expect(scriptledger: CommandLine, script: int, line: str) -> str:
    lines = scriptledger("show", script, "--json").json["lines"]
    return next(row["expect"] for row in lines if row["id"] == line)


def test_a_script_is_restored_to_a_draft(scriptledger: CommandLine, ferry: int):
    before = scriptledger("show", ferry, "--json").json
    scriptledger("label", ferry, "White draft")
    scriptledger.submit(edit(ferry, "e1", "d1", "Call me.", base_version=2))

    ran = scriptledger("restore", ferry, "--label", "White draft")

    assert (ran.status, ran.out) == (0, f"Script {ferry} is restored to version 1, as version 4.\n")
    after = scriptledger("show", ferry, "--json").json
    assert (after["lines"], after["state_hash"]) == (before["lines"], before["state_hash"])
    assert after["labels"] == {"White draft": 1}
    assert (
        scriptledger("restore", ferry, "--version", 1).out
        == f"Nothing to do: script {ferry} already has this content.\n"
    )


@pytest.mark.parametrize(
    ("point", "status", "code"),
    [
        (("--version", 9), 1, "unknown_version"),
        (("--at", "2020-01-01"), 1, "not_yet_there"),
        (("--label", "Green"), 1, "unknown_label"),
        ((), 2, None),
        (("--version", 1, "--label", "Green"), 2, None),
    ],
)
def test_an_impossible_restore_is_explained(
    scriptledger: CommandLine, ferry: int, point: tuple[object, ...], status: int, code: str | None
):
    ran = scriptledger("restore", ferry, *point, "--json")

    assert ran.status == status
    assert code is None or ran.json["error"]["code"] == code
    assert scriptledger("log", ferry, "--json").json["head"] == 1


def test_drafts_are_named_coloured_and_listed(scriptledger: CommandLine, ferry: int):
    assert scriptledger("labels", ferry).out == (
        f"No version of script {ferry} has a name; `scriptledger label {ferry} NAME` names one.\n"
    )

    first = scriptledger("label", ferry, "White draft", "--version", 1, "--color", "next", "--locked")
    scriptledger.submit(edit(ferry, "e1", "d1", "Call me.", base_version=2))
    scriptledger("label", ferry, "Blue revision", "--color", "next")

    assert (first.status, first.out) == (0, "“White draft” is version 1.\n")
    header, *rows = scriptledger("labels", ferry).out.splitlines()
    assert header.split() == ["version", "draft", "color", "locked", "recorded"]
    assert [re.split(r" {2,}", row.strip())[:-1] for row in rows] == [
        ["1", "White draft", "white", "locked"],
        ["3", "Blue revision", "blue"],
    ]
    drafts = scriptledger("labels", ferry, "--json").json["labels"]
    assert [(draft["name"], draft["version"], draft["color"], draft["locked"]) for draft in drafts] == [
        ("White draft", 1, "white", True),
        ("Blue revision", 3, "blue", False),
    ]


def test_a_name_is_unique_and_a_locked_draft_stays(scriptledger: CommandLine, ferry: int):
    scriptledger("label", ferry, "White draft", "--locked", "--color", "white")
    scriptledger.submit(edit(ferry, "e1", "d1", "Call me.", base_version=2))

    def refused(*args: object) -> str:
        ran = scriptledger("label", ferry, *args, "--json")
        assert ran.status == 1
        return str(ran.json["refusal"]["code"])

    assert refused("White draft", "--version", 3) == "label_locked"
    assert refused("White draft", "--remove") == "label_locked"
    assert refused("White draft", "--color", "pink") == "label_locked"
    assert scriptledger("label", ferry, "White draft", "--unlock").status == 0
    assert refused("White draft", "--version", 3) == "label_taken"
    assert scriptledger("label", ferry, "White draft", "--remove").out == (
        f"“White draft” is no longer a draft of script {ferry}.\n"
    )
    assert refused("White draft", "--remove") == "unknown_label"


@pytest.mark.parametrize(
    "args", [("x", "--locked", "--unlock"), ("x", "--remove", "--version", 1), ("x", "--remove", "--color", "blue")]
)
def test_contradictory_options_are_a_usage_error(scriptledger: CommandLine, ferry: int, args: tuple[object, ...]):
    assert scriptledger("label", ferry, *args).status == 2


def test_a_colour_that_productions_do_not_use_is_refused(scriptledger: CommandLine, ferry: int):
    ran = scriptledger("label", ferry, "x", "--color", "mauve")

    assert ran.status == 1
    assert "must be one of white, blue, pink, yellow" in ran.err


@pytest.mark.parametrize("verb", [("redo",), ("restore", "--version", 1), ("label", "x"), ("labels",)])
def test_an_unknown_script_is_refused(scriptledger: CommandLine, verb: tuple[object, ...]):
    ran = scriptledger(verb[0], 987_654, *verb[1:])

    assert (ran.status, "There is no script 987654" in ran.err) == (1, True)
