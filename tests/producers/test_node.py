"""Node producer tests, with real workers: an edit in the producer's own transaction, and one as a message."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis
from sqlalchemy import Engine, make_url

from domain.script.line import Line
from domain.submissions.answer import Answer
from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine
from repos.schema import upgrade
from repos.unit_of_work import UnitOfWork
from tests.materialization.write_path.script_editor import ScriptEditor
from tests.processes.environment import wait_until
from tests.processes.nodes import LocalWorker, start_together
from tests.requirements import leave_out
from workers.messaging.version_announcements import Announcement, channel
from workers.process.roles import ROLES
from workers.settings import Settings

pytestmark = [pytest.mark.services, pytest.mark.slow]

EXAMPLE = Path(__file__).parents[2] / "examples" / "node"
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH")
A = Line("a", "dialogue", "É, “said” Zoë. 👩\u200d👧", "\n\n", {"dual": True, "x": "1A"})


@pytest.fixture(scope="module")
def node() -> str:
    """Node, with the locked packages of the example."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not (node and npm):
        pytest.skip("node and npm are not installed")
    installed, wanted = EXAMPLE / "node_modules" / ".package-lock.json", EXAMPLE / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
        done = subprocess.run([npm, "ci"], cwd=EXAMPLE, capture_output=True, text=True, timeout=240, check=False)
        if done.returncode and any(word in done.stderr for word in UNREACHABLE):
            leave_out(f"npm cannot reach its registry for the packages of the example: {done.stderr[-500:]}")
        assert done.returncode == 0, done.stderr[-500:]
        installed.touch()
    return str(node)


@pytest.fixture(scope="module")
def settings(mariadb_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("home"), database_url=mariadb_url, broker_url=redis_url)


@pytest.fixture(scope="module")
def engine(settings: Settings) -> Iterator[Engine]:
    """The database, with a table of the producer's own."""
    engine = make_engine(settings.database_url)
    upgrade.upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE margin_notes (script_id BIGINT NOT NULL, note TEXT NOT NULL) CHARSET utf8mb4"
        )
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def unit_of_work(engine: Engine) -> UnitOfWork:
    return UnitOfWork(engine)


@pytest.fixture(scope="module")
def workers(settings: Settings, unit_of_work: UnitOfWork) -> Iterator[None]:  # noqa: ARG001 - they need its tables
    nodes = [LocalWorker(ROLES[name], settings, settings.home, name=name) for name in ("commands", "intake")]
    try:
        start_together(nodes)
        yield
    finally:
        for worker in nodes:
            worker.teardown()


@pytest.fixture
def editor(unit_of_work: UnitOfWork) -> ScriptEditor:
    return ScriptEditor(unit_of_work, Ledger(unit_of_work)).begin(A)


class Producer:
    """Runs the programs of the example."""

    def __init__(self, node: str, settings: Settings) -> None:
        self._node = node
        url = make_url(settings.database_url).set(drivername="mysql", query={})
        self.environ = {
            **os.environ,
            "DATABASE_URL": url.render_as_string(hide_password=False),
            "BROKER_URL": settings.broker_url,
        }

    def __call__(self, program: str, edit: dict[str, Any], **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._node, EXAMPLE / program],
            input=json.dumps(edit),
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def produce(node: str, settings: Settings) -> Producer:
    return Producer(node, settings)


def edit(editor: ScriptEditor, text: str, **more: Any) -> dict[str, Any]:
    """The input of the programs: the current line, and its new text."""
    line = msgspec.to_builtins(editor.state().line("a"))
    frame = {
        "script_id": editor.script_id,
        "submission_id": "from-node",
        "base_version": editor.version,
        "actor": "Zoë",
    }
    return {**frame, "line": line, "text": text, "note": "Größer 👧", **more}


