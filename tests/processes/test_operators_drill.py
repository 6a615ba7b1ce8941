"""An operator's drill: at each step `status`, the page and the alerts say the same, and the advice mends it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from domain.commands.kinds.lines_insert_and_delete import LinesInsert
from domain.commands.kinds.script_create import ScriptCreate
from domain.script.line import Line
from domain.submissions.submission import Submission, encode_submission
from materialization.clock import system_clock
from materialization.write_path.submit import Ledger
from tests.browser.chromium import Chromium
from tests.browser.gallery import Colours, Gallery
from tests.processes.drill import Installation, Look
from tests.services.mariadb import MariaDB
from tests.services.redis_server import RedisServer

pytestmark = [pytest.mark.services, pytest.mark.slow]

SCRIPTS = 5
OTHER_ROLES = ("reconcile", "materialization", "upkeep")
SECOND = 1_000_000
WRITING, NOT_WRITING = "People can write", "People cannot work as they should"
POISON = ("submissions_poisonous", "")
GREEN, AMBER = (Colours(frozenset({name}), heading_is_red=False) for name in ("green", "amber"))
RED = Colours(frozenset({"red"}), heading_is_red=True)
RED_AND_AMBER = Colours(frozenset({"red", "amber"}), heading_is_red=True)
# A page that has no answer: its note is red, and its heading says what is wrong.
RED_NOTE = Colours(frozenset({"red"}), heading_is_red=False)
NO_NOTE = Colours(frozenset(), heading_is_red=False)
# What is seen at first sight at each step.
PICTURES = {
    "drill-1-everything-works": GREEN,
    "drill-2-drains-stopped": RED,
    "drill-2-drains-stopped-in-a-browser": RED,
    "drill-3-inbox-filled": RED,
    "drill-3-inbox-filled-waiting": NO_NOTE,
    "drill-3-mended": GREEN,
    "drill-4-poison": AMBER,
    "drill-4-poison-dead-letters": NO_NOTE,
    "drill-5-database-lost": RED,
    "drill-5-database-lost-waiting": RED_NOTE,
    "drill-5-mended": AMBER,
    "drill-6-row-corrupted": RED_AND_AMBER,
    "drill-6-row-corrupted-quarantine": NO_NOTE,
    "drill-6-mended": AMBER,
}


@pytest.fixture
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("drill")
    with MariaDB(durable=True) as database, RedisServer() as broker, Installation(folder, database, broker) as found:
        yield found


def submission(script_id: int, name: str, *, create: bool = False) -> Submission:
    line = Line("l" if create else f"l-{name}", "action", f"It rains, {name}.")
    kind = ScriptCreate(title="Drill", lines=(line,)) if create else LinesInsert(after="l", before=None, lines=(line,))
    return Submission(
        script_id=script_id,
        submission_id=name,
        author="user",
        actor="Ann",
        base_version=0 if create else 1,
        commands=(kind,),
    )


def enqueue(installation: Installation, script_id: int, name: str) -> None:
    """Put a submission into the inbox whose bell was lost twenty seconds ago."""
    with installation.unit_of_work.records() as tx:
        tx.inbox.put(script_id, name, encode_submission(submission(script_id, name)), system_clock() - 20 * SECOND)


def outcome(installation: Installation, script_id: int, name: str) -> str:
    with installation.unit_of_work.reading() as tx:
        found = tx.submissions.get(script_id, name)
    return found.answer.outcome if found else "pending"


def change(installation: Installation, statement: str, **params: object) -> None:
    with installation.engine.begin() as connection:
        assert connection.execute(text(statement), params).rowcount == 1


@pytest.fixture
def gallery(chromium: Chromium, tmp_path: Path) -> Iterator[Gallery]:
    with Gallery(chromium, tmp_path) as gallery:
        yield gallery


def test_every_place_says_the_same_and_the_advice_mends_it(installation: Installation, gallery: Gallery):
    ledger = Ledger(installation.unit_of_work)
    scripts = list(range(1, SCRIPTS + 1))
    for script_id in scripts:
        ledger.submit(submission(script_id, "create", create=True))
    installation.wait_for(lambda: answers(installation))
    installation.start("worker", *(word for role in OTHER_ROLES for word in ("--role", role)), "--beat")
    commands = installation.start("worker", "--role", "commands")
    see_writing(installation, gallery, "drill-1-everything-works")

    stopped = stop_drains(installation, gallery, commands)
    fill_inbox(installation, gallery, scripts, stopped)
    poison(installation, gallery, scripts[0])
    lose_database(installation, gallery)
    corrupt(installation, gallery, scripts[1])

    assert gallery.colours() == PICTURES
    assert "Traceback" not in installation.logs


def answers(installation: Installation) -> bool:
    try:
        return installation.page("/alive")[0] == 204
    except OSError:
        return False


def see_writing(installation: Installation, gallery: Gallery, picture: str, *warning: tuple[str, str]) -> None:
    """Wait until every place says that people can write, with no other warning."""
    seen = installation.see(*warning, warnings=True)
    assert (seen.status, seen.heading) == (0, f"{WRITING}, with 1 warning" if warning else WRITING)
    gallery.add(picture, seen.html)


def stop_drains(installation: Installation, gallery: Gallery, commands: subprocess.Popen[bytes]) -> Look:
    """The worker of the role commands ends by Ctrl-C."""
    os.killpg(commands.pid, signal.SIGINT)
    seen = installation.see(("role_missing", "commands"))

    assert (seen.status, seen.heading) == (3, NOT_WRITING)
    gallery.add("drill-2-drains-stopped", seen.html)
    gallery.visit("drill-2-drains-stopped-in-a-browser", f"{installation.signed_in}/")
    sentence = seen.document["problems"][0]["sentence"]
    assert "The worker of the role commands does not run, so no submission is answered; it stopped" in sentence
    return seen


def fill_inbox(installation: Installation, gallery: Gallery, scripts: list[int], stopped: Look) -> None:
    """Submissions wait, until the worker is started as the advice says."""
    for script_id in scripts:
        for number in range(10):
            enqueue(installation, script_id, f"waits-{number}")
    seen = installation.see(("role_missing", "commands"), ("submissions_wait", ""))

    assert (seen.status, seen.document["waiting"]["count"]) == (3, 10 * len(scripts))
    assert seen.advice("submissions_wait") == seen.advice("role_missing")
    assert seen.heading == NOT_WRITING
    gallery.add("drill-3-inbox-filled", seen.html)
    status, page = installation.page("/waiting")
    assert (status, page.count(b'<td class="number">10</td>')) == (200, len(scripts))
    gallery.add("drill-3-inbox-filled-waiting", page)

    [command] = stopped.advice("role_missing")
    installation.start(*command)
    see_writing(installation, gallery, "drill-3-mended")
    assert {outcome(installation, script_id, "waits-9") for script_id in scripts} == {"applied"}


def poison(installation: Installation, gallery: Gallery, script_id: int) -> None:
    """A submission that had ended its worker five times is refused; it is a warning, and can be sent again."""
    with installation.unit_of_work.records() as tx:
        payload = encode_submission(submission(script_id, "poison"))
        tx.inbox.put(script_id, "poison", payload, system_clock())
    change(installation, "UPDATE submission_inbox SET attempts = 6 WHERE submission_id = 'poison'")
    seen = installation.see(POISON, warnings=True)

    assert (seen.status, seen.heading) == (0, f"{WRITING}, with 1 warning")
    gallery.add("drill-4-poison", seen.html)
    [command] = seen.advice("submissions_poisonous")
    [letter] = installation.run(*command, "--json").json["rejected"]
    assert letter["submission_id"] == "poison"
    status, page = installation.page("/dead-letters?code=poison")
    assert (status, page.count(b'<a href="/dead-letters/')) == (200, 1)
    gallery.add("drill-4-poison-dead-letters", page)
    assert installation.run("rejected", "replay", letter["number"], "--json").json["outcome"] == "applied"


def lose_database(installation: Installation, gallery: Gallery) -> None:
    """Without the database every place says so; once it answers, the workers go on by themselves."""
    installation.database.kill()
    seen = installation.see(("database_down", ""))

    assert (seen.status, seen.document["roles"], seen.heading) == (4, [], NOT_WRITING)
    gallery.add("drill-5-database-lost", seen.html)
    status, page = installation.page("/waiting")
    assert (status, b">The database is away</h1>" in page) == (503, True)
    assert not re.search(rb"\(\d+, ['&]", page), "the sentence of the server, not its Python value"
    gallery.add("drill-5-database-lost-waiting", page)

    began = time.monotonic()
    installation.database.restart()
    see_writing(installation, gallery, "drill-5-mended", POISON)
    enqueue(installation, 1, "after-the-outage")
    installation.wait_for(lambda: outcome(installation, 1, "after-the-outage") == "applied")
    assert time.monotonic() - began < 120


def corrupt(installation: Installation, gallery: Gallery, script_id: int) -> None:
    """A script whose stored version was changed is taken out of service, repaired, and taken back."""
    change(
        installation,
        "UPDATE script_versions SET state_hash = REVERSE(state_hash) WHERE script_id = :script AND version_number = 2",
        script=script_id,
    )
    assert installation.run("verify", script_id, "--quarantine").status == 5
    enqueue(installation, script_id, "held")
    seen = installation.see(("scripts_quarantined", ""))

    assert (seen.status, seen.document["waiting_quarantined"]["count"]) == (5, 1)
    assert f"Script {script_id} is quarantined" in seen.document["problems"][0]["sentence"]
    assert seen.heading == NOT_WRITING
    gallery.add("drill-6-row-corrupted", seen.html)
    status, page = installation.page("/quarantine")
    assert (status, f"/quarantine/{script_id}".encode() in page) == (200, True)
    gallery.add("drill-6-row-corrupted-quarantine", page)

    verify, reopen = seen.advice("scripts_quarantined")
    assert installation.run(*verify).status == 5
    assert installation.run(*reopen).status == 5
    assert installation.run("rebuild", script_id, "--accept-differences").status in (0, 5)
    assert installation.run(*reopen).status == 0
    see_writing(installation, gallery, "drill-6-mended", POISON)
    installation.wait_for(lambda: outcome(installation, script_id, "held") == "applied", seconds=90)
