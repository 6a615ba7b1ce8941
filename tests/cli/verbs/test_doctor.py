"""The verb doctor: real servers and none, invalid settings, servers that hang, and passwords that stay hidden."""

from __future__ import annotations

import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import CommandLine
from tests.slowness import adjusted_for_load

PASSWORD = "planted-password"


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    (tmp_path / "home").mkdir(mode=0o700)
    return CommandLine(tmp_path / "home", warm=True)


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that accepts connections and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def levels(document: dict[str, Any]) -> dict[str, str]:
    return {f"{check['area']} {check['check']}": check["level"] for check in document["checks"]}


def test_without_servers_everything_is_fine(cli: CommandLine):
    ran = cli("doctor")

    assert ran.status == 0, ran
    assert ran.out.splitlines()[-1].endswith("everything is fine.")


def test_on_migrated_servers_there_is_no_fault(cli: CommandLine, mariadb_url: str, redis_url: str):
    servers = {"SCRIPTLEDGER_DATABASE_URL": mariadb_url, "SCRIPTLEDGER_BROKER_URL": redis_url}
    before = cli("doctor", "--json", **servers)
    assert (before.status, levels(before.json)["database writes"]) == (4, "fault")
    assert cli("db", "upgrade", **servers).status == 0

    ran = cli("doctor", "--json", "--role", "intake", "--role", "commands", **servers)

    assert ran.status == 0, ran
    assert ran.json["faults"] == 0
    assert levels(ran.json)["schema definitions"] == "fine"
    order = [check["level"] for check in ran.json["checks"]]
    assert order == sorted(order, key=["fault", "warning", "fine"].index)


def test_servers_that_cannot_be_reached_are_findings_without_the_password(cli: CommandLine):
    named = [
        "--database",
        f"mysql://ledger:{PASSWORD}@127.0.0.1:1/ledger",
        "--broker",
        f"redis://:{PASSWORD}@127.0.0.1:1/0",
    ]
    ran, document = cli("doctor", *named), cli("doctor", "--json", *named)

    assert ran.status == document.status == 4
    assert (levels(document.json)["database reachable"], levels(document.json)["broker reachable"]) == ("fault",) * 2
    assert PASSWORD not in ran.out + ran.err + document.out + document.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
@pytest.mark.slow
def test_servers_that_hang_are_given_up(cli: CommandLine, silent: int, scheme: str):
    began = time.monotonic()
    ran = cli(
        "doctor",
        "--json",
        "--database",
        f"mysql://ledger:{PASSWORD}@127.0.0.1:{silent}/ledger",
        "--broker",
        f"{scheme}://ledger:{PASSWORD}@127.0.0.1:{silent}/0",
    )

    assert time.monotonic() - began < adjusted_for_load(30)
    assert ran.status == 4
    assert (levels(ran.json)["database reachable"], levels(ran.json)["broker reachable"]) == ("fault",) * 2
    assert PASSWORD not in ran.out + ran.err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", f"mysql://ledger:{PASSWORD}@x@127.0.0.1/ledger"),
        ("DATABASE_URL", f"mysql://ledger:{PASSWORD}@x/y#z@127.0.0.1/ledger"),
        ("DATABASE_URL", f"oracle://ledger:{PASSWORD}@127.0.0.1/ledger"),
        ("DATABASE_PASSWORD_FILE", f"/{PASSWORD}/file"),
        ("BROKER_URL", f"redis://:{PASSWORD}@x@127.0.0.1/0"),
        ("BROKER_URL", f"redis://:{PASSWORD}:x/y@127.0.0.1/0"),
        ("BROKER_PASSWORD_FILE", f"/{PASSWORD}/file"),
        ("POOL_SIZE", PASSWORD),
        ("LOG_LEVEL", PASSWORD),
        ("REQUIRE_ACCOUNTS", "2"),
        ("MODEL_URL", PASSWORD),
    ],
)
def test_an_invalid_setting_is_a_fault_next_to_what_can_be_checked(cli: CommandLine, name: str, value: str):
    ran = cli("doctor", "--json", **{f"SCRIPTLEDGER_{name}": value})

    assert ran.status == 4, ran
    [bad] = [check for check in ran.json["checks"] if check["level"] == "fault"]
    assert (bad["area"], bad["says"].partition(" ")[0]) == ("settings", f"SCRIPTLEDGER_{name}")
    assert levels(ran.json)["machine home"] == "fine"
    assert PASSWORD not in ran.out + ran.err


@pytest.mark.parametrize(
    "url", [f"redis://:{PASSWORD}@127.0.0.1:1", f"amqps://u:{PASSWORD}@127.0.0.1:1/x", "redis+socket:///no/s"]
)
def test_a_broker_that_cannot_be_used_is_a_fault(cli: CommandLine, url: str):
    ran = cli("doctor", "--json", "--broker", url)

    assert (ran.status, levels(ran.json)["broker reachable"]) == (4, "fault"), ran
    assert PASSWORD not in ran.out + ran.err


def test_two_invalid_settings_are_both_named(cli: CommandLine):
    ran = cli("doctor", SCRIPTLEDGER_POOL_SIZE="one", SCRIPTLEDGER_LOG_FORMAT="xml")

    assert ran.status == 4
    assert {line.split()[3] for line in ran.out.splitlines() if line.startswith("fault")} == {
        "SCRIPTLEDGER_POOL_SIZE",
        "SCRIPTLEDGER_LOG_FORMAT",
    }


def test_a_named_file_that_does_not_exist_is_a_fault_and_stays_so(cli: CommandLine, tmp_path: Path):
    ran = cli("doctor", "--database", f"sqlite:///{tmp_path}/none.db")

    assert ran.status == 4
    assert "Run `scriptledger db upgrade`." in ran.out
    assert not (tmp_path / "none.db").exists()


def test_a_view_that_is_missing_is_a_warning(cli: CommandLine, tmp_path: Path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    assert cli("db", "upgrade", "--database", url).status == 0
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        connection.execute("DROP VIEW script_log")

    ran = cli("doctor", "--json", "--database", url)

    assert ran.status == 0
    assert levels(ran.json)["file objects"] == "warning"
