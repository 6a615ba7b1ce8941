"""Ctrl-C ends only the waiting; the services end with their owner, even if it is killed."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import psutil
import pytest

from tests.cli.edits import creation
from tests.cli.running import CommandLine, offspring, press_ctrl_c, wait_until
from tests.services.processes import survivors
from workers.embedded.valkey import EmbeddedValkey

pytestmark = pytest.mark.slow


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "create.json"
    file.write_text(json.dumps(creation(7)))
    return file


def waits(cli: CommandLine) -> bool:
    """Whether the submission is in the inbox."""
    ran = CommandLine(cli.home, warm=True)("outcome", 7, "create-7", "--json")
    return ran.status == 3 and ran.json.get("outcome") == "pending"


def test_ctrl_c_while_waiting_loses_nothing(alone: CommandLine, file: Path):
    assert CommandLine(alone.home, warm=True)("db", "upgrade").status == 0
    with EmbeddedValkey() as broker:  # without a worker there is no answer
        process = alone.start("submit", file, SCRIPTLEDGER_BROKER_URL=broker.broker_url)
        wait_until(lambda: waits(alone))
        press_ctrl_c(process)
        output, _ = process.communicate(timeout=30)

    assert process.returncode == 130
    assert output.count("\n") == 1
    assert "nothing is lost" in output
    assert "`scriptledger outcome 7 create-7 --wait`" in output
    # The next command that starts workers drains it.
    answered = alone("outcome", 7, "create-7", "--wait")
    assert answered.out == "Applied to script 7 as version 1.\n", answered


def test_ctrl_c_ends_the_services_of_a_command(alone: CommandLine, file: Path):
    process = alone.start("submit", file, "--timeout", 300)
    wait_until(lambda: len(offspring(process)) >= 6)  # broker and two workers, each with its guardian
    services = offspring(process)

    press_ctrl_c(process)
    output, _ = process.communicate(timeout=30)

    assert process.returncode in (130, 0), output  # it may just have been answered
    assert not survivors(services)


def test_no_service_survives_a_killed_command(alone: CommandLine, file: Path):
    process = alone.start("submit", file, "--timeout", 300)
    wait_until(lambda: len(offspring(process)) >= 6)
    services = offspring(process)

    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)

    assert not survivors(services)
    assert alone("outcome", 7, "create-7", "--wait").status in (0, 1)


def test_a_command_that_ended_has_left_no_process(alone: CommandLine, file: Path):
    before = psutil.Process().children(recursive=True)

    assert alone("submit", file).status == 0

    assert not survivors([child for child in psutil.Process().children(recursive=True) if child not in before])