def notes(engine: Engine, editor: ScriptEditor) -> list[str]:
    """The producer's own rows for a script."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT note FROM margin_notes WHERE script_id = %s", (editor.script_id,))
        return [row.note for row in rows]


@pytest.mark.usefixtures("workers")
def test_an_edit_in_the_producer_s_transaction_is_answered(produce: Producer, editor: ScriptEditor, engine: Engine):
    done = produce("by-transaction.mjs", edit(editor, "Ça va ? 👧"))

    assert (done.returncode, done.stderr) == (0, "")
    output = json.loads(done.stdout)
    assert output["rung"] is True
    answer = msgspec.convert(output["answer"], Answer)
    assert (answer.outcome, answer.last_version) == ("applied", 2), "Node computes the same hash of the line"
    assert editor.texts() == ["Ça va ? 👧"]
    assert notes(engine, editor) == ["Größer 👧"]


@pytest.mark.usefixtures("workers")
def test_a_rolled_back_edit_is_not_sent(produce: Producer, editor: ScriptEditor, engine: Engine):
    done = produce("by-transaction.mjs", edit(editor, "Never.", note=None))

    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot be null" in done.stderr
    assert (editor.waiting(), editor.answer("from-node"), notes(engine, editor)) == (0, None, [])


@pytest.mark.usefixtures("workers")
def test_a_stale_edit_gets_the_current_text_of_the_line(produce: Producer, editor: ScriptEditor):
    old = edit(editor, "Mine.")
    assert produce("by-transaction.mjs", {**old, "submission_id": "first", "text": "Yours."}).returncode == 0

    output = json.loads(produce("by-transaction.mjs", old).stdout)

    assert output["answer"]["refusal"]["code"] == "stale_line"
    assert output["answer"]["refusal"]["facts"]["current"]["text"] == "Yours."


@pytest.mark.usefixtures("workers")
def test_an_id_used_before_for_other_content_is_reported(produce: Producer, editor: ScriptEditor):
    first = edit(editor, "Mine.")
    answered = produce("by-transaction.mjs", first)

    other = produce("by-transaction.mjs", {**first, "text": "Other."})
    repeated = produce("by-transaction.mjs", first)

    assert (other.returncode, other.stdout) == (1, "")
    assert "from-node" in other.stderr
    assert "was already used for other content" in other.stderr
    assert json.loads(repeated.stdout)["answer"] == json.loads(answered.stdout)["answer"]
    assert editor.texts() == ["Mine."]


def test_without_a_broker_the_edit_is_stored_and_the_bell_fails(produce: Producer, editor: ScriptEditor):
    given = edit(editor, "Later.")
    with subprocess.Popen(
        [produce._node, EXAMPLE / "by-transaction.mjs"],
        env={**produce.environ, "BROKER_URL": "redis://127.0.0.1:1/0"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdin
        running.stdin.write(json.dumps(given))
        running.stdin.close()
        wait_until(editor.waiting)
        assert editor.drain() == 1  # as after a bell of the reconciler
        assert running.stdout
        assert json.loads(running.stdout.read())["rung"] is False

    assert editor.texts() == ["Later."]


@pytest.mark.usefixtures("workers")
def test_an_edit_as_a_message_is_applied_and_announced(produce: Producer, editor: ScriptEditor, settings: Settings):
    with redis.Redis.from_url(settings.broker_url) as client, client.pubsub() as listening:
        listening.subscribe(channel(editor.script_id))
        assert listening.get_message(timeout=5)
        done = produce("by-message.mjs", edit(editor, "Von weither. 👧"))
        assert (done.returncode, done.stderr) == (0, "")
        announced = listening.get_message(timeout=30)
        wait_until(lambda: client.llen("intake") == client.hlen("unacked") == 0)

    assert announced
    assert msgspec.json.decode(announced["data"], type=Announcement) == Announcement(editor.script_id, 2)
    assert editor.texts() == ["Von weither. 👧"]
    assert editor.log()[-1].actor == "Zoë"


@pytest.mark.usefixtures("workers")
def test_the_same_message_twice_is_applied_once(produce: Producer, editor: ScriptEditor):
    given = edit(editor, "Twice.")
    for _ in range(2):
        assert produce("by-message.mjs", given).returncode == 0
    wait_until(lambda: editor.answer("from-node"))

    assert editor.version == 2
    assert editor.dead() == []


def test_an_unreachable_broker_is_reported_to_the_sender(produce: Producer, editor: ScriptEditor):
    done = produce("by-message.mjs", edit(editor, "Not sent."), BROKER_URL="redis://127.0.0.1:1/0")

    assert (done.returncode, done.stdout) == (1, "")
    assert "The broker did not accept the message" in done.stderr


def test_the_lock_contains_no_download_urls():
    lock = json.loads((EXAMPLE / "package-lock.json").read_text())

    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
    assert all(package.get("integrity") for name, package in lock["packages"].items() if name)
