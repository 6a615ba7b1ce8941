"""The recovery page, followed for real: dumps, the binary log, an embedded home."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from domain.commands.kinds.script_set_metadata import ScriptSetMetadata
from domain.submissions.submission import Submission
from materialization.write_path.submit import Ledger
from repos.database.engine import open_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.cli.running import ROOT
from tests.docs.console import Command, agrees, commands, run
from tests.docs.warm_program import warm_program
from tests.services.mariadb import MariaDB
from tests.traces.long_history import build
from tests.traces.session import read_session

pytestmark = [pytest.mark.slow, pytest.mark.services]

PAGE = (ROOT / "docs" / "operations" / "recovery.md").read_text()
SCRIPTS, VERSIONS = (1, 2, 3), 20
PASSWORD = "a-password"
ACCOUNT = """[client]
user={user}
password={password}
socket={socket}
"""


def section(title: str) -> list[Command]:
    """The commands of one section of the page."""
    return commands(re.split(r"(?m)^## ", PAGE.partition(f"## {title}\n")[2])[0])


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDB]:
    """A server with a binary log."""
    with MariaDB(durable=True) as server:
        yield server


@pytest.fixture(scope="module")
def ledger(server: MariaDB) -> Iterator[UnitOfWork]:
    """A ledger with a few scripts, in the database `scriptledger`."""
    server.execute(f"CREATE USER 'restorer'@'%' IDENTIFIED BY '{PASSWORD}'")
    server.execute("GRANT ALL ON restored.* TO 'restorer'@'%'")
    with open_engine(server.create_database("scriptledger")) as engine:
        upgrade(engine)
        unit_of_work = UnitOfWork(engine)
        session = read_session(ROOT / "tests" / "traces" / "sample_session.json")
        for script_id in SCRIPTS:
            build(unit_of_work, session, VERSIONS, script_id=script_id)
        yield unit_of_work


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    programs = tmp_path / "bin"
    programs.mkdir()
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SCRIPTLEDGER_")}
    with warm_program(programs / "scriptledger"):
        yield {**ours, "PATH": f"{programs}:{ours['PATH']}", "PYTHONPATH": str(ROOT)}


@pytest.fixture
def restored(server: MariaDB, environ: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """The URL of a new, empty database, and what the page expects next to it."""
    for user, password in (("root", ""), ("restorer", PASSWORD)):
        name = "admin" if user == "root" else user
        (tmp_path / f"{name}.cnf").write_text(ACCOUNT.format(user=user, password=password, socket=server.socket))
    url = server.create_database("restored")
    environ["RESTORED_URL"] = url.replace("root@", f"restorer:{PASSWORD}@").replace("mysql+pymysql", "mysql")
    yield url
    server.drop_database(url)


def follow(listed: list[Command], folder: Path, environ: Mapping[str, str]) -> list[str]:
    """Run commands of the page; what they print."""
    everything = []
    for command in listed:
        status, printed = run(command, folder, environ)
        assert status == command.status, (command.text, printed)
        if command.output:
            assert agrees(command.output, printed), "\n".join(printed)
        everything += printed
    return everything


def binary_logs(server: MariaDB, dump: str) -> list[str]:
    """The file that a dump names, and all after it."""
    named = re.search(r"MASTER_LOG_FILE='([^']+)'", dump)
    assert named
    return [str(file) for file in sorted(server.data.glob("binlog.[0-9]*")) if file.name >= named[1]]


def heads(url: str) -> list[Any]:
    engine = create_engine(url)
    with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
        cursor.execute("SELECT script_id, version_number, chain_hash, state_hash FROM script_heads ORDER BY script_id")
        rows = list(cursor.fetchall())
    engine.dispose()
    return rows


def rename(unit_of_work: UnitOfWork, script_id: int, title: str) -> None:
    with unit_of_work.reading() as tx:
        version = tx.heads.require(script_id).version
    command = ScriptSetMetadata(fields={"title": title}, expect={})
    answer = Ledger(unit_of_work).submit(
        Submission(
            script_id=script_id,
            submission_id=f"rename-{version}",
            author="user",
            base_version=version,
            commands=(command,),
        )
    )
    assert answer.outcome == "applied"


def test_a_dump_is_restored_under_another_account_and_what_it_lost_is_named(
    server: MariaDB, ledger: UnitOfWork, restored: str, environ: dict[str, str], tmp_path: Path
):
    rename(ledger, 1, "DEFINER=`Eve`@`%` is a title like any other")
    printed = follow(section("Dump and restore"), tmp_path, environ)

    assert sum("is consistent" in line for line in printed) == len(SCRIPTS)
    assert heads(restored) == heads(server.url("scriptledger"))
    assert (tmp_path / "scriptledger.sql").read_text().count("SQL SECURITY INVOKER") == 1
    restorer = environ["RESTORED_URL"].replace("mysql:", "mysql+pymysql:")
    with open_engine(restorer) as engine, engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM script_log")).scalar() == len(SCRIPTS) * VERSIONS + 1

    [*_, current, _] = section("Dump and restore")
    server.execute("DROP VIEW restored.script_log")
    status, printed = run(current, tmp_path, environ)
    assert (status, "The view script_log" in " ".join(printed)) == (0, True)
    server.execute("DROP TABLE restored.script_seals")
    status, printed = run(current, tmp_path, environ)
    assert (status, "but lacks script_log, script_seals" in " ".join(printed)) == (4, True)


def test_a_wrong_delete_is_undone_up_to_the_second_before_it(
    server: MariaDB, ledger: UnitOfWork, restored: str, environ: dict[str, str], tmp_path: Path
):
    dump, *restore = section("Back to a moment before a mistake")
    follow([dump], tmp_path, environ)
    rename(ledger, 1, "After the dump")
    kept = heads(server.url("scriptledger"))
    time.sleep(1.1)
    environ["MISTAKE_AT"] = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S")
    server.execute("DELETE FROM scriptledger.script_versions WHERE script_id = 2")
    rename(ledger, 3, "After the mistake")
    environ["BINLOGS"] = " ".join(binary_logs(server, (tmp_path / "nightly.sql").read_text()))

    printed = follow(restore, tmp_path, environ)

    assert sum("is consistent" in line for line in printed) == len(SCRIPTS)
    assert heads(restored) == kept
    with open_engine(restored) as engine, UnitOfWork(engine).reading() as tx:
        row = tx.scripts.get(1)
    assert row
    assert row.title == "After the dump"


def test_an_embedded_home_is_backed_up_while_it_is_written_to(environ: dict[str, str], tmp_path: Path):
    (tmp_path / "home").mkdir(mode=0o700)
    with open_engine(f"sqlite:///{tmp_path}/home/ledger.db") as engine:
        upgrade(engine)
        session = read_session(ROOT / "tests" / "traces" / "sample_session.json")
        build(UnitOfWork(engine), session, VERSIONS, script_id=1)
        with engine.connect() as writing:
            writing.execute(text("UPDATE scripts SET title = 'Not committed'"))

            printed = follow(section("An embedded home"), tmp_path, environ)

            writing.rollback()
    assert sum("is consistent" in line for line in printed) == 1
