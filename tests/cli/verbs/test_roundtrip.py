"""`roundtrip` checks that files are unchanged after import and export."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import SAMPLE, CommandLine

pytestmark = pytest.mark.slow


def test_files_that_survive_are_distinguished_from_those_that_do_not(scriptledger: CommandLine, tmp_path: Path):
    binary = tmp_path / "binary.fountain"
    binary.write_bytes(b"\x00\xff")

    ran = scriptledger("roundtrip", SAMPLE, binary, "--json")

    assert ran.status == 1
    assert [row["survives"] for row in ran.json["files"]] == [True, False]
    assert scriptledger("roundtrip", SAMPLE).out == f"{SAMPLE}: survives\n"


def test_an_unreadable_file_does_not_stop_the_others(scriptledger: CommandLine):
    ran = scriptledger("roundtrip", "nowhere.fountain", SAMPLE)

    assert ran.status == 2
    assert ran.out == f"nowhere.fountain: cannot be read: No such file or directory\n{SAMPLE}: survives\n"
    [missing, _] = scriptledger("roundtrip", "nowhere.fountain", SAMPLE, "--json").json["files"]
    assert (missing["survives"], missing["problem"]) == (False, "cannot be read: No such file or directory")
