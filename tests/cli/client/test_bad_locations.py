"""Locations that do not work: refused sign-ins, full disks, read-only folders, and ports in use."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import redis
from sqlalchemy import make_url

from tests.cli.edits import creation_as_json
from tests.cli.running import SAMPLE, CommandLine, sentence
from tests.requirements import leave_out
from tests.services.databases import DatabaseServer

pytestmark = pytest.mark.slow


@pytest.fixture
def warm(home: Path) -> CommandLine:
    """A command line in an empty home."""
    return CommandLine(home, warm=True)


@pytest.fixture
def stranger(mariadb: DatabaseServer, mariadb_url: str) -> Iterator[str]:
    """The URL of a database with an account whose password on the server is different."""
    mariadb.execute("CREATE USER ledger_stranger IDENTIFIED BY 'another'")
    yield (
        make_url(mariadb_url).set(username="ledger_stranger", password="hunter2").render_as_string(hide_password=False)
    )
    mariadb.execute("DROP USER ledger_stranger")


@pytest.fixture
def locked_broker(redis_url: str) -> Iterator[str]:
    """The URL of a broker with an account whose password on the broker is different."""
    with redis.Redis.from_url(redis_url) as client:
        client.execute_command("ACL", "SETUSER", "ledger_stranger", "on", ">another", "~*", "+@all")
        yield redis_url.replace("://", "://ledger_stranger:hunter2@")
        client.execute_command("ACL", "DELUSER", "ledger_stranger")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of two megabytes, which only root on Linux may mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "ledger", str(folder)]
    if sys.platform != "linux" or os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        leave_out("a small disk, which only root on Linux may mount, and not in every container")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def cramped(small_disk: Path) -> CommandLine:
    """A command line in a home on such a disk, with an empty ledger that no process has open."""
    cli = CommandLine(small_disk / "home", warm=True)
    assert cli("db", "upgrade").status == 0
    with closing(sqlite3.connect(cli.home / "ledger.db")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return cli


def fill(disk: Path) -> None:
    """Fill the disk completely."""
    with (disk / "filler").open("ab", buffering=0) as filler, suppress(OSError):
        while filler.write(b"x" * 512):
            pass


@pytest.mark.parametrize(
    "args", [["scripts"], ["db", "upgrade"], ["db", "current"], ["dev"], ["worker", "--role=upkeep"]]
)
def test_a_wrong_database_password_is_reported(warm: CommandLine, stranger: str, args: list[str]):
    ran = warm(*args, SCRIPTLEDGER_DATABASE_URL=stranger, SCRIPTLEDGER_BROKER_URL="redis://127.0.0.1:1/0")

    assert ran.status == 4
    where = stranger.partition("@")[2].partition("?")[0]
    wanted = f"The database mysql://{where} refused the sign-in: check user and password in"
    assert sentence(ran).startswith(f"{wanted} SCRIPTLEDGER_DATABASE_URL. (Access denied for user")
    assert "hunter2" not in ran.err + ran.out


def test_a_missing_database_is_reported(warm: CommandLine, mariadb: DatabaseServer):
    ran = warm("scripts", SCRIPTLEDGER_DATABASE_URL=mariadb.url("nowhere"))

    assert ran.status == 4
    assert "/nowhere: create it, or name another in SCRIPTLEDGER_DATABASE_URL." in sentence(ran)


def test_a_file_that_is_not_a_database_is_reported(warm: CommandLine, tmp_path: Path):
    (tmp_path / "notes.db").write_bytes(b"Call Ada about the ferry." * 100)

    for path in (tmp_path / "notes.db", tmp_path):
        ran = warm("scripts", SCRIPTLEDGER_DATABASE_URL=f"sqlite:///{path}")
        assert ran.status == 4
        assert sentence(ran).startswith(f"The database sqlite:///{path} ")


def test_a_wrong_broker_password_is_reported(warm: CommandLine, locked_broker: str):
    assert warm("db", "upgrade").status == 0
    for args in (["submit"], ["dev"]):
        ran = warm(*args, given=creation_as_json(7), SCRIPTLEDGER_BROKER_URL=locked_broker)

        assert ran.status == 4
        where = locked_broker.partition("@")[2]
        wanted = (
            f"The broker redis://{where} refused the sign-in: check user and password in SCRIPTLEDGER_BROKER_URL. ("
        )
        assert sentence(ran).startswith(wanted)
        assert "hunter2" not in ran.err + ran.out
    assert warm("outcome", 7, "create-7").status == 3  # it is safe


def test_unknown_hosts_are_reported(warm: CommandLine):
    ran = warm("dev", "--broker", "redis://:hunter2@127.0.0.1:1/0")
    assert ran.status == 4
    assert sentence(ran).startswith("The broker redis://127.0.0.1:1/0 cannot be reached: start it, or name another in")

    ran = warm("dev", "--database", "mysql://root:hunter2@127.0.0.1:1/ledger")
    assert ran.status == 4
    assert sentence(ran).startswith("The database mysql://127.0.0.1:1/ledger cannot be reached: start it, or")

    ran = warm("dev", "--database", "postgres://root:hunter2@localhost/ledger")
    assert ran.status == 4
    assert "hunter2" not in sentence(ran)


def test_a_port_in_use_is_reported(warm: CommandLine, redis_url: str, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = warm("dev", "--flower-port", port)
        assert ran.status == 2
        assert sentence(ran).startswith(f"Port {port} of this machine is in use: choose another with --flower-port")

        url = f"sqlite:///{tmp_path}/ledger.db"
        named = {"SCRIPTLEDGER_DATABASE_URL": url, "SCRIPTLEDGER_BROKER_URL": redis_url}
        assert warm("db", "upgrade", **named).status == 0
        ran = warm("flower", "--port", port, SCRIPTLEDGER_FLOWER_PASSWORD="hunter2", **named)
        assert ran.status == 2
        assert sentence(ran).startswith(f"Port {port} of 127.0.0.1 is in use: choose another with --port.")


def test_a_full_disk_is_reported(cramped: CommandLine, scriptledger: CommandLine, ferry: int):
    disk = cramped.home.parent
    fill(disk)

    for args in (["scripts"], ["import", SAMPLE]):
        ran = cramped(*args)
        assert ran.status == 4
        assert sentence(ran) == f"The disk that holds {cramped.home} is full: free some space and try again."
    ran = scriptledger("export", ferry, "-o", disk / "script.fountain")
    assert (ran.status, sentence(ran)[-24:]) == (2, "No space left on device.")

    (disk / "filler").unlink()
    assert cramped("scripts", "--json").json == {"scripts": [], "next": None}  # nothing was left half done


def test_a_disk_that_a_dry_run_fills_is_reported(small_disk: Path, tmp_path: Path):
    command_line = CommandLine(tmp_path / "home")
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as legacy:
        legacy.execute("CREATE TABLE ideas (id INTEGER PRIMARY KEY, body TEXT)")
        legacy.executemany("INSERT INTO ideas (body) VALUES (?)", [(f"{n}" * 2_000,) for n in range(2_000)])
        legacy.commit()
    assert command_line("legacy", "map", "sqlite:///legacy.db", "-o", "legacy.toml").status == 0

    dry = ("backfill", "run", "sqlite:///legacy.db", "-m", "legacy.toml", "--no-scan", "--dry-run")
    ran = command_line(*dry, TMPDIR=str(small_disk))

    assert (ran.status, ran.err.splitlines()[-1]) == (
        4,
        f"scriptledger: The disk that holds {small_disk} is full: free some space and try again.",
    )
    assert list(small_disk.iterdir()) == []  # the scratch ledger is removed


def test_a_read_only_disk_is_reported(cramped: CommandLine, scriptledger: CommandLine, ferry: int):
    disk = cramped.home.parent
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)

    for args in (["scripts"], ["import", SAMPLE], ["dev"]):
        ran = cramped(*args)
        assert ran.status == 4, args
        assert sentence(ran).startswith(f"Nothing can be written in {cramped.home}")
    ran = scriptledger("export", ferry, "-o", disk / "script.fountain")
    assert (ran.status, sentence(ran)[-22:]) == (2, "Read-only file system.")
