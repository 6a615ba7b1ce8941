"""Embedded services: commands start them or use running ones; `dev` keeps them running."""

from __future__ import annotations

import json
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.cli.edits import creation
from tests.cli.foreground import Dev
from tests.cli.running import CommandLine, press_ctrl_c
from tests.services.processes import survivors
from tests.slowness import adjusted_for_load
from workers.process.roles import ROLES

pytestmark = pytest.mark.slow


def test_concurrent_commands_of_one_home_share_the_services(alone: CommandLine):
    with ThreadPoolExecutor() as together:
        rans = list(together.map(lambda number: alone.submit(creation(number)), (7, 8, 9)))

    assert [ran.status for ran in rans] == [0, 0, 0], rans
    assert [row["script_id"] for row in alone("scripts", "--json").json["scripts"]] == [7, 8, 9]


def test_pending_submissions_are_answered_by_the_next_command(alone: CommandLine):
    assert alone.submit(creation(7), "--no-wait").status == 0

    assert alone.submit(creation(8)).status == 0

    assert alone("outcome", 7, "create-7", "--wait").status == 0


def test_dev_serves_commands_restarts_services_and_stops_quickly(alone: CommandLine):
    with Dev(alone) as dev:
        dev.wait_until_ready()
        assert alone.submit(creation(7)).status == 0
        assert alone("dev").status == 1  # it runs already

        dev.service("commands@").kill()
        dev.wait_for("commands ended with status 137, restarts in 0.5 s", "commands started")
        dev.service("workers.flower").kill()
        dev.wait_for("flower ended with status 137", "flower started")
        dev.service("valkey-server").kill()
        dev.wait_for("broker ended, restarts in 0.5 s", "broker started")
        assert alone.submit(creation(8)).status == 0

        services = dev.services()
        began = time.monotonic()
        press_ctrl_c(dev.process)

        assert dev.ended() == 0
        assert time.monotonic() - began < adjusted_for_load(10)
        assert dev.output().endswith("stopping\nstopped\n")
        assert not survivors(services)


def test_a_killed_dev_leaves_no_process(alone: CommandLine):
    with Dev(alone) as dev:
        dev.wait_for("commands ready", "flower ready")
        services = dev.services()
        assert len(services) > 2 * len(ROLES)  # each with its guardian, and beat, Flower and the broker

        dev.process.send_signal(signal.SIGKILL)

        assert dev.ended() == -signal.SIGKILL
        assert not survivors(services)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", dev.flower_port))


def test_dev_uses_configured_servers(alone: CommandLine, mariadb_url: str, redis_url: str):
    named = {"SCRIPTLEDGER_DATABASE_URL": mariadb_url, "SCRIPTLEDGER_BROKER_URL": redis_url}
    refused = alone("dev", "--database", mariadb_url, "--broker", redis_url)
    assert refused.status == 4
    assert "run `scriptledger db upgrade`" in refused.err
    assert alone("db", "upgrade", "--database", mariadb_url).status == 0

    with Dev(alone, "--database", mariadb_url, "--broker", redis_url) as dev:
        dev.wait_for("commands ready")
        assert alone("submit", given=json.dumps(creation(7)), **named).status == 0

        services = dev.services()
        press_ctrl_c(dev.process)
        assert dev.ended() == 0
        assert not survivors(services)
        assert not (alone.home / "broker").exists()
