"""Submissions go through the queue, and their answers come back with an exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.edits import creation, edit, submission
from tests.cli.running import CommandLine

pytestmark = pytest.mark.slow


def test_an_edit_becomes_a_version(scriptledger: CommandLine, ferry: int):
    ran = scriptledger.submit(edit(ferry, "e1", "d1", "Call me."))

    assert ran.status == 0, ran
    assert ran.out == f"Applied to script {ferry} as version 2.\n"


def test_the_answer_as_json(scriptledger: CommandLine, ferry: int):
    ran = scriptledger.submit(edit(ferry, "e1", "d1", "Call me."), "--json")

    assert ran.json == {
        "script_id": ferry,
        "submission_id": "e1",
        "outcome": "applied",
        "first_version": 2,
        "last_version": 2,
    }


def test_a_submission_can_be_read_from_a_file(scriptledger: CommandLine, ferry: int, tmp_path: Path):
    file = tmp_path / "edit.json"
    command = {"kind": "lines.delete", "lines": [["d2"]]}
    file.write_text(json.dumps(submission(ferry, "from-a-file", command)))

    ran = scriptledger("submit", file)

    assert ran.status == 1
    assert "is touched without `expect`" in ran.out


def test_a_submission_sent_twice_has_one_effect_and_one_answer(scriptledger: CommandLine, ferry: int):
    first = scriptledger.submit(edit(ferry, "e1", "d1", "Call me."), "--json")
    second = scriptledger.submit(edit(ferry, "e1", "d1", "Call me."), "--json")

    assert second == first
    assert scriptledger("log", ferry, "--json").json["head"] == 2


def test_the_same_id_with_other_content_is_refused(scriptledger: CommandLine, ferry: int):
    scriptledger.submit(edit(ferry, "e1", "d1", "Call me."))

    ran = scriptledger.submit(edit(ferry, "e1", "d1", "Do not call me."), "--json")

    assert ran.status == 1
    assert ran.json["error"]["code"] == "same_id_other_content"


def test_a_late_edit_is_refused_with_the_current_text(scriptledger: CommandLine, ferry: int):
    scriptledger.submit(edit(ferry, "e1", "d1", "Call me."))

    ran = scriptledger.submit(edit(ferry, "e2", "d1", "Never mind."))

    assert ran.status == 1
    headline, current, who, where = ran.out.splitlines()
    assert headline == "Refused: Line 'd1' is not what this edit was made for: it was changed in version 2."
    assert current.split("  ")[-1].strip() == "“Call me.”"
    assert who.split("  ")[-1].strip().startswith("Rosa (user) in version 2, ")
    assert where.endswith("commands[0]")


def test_a_late_edit_of_another_line_is_rebased(scriptledger: CommandLine, ferry: int):
    scriptledger.submit(edit(ferry, "e1", "d1", "Call me."))

    ran = scriptledger.submit(edit(ferry, "e2", "d2", "I tried."))

    assert ran.status == 0
    assert "rebased over version 2" in ran.out


def test_a_no_op_is_not_a_failure(scriptledger: CommandLine, ferry: int):
    ran = scriptledger.submit(edit(ferry, "e1", "d1", "You could have called."))

    assert (ran.status, ran.out) == (0, f"Nothing to do: script {ferry} already has this content.\n")


def test_apply_rest_reports_what_was_left_out(scriptledger: CommandLine, ferry: int):
    good = {
        "kind": "lines.insert",
        "after": "d2",
        "before": None,
        "lines": [{"id": "x", "format": "action", "text": "."}],
    }
    bad = {"kind": "line.edit", "line": "nowhere", "expect": "0" * 12, "text": "?"}

    ran = scriptledger.submit(submission(ferry, "e1", good, bad, apply_rest=True))

    assert ran.status == 1
    assert f"Applied in part to script {ferry} as version 2." in ran.out
    assert "commands[1] was refused: There is no line 'nowhere' in this script, and never was." in ran.out


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("", "undecodable"),
        ("nonsense", "undecodable"),
        ("[]", "wrong_type"),
        ('{"script_id": 1}', "missing_field"),
        (b"\xff\xfe", "undecodable"),
    ],
)
def test_an_invalid_submission_is_refused(scriptledger: CommandLine, given: str | bytes, code: str):
    ran = scriptledger("submit", "--json", given=given)

    assert ran.status == 1
    assert ran.json["error"]["code"] == code
    assert ran.err.count("\n") == 1


def test_the_outcome_can_be_queried_after_no_wait(scriptledger: CommandLine):
    sent = scriptledger.submit(creation(900), "--no-wait", "--json")
    assert (sent.status, sent.json["outcome"]) == (0, "pending")

    ran = scriptledger("outcome", 900, "create-900", "--wait", "--json")

    assert (ran.status, ran.json["outcome"]) == (0, "applied")
    assert scriptledger("outcome", 900, "create-900", "--json") == ran


def test_an_outcome_is_compared_with_the_sent_submission(scriptledger: CommandLine, tmp_path: Path):
    assert scriptledger.submit(creation(901)).status == 0
    mine, other = tmp_path / "mine.json", tmp_path / "other.json"
    mine.write_text(json.dumps(creation(901)))
    other.write_text(json.dumps(creation(901) | {"actor": "Another user"}))

    assert scriptledger("outcome", 901, "create-901", "--sent", mine, "--json").json["outcome"] == "applied"
    ran = scriptledger("outcome", 901, "create-901", "--sent", other, "--json")
    assert (ran.status, ran.json["error"]["code"]) == (1, "same_id_other_content")


def test_an_unknown_submission_has_no_outcome(scriptledger: CommandLine, ferry: int):
    ran = scriptledger("outcome", ferry, "unheard-of")

    assert (ran.status, ran.out) == (1, "")
    assert ran.err == f"scriptledger: Script {ferry} was never sent a submission 'unheard-of'.\n"


def test_an_undo_reverts_a_submission(scriptledger: CommandLine, ferry: int):
    before = scriptledger("show", ferry, "--json").json["state_hash"]
    scriptledger.submit(edit(ferry, "e1", "d1", "Call me."))

    ran = scriptledger("undo", ferry, "--submission", "e1", "--actor", "Rosa")

    assert ran.status == 0, ran
    assert scriptledger("show", ferry, "--json").json["state_hash"] == before
    assert scriptledger("log", ferry).out.rstrip().endswith("~1 line, undoes 2")


def test_an_undo_of_an_ai_run_is_refused_after_a_later_edit(scriptledger: CommandLine, ferry: int):
    cause = {"model": "writer-1", "prompt": "Shorter.", "run_id": "r1"}
    scriptledger.submit(edit(ferry, "ai", "d1", "Call.", author="ai", cause=cause))
    shown = scriptledger("show", ferry, "--json").json["lines"]
    expect = next(line["expect"] for line in shown if line["id"] == "d1")
    by_hand = {"kind": "line.edit", "line": "d1", "expect": expect, "text": "Just call."}
    scriptledger.submit(submission(ferry, "hand", by_hand, base_version=2))

    ran = scriptledger("undo", ferry, "--run", "r1", "--json")

    assert (ran.status, ran.json["refusal"]["code"]) == (1, "stale_line")


def test_an_undo_needs_exactly_one_target(scriptledger: CommandLine, ferry: int):
    assert scriptledger("undo", ferry).status == 2
