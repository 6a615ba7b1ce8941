"""Drains are paused and resumed from the command line, with real embedded workers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.edits import edit
from tests.cli.running import CommandLine

pytestmark = pytest.mark.slow


@pytest.fixture
def paused(scriptledger: CommandLine) -> Iterator[CommandLine]:
    ran = scriptledger("drains", "pause", "--reason", "a dump", "--actor", "ana", "--json")
    assert (ran.json["paused"], ran.json["changed"]) == (True, True)
    yield scriptledger
    assert scriptledger("drains", "resume").status == 0


def test_a_submission_waits_for_the_end_of_a_pause_and_says_so(ferry: int, paused: CommandLine):
    waiting = paused.submit(edit(ferry, "one", "d1", "Hello?"), "--timeout", 2.5)
    assert waiting.status == 3
    assert "by ana (a dump): submissions wait until `scriptledger drains resume`." in waiting.err
    assert "is safe but not answered yet, because drains are paused: check with" in waiting.err
    assert paused("outcome", ferry, "one").status == 3

    resumed = paused("drains", "resume", "--actor", "ben")
    assert resumed.out.startswith("Drains run again.\n1 script with pending submissions: a bell was sent for each.")
    answer = paused("outcome", ferry, "one", "--wait", "--json")
    assert answer.json["outcome"] == "applied"

    again = paused("drains", "resume", "--json").json
    assert (again["changed"], again["pause"]["resumed_by"]) == (False, "ben")


def test_the_status_names_who_paused_and_why(paused: CommandLine):
    again = paused("drains", "pause", "--reason", "other", "--actor", "ben")
    assert "Nothing changed: drains are paused since" in again.out

    shown = paused("drains", "status")
    assert "by ana (a dump)" in shown.out
    document = paused("drains", "status", "--json").json
    assert document["paused"] is True
    assert document["pauses"][0]["paused_by"] == "ana"


def test_a_reason_that_would_be_cut_is_refused(scriptledger: CommandLine):
    ran = scriptledger("drains", "pause", "--reason", "x" * 501)
    assert ran.status == 2
    assert scriptledger("drains", "status", "--json").json["paused"] is False


def test_without_a_ledger_there_is_nothing_to_pause(alone: CommandLine):
    ran = alone("drains", "pause")
    assert (ran.status, "There is no ledger at" in ran.err) == (4, True)
