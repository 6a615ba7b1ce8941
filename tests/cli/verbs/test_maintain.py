"""Materialization, blame and rebuild on the command line."""

from __future__ import annotations

import pytest

from tests.cli.running import CommandLine

pytestmark = pytest.mark.slow


def test_a_script_is_materialized_and_its_staleness_is_a_number(scriptledger: CommandLine, ferry: int):
    before = scriptledger("materialize", "status", ferry, "--json").json
    assert (before["projected"], before["behind"]) == (0, before["head"])

    ran = scriptledger("materialize", "run", ferry)

    assert ran.status == 0
    assert ran.out == f"Readers see script {ferry} at version {before['head']}; before, at version 0.\n"
    after = scriptledger("materialize", "status", ferry).out
    assert after.endswith("0 versions and 0 s behind.\n")


def test_a_run_materializes_every_due_script(scriptledger: CommandLine, ferry: int):
    ran = scriptledger("materialize", "run", "--json")

    assert ran.status == 0
    assert ran.json["run"]["due"] == ran.json["run"]["done"]
    assert scriptledger("materialize", "status", ferry, "--json").json["behind"] == 0
    assert scriptledger("materialize", "status", "--json").json["runs"][0]["failed"] == 0


def test_lines_are_blamed(scriptledger: CommandLine, ferry: int):
    blame = scriptledger("blame", ferry, "--json").json

    assert (blame["ai_share"], {line["author"] for line in blame["lines"]}) == (0.0, {"user"})
    assert scriptledger("blame", ferry).out.endswith("0% of the lines with text were written by an AI.\n")


def test_a_script_is_rebuilt_and_reads_as_before(scriptledger: CommandLine, ferry: int):
    before = scriptledger("show", ferry, "--json").json

    ran = scriptledger("rebuild", ferry, "--json")

    assert ran.status == 0
    assert (ran.json["generation"], ran.json["differences"]) == (2, 0)
    assert scriptledger("show", ferry, "--json").json == before
    assert scriptledger("verify", ferry).status == 0
    assert scriptledger("rebuild", ferry, "--prune").out == f"Script {ferry}: 0 generations removed.\n"


@pytest.mark.parametrize("verb", [("blame",), ("rebuild",), ("materialize", "run"), ("materialize", "status")])
def test_an_unknown_script_is_refused(scriptledger: CommandLine, verb: tuple[str, ...]):
    ran = scriptledger(*verb, 987_654)

    assert ran.status == 1
    assert "There is no script 987654" in ran.err
