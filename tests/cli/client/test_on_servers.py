"""The command line on MariaDB and Redis with separate workers, as in production."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.cli.edits import creation, edit
from tests.cli.running import COMMAND, SAMPLE, CommandLine, wait_until
from workers.embedded.child_process import Child
from workers.process.roles import ROLES

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def production(mariadb_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """A command line whose database and broker are servers, with a worker for each role."""
    folder = tmp_path_factory.mktemp("production")
    cli = CommandLine(
        folder / "home", warm=True, SCRIPTLEDGER_DATABASE_URL=mariadb_url, SCRIPTLEDGER_BROKER_URL=redis_url
    )
    assert cli("scripts").status == 4  # not migrated yet
    assert cli("db", "upgrade").status == 0
    acknowledging = [name for name, role in ROLES.items() if role.acknowledges]
    commands = {
        "drain": ["worker", "--role", "commands", "--concurrency", 1],
        "rest": ["worker", *(part for name in acknowledging for part in ("--role", name)), "--pool", "solo", "--beat"],
    }
    workers = [
        Child([*COMMAND, *map(str, args)], log=folder / f"{name}.log", environ=cli.environ)
        for name, args in commands.items()
    ]
    wait_until(lambda: all(b"worker.ready" in worker.log.read_bytes() for worker in workers))
    yield cli
    for worker in workers:
        worker.stop()


def test_a_screenplay_is_imported_edited_and_verified(production: CommandLine):
    imported = production("import", SAMPLE, "--json")
    assert imported.status == 0, imported
    assert production("export", imported.json["script_id"]).out.encode() == SAMPLE.read_bytes()

    assert production.submit(creation(700)).out == "Applied to script 700 as version 1.\n"
    assert production.submit(edit(700, "e1", "d1", "Call me.")).status == 0
    assert production.submit(edit(700, "e1", "d1", "Call me.")).out == "Applied to script 700 as version 2.\n"
    late = production.submit(edit(700, "e2", "d1", "Never mind."))
    assert late.status == 1
    assert "Rosa (user) in version 2" in late.out

    assert production("verify", "--all").status == 0
    assert [row["author"] for row in production("log", 700, "--json").json["commands"]] == ["user", "user"]
    assert production("rejected", "--json").json["rejected"][0]["submission_id"] == "e2"
    assert not production.home.exists()  # nothing is embedded


def test_submissions_during_a_broker_outage_are_answered_by_the_reconciler(production: CommandLine):
    away = {"SCRIPTLEDGER_BROKER_URL": "redis://127.0.0.1:1/0"}

    assert production("submit", given=_json(701), **away).status == 4

    assert production("outcome", 701, "create-701", "--wait").out == "Applied to script 701 as version 1.\n"


def _json(script_id: int) -> str:
    return json.dumps(creation(script_id))
