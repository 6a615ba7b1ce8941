"""`status`: one sentence for what is wrong, and an exit status for scripts."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from materialization.integrity.quarantine import quarantine
from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine, open_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.cli.running import CommandLine, sentence
from tests.materialization.write_path.script_editor import A, ScriptEditor
from workers.monitoring.role_heartbeat import BEAT_ROLE, RoleHeartbeat
from workers.process.roles import ROLES

BROKER = {"SCRIPTLEDGER_BROKER_URL": "redis://127.0.0.1:1/0"}


@pytest.fixture
def warm(home: Path) -> CommandLine:
    return CommandLine(home, warm=True)


@pytest.fixture
def engine(home: Path) -> Iterator[Engine]:
    home.mkdir(mode=0o700)
    with open_engine(f"sqlite:///{home}/ledger.db") as engine:
        upgrade(engine)
        yield engine


def heartbeats(engine: Engine, *without: str) -> None:
    """Let all roles be seen just now."""
    names = [name for name in (*ROLES, BEAT_ROLE) if name not in without]
    heartbeat = RoleHeartbeat(names, lambda: make_engine(str(engine.url)))
    heartbeat.change("consuming")
    heartbeat.write()


def test_an_embedded_ledger_at_rest_is_well(warm: CommandLine, engine: Engine):
    ran = warm("status")

    assert ran.status == 0
    assert "People can write." in ran.out
    assert "The embedded services do not run" in ran.out
    assert engine.url.database is not None


def test_without_a_ledger_status_creates_none(warm: CommandLine, home: Path):
    ran = warm("status")

    assert (ran.status, ran.out) == (4, "")
    assert "There is no ledger" in sentence(ran)
    assert not (home / "ledger.db").exists()


@pytest.mark.usefixtures("engine")
def test_a_broker_that_is_away_is_named_with_its_effect(warm: CommandLine):
    ran = warm("status", "--json", **BROKER)

    assert ran.status == 4
    assert ran.json["problems"][0]["code"] == "broker_down"
    assert ran.json["broker"]["problem"]
    assert [role["queued"] for role in ran.json["roles"]] == [None] * len(ran.json["roles"])


@pytest.mark.parametrize("as_json", [True, False])
def test_a_database_that_is_away_is_a_finding(warm: CommandLine, as_json: bool):
    away = {"SCRIPTLEDGER_DATABASE_URL": "mysql://ledger:hunter2@127.0.0.1:1/ledger", **BROKER}
    ran = warm("status", *(["--json"] if as_json else []), **away)

    assert ran.status == 4
    assert "The database cannot be used" in ran.out
    assert "hunter2" not in ran.out + ran.err
    assert ran.err == ""


def test_a_schema_that_is_old_is_named(warm: CommandLine, home: Path):
    home.mkdir(mode=0o700)
    with open_engine(f"sqlite:///{home}/ledger.db") as engine:
        upgrade(engine, "0018")
    ran = warm("status")

    assert ran.status == 4
    assert "The database is at schema 0018" in ran.out
    assert "scriptledger db upgrade" in ran.out


def test_a_quarantined_script_has_the_status_of_bad_data(warm: CommandLine, engine: Engine):
    unit_of_work = UnitOfWork(engine)
    editor = ScriptEditor(unit_of_work, Ledger(unit_of_work)).begin(A)
    quarantine(unit_of_work, editor.script_id, found_by="drain", reason="a hole", now=7)
    with unit_of_work.records() as tx:
        tx.inbox.put(editor.script_id, "late", b"{}", 1)
    ran = warm("status")

    assert ran.status == 5
    assert f"Script {editor.script_id} is quarantined and takes no edits; 1 submission waits for that." in ran.out
    assert f"`scriptledger verify {editor.script_id}`" in ran.out


def test_submissions_that_wait_have_the_status_of_no_answer(warm: CommandLine, engine: Engine):
    with UnitOfWork(engine).records() as tx:
        tx.inbox.put(7, "early", b"{}", 1)
    ran = warm("status")

    assert ran.status == 3
    assert "1 submission has waited" in ran.out


def test_a_watch_is_a_document_a_line_and_ends_with_the_last_status(warm: CommandLine, engine: Engine):
    with UnitOfWork(engine).records() as tx:
        tx.inbox.put(7, "early", b"{}", 1)
    with warm.start("status", "--json", "--watch", "--interval", "0.2") as watching:
        assert watching.stdout is not None
        first = json.loads(watching.stdout.readline())
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM submission_inbox"))
        documents = iter(watching.stdout.readline, "")
        later = next(found for found in map(json.loads, documents) if found["ok"])
        watching.send_signal(signal.SIGINT)
        rest = watching.stdout.read()

    assert watching.returncode == 0
    assert (first["ok"], first["problems"][0]["code"], later["problems"]) == (False, "submissions_wait", [])
    assert "Traceback" not in rest


def test_a_missing_role_is_named_first(redis_url: str, warm: CommandLine, engine: Engine):
    heartbeats(engine, "commands")
    ran = warm("status", SCRIPTLEDGER_BROKER_URL=redis_url)

    assert ran.status == 3
    assert ran.out.splitlines()[1].startswith("!! The worker of the role commands does not run")
    assert "`scriptledger worker --role commands`" in ran.out

    heartbeats(engine)
    assert warm("status", SCRIPTLEDGER_BROKER_URL=redis_url).status == 0
