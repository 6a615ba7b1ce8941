"""Proposals on the command line, through real workers: request, show, accept and refuse."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.edits import edit
from tests.cli.running import CommandLine
from workers.embedded.stack import Stack
from workers.settings import Settings

pytestmark = pytest.mark.slow

SCRIPTED = {"SCRIPTLEDGER_MODEL_URL": "scripted:"}
WISH = 'replace "could have" with "should have", cut "I did.", after "ADA" add parenthetical "(quietly)"'


@pytest.fixture(scope="module")
def scriptledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """A command line in a home whose services run for the whole module, with the scripted model."""
    home = tmp_path_factory.mktemp("served") / "home"
    with Stack(Settings.from_env({"SCRIPTLEDGER_HOME": str(home), **SCRIPTED})):
        yield CommandLine(home, warm=True, **SCRIPTED)


def test_a_proposal_from_the_request_to_the_log(scriptledger: CommandLine, ferry: int):
    proposed = scriptledger("propose", ferry, WISH)

    assert proposed.status == 0
    number = proposed.out.split()[1]
    assert f"Proposal {number} by scripted-no-ai for script {ferry}, made for version 1: proposed." in proposed.out
    assert "1  offered" in proposed.out
    assert "- You could have called.\n   + You should have called." in proposed.out
    assert "   + (quietly)" in proposed.out
    assert f"`scriptledger proposals accept {number}`" in proposed.out

    taken = scriptledger("proposals", "accept", number, "--hunk", 1)
    assert taken.status == 0
    assert f"Applied to script {ferry} as version 2." in taken.out
    again = scriptledger("proposals", "accept", number, "--hunk", 1, "--json")
    assert again.json["answers"][0]["first_version"] == 2
    assert scriptledger("proposals", "reject", number, "--hunk", 2).status == 0
    assert scriptledger.submit(edit(ferry, f"by-hand-{ferry}", "d2", "I did, Ada.", base_version=2)).status == 0

    shown = scriptledger("proposals", "show", number)
    assert "1  accepted as version 2" in shown.out
    assert "2  rejected" in shown.out

    rest = scriptledger("proposals", "accept", number)
    assert f"Proposal {number} is partly accepted." in rest.out or rest.status == 1
    document = scriptledger("proposals", "show", number, "--json").json
    assert document["state"] == "partly_accepted"
    assert [hunk["state"] for hunk in document["hunks"]] == ["accepted", "rejected", "accepted"]
    log = scriptledger("log", ferry, "--json").json["commands"]
    assert [entry["author"] for entry in log] == ["user", "ai", "user", "ai"]
    assert log[1]["cause"]["proposal_id"] == int(number)
    assert log[1]["cause"]["model"] == "scripted-no-ai"


def test_a_part_whose_line_a_person_changed_is_shown_and_refused(scriptledger: CommandLine, ferry: int):
    number = scriptledger("propose", ferry, 'replace "I did" with "I did, once"', "--json").json["proposal"]
    scriptledger.submit(edit(ferry, f"by-hand-{ferry}", "d2", "I did, Ada."))

    assert "It no longer applies: Line 'd2'" in scriptledger("proposals", "show", number).out
    taken = scriptledger("proposals", "accept", number)

    assert taken.status == 1
    assert "Refused: Line 'd2'" in taken.out
    assert f"Proposal {number} is stale." in taken.out


def test_an_empty_proposal_is_a_failure_with_a_code(scriptledger: CommandLine, ferry: int):
    ran = scriptledger("propose", ferry, "Make it good.", "--json")

    assert ran.status == 1
    assert (ran.json["state"], ran.json["code"]) == ("failed", "nothing_proposed")
    letters = scriptledger("rejected", "list", "--script", ferry, "--json").json["rejected"]
    assert [letter["code"] for letter in letters] == ["nothing_proposed"]


def test_a_scene_or_lines_are_all_that_the_model_sees(scriptledger: CommandLine, ferry: int):
    rows = scriptledger("show", ferry, "--numbers").out.splitlines()
    (number,) = (row.split()[0] for row in rows if row.endswith("You could have called."))
    wish = 'replace "You could have called" with "You never called"'

    inside = scriptledger("propose", ferry, wish, "--lines", f"{number}-{number}", "--json").json
    assert (inside["state"], inside["first_line"], inside["last_line"]) == ("proposed", int(number), int(number))
    assert (
        f"script {ferry}, lines {number} to {number}, made" in scriptledger("proposals", "show", inside["proposal"]).out
    )
    scene = scriptledger("propose", ferry, wish, "--scene", 1, "--json").json
    assert (scene["state"], scene["hunks"][0]["changes"][0]["after"]["text"]) == ("proposed", "You never called.")
    before = scriptledger("proposals", "list", "--script", ferry, "--json").json["proposals"]

    for options, code in (
        (("--scene", 99), "no_such_scene"),
        (("--lines", "3-999"), "no_such_lines"),
        (("--lines", "5-3"), "no_such_lines"),
        (("--lines", "0"), "no_such_lines"),
    ):
        refused = scriptledger("propose", ferry, wish, *options, "--json")
        assert (refused.status, refused.json["error"]["code"]) == (1, code)
    assert scriptledger("propose", ferry, wish, "--lines", "3-", "--json").status == 2
    assert scriptledger("propose", ferry, wish, "--lines", "3", "--scene", "1").status == 2
    assert scriptledger("proposals", "list", "--script", ferry, "--json").json["proposals"] == before


def test_the_cost_is_shown_before_and_after(scriptledger: CommandLine, ferry: int):
    estimate = scriptledger("propose", ferry, 'cut "I did."', "--estimate", "--json").json
    assert 500 < estimate["tokens_in"] < 2_000
    assert (estimate["tokens_out"], estimate["cost_micros"]) == (25_600, None)
    listed = scriptledger("proposals", "list", "--script", ferry, "--json").json
    assert listed["proposals"] == []

    proposed = scriptledger("propose", ferry, 'cut "I did."')
    assert f"About {estimate['tokens_in']:,} tokens are sent" in proposed.err
    assert "  1 call, " in proposed.out
    assert " tokens sent and " in proposed.out
    number = proposed.out.split()[1]
    (usage,) = scriptledger("proposals", "show", number, "--json").json["usage"]
    assert (usage["model"], usage["calls"], usage["cost_micros"]) == ("scripted-no-ai", 1, 0)


def test_proposals_are_listed_page_by_page(scriptledger: CommandLine, ferry: int):
    numbers = [scriptledger("propose", ferry, WISH, "--no-wait", "--json").json["proposal"] for _ in range(3)]

    listed = scriptledger("proposals", "list", "--script", ferry, "--limit", 2, "--json").json
    rest = scriptledger("proposals", "list", "--script", ferry, "--after", listed["next"], "--json").json
    assert [row["proposal"] for row in listed["proposals"] + rest["proposals"]] == numbers
    assert rest["next"] is None
    assert WISH[:20] in scriptledger("proposals", "list", "--script", ferry).out


def test_the_chat_shows_question_answer_and_cost(scriptledger: CommandLine, ferry: int):
    scriptledger("users", "add", f"rosa{ferry}@example.org", "--name", "Rosa")
    message = scriptledger("chat", "say", ferry, "Too polite.", "--as", f"ROSA{ferry}@example.org", "--json").json
    scriptledger("propose", ferry, 'cut "I did."', "--as", f"rosa{ferry}@example.org")

    document = scriptledger("chat", "list", ferry, "--json").json
    assert [message["role"] for message in document["messages"]] == ["user", "user", "assistant"]
    assert document["messages"][0] == message
    assert document["messages"][2]["answers"] == document["messages"][1]["message"]
    assert document["usage"][0]["model"] == "scripted-no-ai"
    text = scriptledger("chat", "list", ferry).out
    assert "Rosa\n  Too polite." in text
    assert 'cut "I did."' in text


def test_users_and_their_sessions(scriptledger: CommandLine):
    assert scriptledger("users", "add", "Ana@Example.org").status == 0
    taken = scriptledger("users", "add", "aná@example.org", "--json")
    assert (taken.status, taken.json["error"]["code"]) == (1, "email_taken")
    opened = scriptledger("sessions", "open", "ana@example.org", "--days", 2, "--json").json
    assert len(opened["token"]) == 43
    (listed,) = scriptledger("sessions", "list", "ana@example.org", "--json").json["sessions"]
    assert (listed["session"], listed["state"]) == (opened["session"], "open")
    assert opened["token"] not in scriptledger("sessions", "list", "ana@example.org", "--json").out
    assert "1 session ended." in scriptledger("sessions", "revoke", opened["session"]).out
    assert scriptledger("sessions", "revoke", opened["session"], "--json").json["error"]["code"] == "unknown_session"
    scriptledger("sessions", "open", "ana@example.org")
    assert scriptledger("users", "rename", "ana@example.org", "Ana").status == 0
    assert scriptledger("users", "move", "ana@example.org", "ana@example.com").status == 0
    assert scriptledger("users", "delete", "ana@example.com").out.endswith("is deleted.\n")
    assert scriptledger("sessions", "list", "ana@example.com").status == 1
    assert scriptledger("users", "add", "ana@example.com").status == 0
    emails = [row["email"] for row in scriptledger("users", "list", "--deleted", "--json").json["users"]]
    assert emails.count("ana@example.com") == 2


def test_an_unknown_user_and_a_non_owner_are_refused(scriptledger: CommandLine, ferry: int):
    for verb in (("propose", ferry, "x"), ("chat", "say", ferry, "x"), ("proposals", "accept", 1)):
        ran = scriptledger(*verb, "--as", "unknown@example.org", "--json")
        assert (ran.status, ran.json["error"]["code"]) == (1, "unknown_user")
    assert scriptledger("proposals", "show", 10**9, "--json").json["error"]["code"] == "unknown_proposal"
    assert scriptledger("propose", 10**9, "x", "--json").json["error"]["code"] == "unknown_script"


def test_a_dead_letter_is_replayed_as_a_new_submission_that_names_the_old(scriptledger: CommandLine, ferry: int):
    ahead = scriptledger.submit(edit(ferry, f"ahead-{ferry}", "d1", "Call me.", base_version=2))
    assert ahead.status == 1
    (letter,) = scriptledger("rejected", "list", "--script", ferry, "--json").json["rejected"]
    assert letter["code"] == "base_in_future"
    assert "Call me." in scriptledger("rejected", "show", letter["number"]).out
    assert scriptledger("rejected", "--json").json["rejected"]

    assert scriptledger("rejected", "replay", letter["number"]).status == 1
    answer = scriptledger("rejected", "replay", letter["number"], "--base", 1, "--json")

    assert answer.status == 0
    assert answer.json["submission_id"] != f"ahead-{ferry}"
    last = scriptledger("log", ferry, "--json").json["commands"][-1]
    assert last["cause"] == {"replays": f"ahead-{ferry}"}
    assert scriptledger("rejected", "replay", 10**9, "--json").json["error"]["code"] == "unknown_rejection"
