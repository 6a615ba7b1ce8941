"""A served command line with an imported screenplay."""

from __future__ import annotations

import pytest

from tests.cli.running import SAMPLE, CommandLine


@pytest.fixture(scope="module")
def imported(scriptledger: CommandLine) -> int:
    ran = scriptledger("import", SAMPLE, "--actor", "Rosa", "--json")
    assert ran.status == 0, ran
    return int(ran.json["script_id"])
