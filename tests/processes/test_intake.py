"""Messages that hold whole submissions, on a real broker, with a real worker that ends over one of them."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery

from domain.commands.kinds.lines_insert_and_delete import LinesInsert
from domain.script.line import Line
from domain.submissions.submission import Submission, encode_submission
from repos.submissions.dead_letters import DeadLetter
from tests.processes.deadly_intake import DEADLY
from tests.processes.environment import Site, wait_until
from tests.processes.nodes import LocalWorker
from workers.messaging.bell import Bell
from workers.process.roles import ROLES
from workers.producers.producer import Producer, UnknownSubmission
from workers.settings import Settings

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.usefixtures("celery_setup")]


@pytest.fixture(scope="module")
def local_workers(settings: Settings, logs: Path) -> list[LocalWorker]:
    """One that drains, and one that takes in."""
    return [
        LocalWorker(ROLES["commands"], settings, logs, name="drains"),
        LocalWorker(ROLES["intake"], settings, logs, name="takes-in", app="tests.processes.deadly_intake"),
    ]


def send(app: Celery, argument: object) -> str:
    """Send a message as Celery does; its id."""
    sent = app.send_task("scriptledger.intake", args=(argument,), queue="intake", argsrepr="(…)")
    return str(sent.id)


def written(site: Site, name: str, text: str = "") -> tuple[int, str]:
    """A submission on a new script, as text."""
    script_id = site.new_script(writers=1).script_id
    insert = LinesInsert(after="w0", before=None, lines=(Line(name, "action", text or name),))
    submission = Submission(
        script_id=script_id, submission_id=name, author="user", base_version=1, commands=(insert,)
    )  # fmt: skip
    return script_id, encode_submission(submission).decode()


def dead_letters(site: Site, message: str) -> list[DeadLetter]:
    with site.unit_of_work.reading() as tx:
        return [row for row in tx.rejected.read(limit=10_000) if row.submission_id == message]


def test_a_submission_without_the_database_is_answered(site: Site, celery_setup_app: Celery):
    script_id, text = written(site, "from-elsewhere")
    send(celery_setup_app, text)
    send(celery_setup_app, json.loads(text))

    producer = Producer(site.unit_of_work, Bell(celery_setup_app))
    wait_until(lambda: known(producer, script_id, "from-elsewhere"))
    answer = producer.wait(script_id, "from-elsewhere", timeout=30)

    assert (answer.outcome, answer.first_version, answer.last_version) == ("applied", 2, 2)


def test_what_ends_its_worker_is_rejected_after_five_deliveries_and_harms_no_other(
    site: Site, celery_setup_app: Celery, local_workers: list[LocalWorker]
):
    _, deadly = written(site, "deadly", DEADLY.decode())
    script_id, text = written(site, "behind-it")
    message = send(celery_setup_app, deadly)
    send(celery_setup_app, text)

    wait_until(lambda: dead_letters(site, message))
    [row] = dead_letters(site, message)
    assert (row.script_id, row.code, row.payload) == (0, "poison", deadly.encode())
    assert local_workers[1].logs().count("exited with 'signal 9") == 5
    producer = Producer(site.unit_of_work, Bell(celery_setup_app))
    wait_until(lambda: known(producer, script_id, "behind-it"))
    assert producer.wait(script_id, "behind-it", timeout=30).outcome == "applied"
    with redis.Redis.from_url(site.settings.broker_url) as client:
        wait_until(lambda: client.llen("intake") == client.hlen("unacked") == 0)


BODIES: dict[str, tuple[bytes, dict[str, Any]]] = {
    "no JSON": (b"{", {}),
    "a page of brackets": (b"[" * 100_000, {}),
    "a limit that is none": (b'[["x", 1], {}, {}]', {"timelimit": ["a", "b"]}),
    "a number": (b"5", {}),
    "an object": (b'{"script_id": 1}', {}),
    "too few parts": (b"[[]]", {}),
    "no arguments": (b"[[], {}, {}]", {}),
    "another task": (b"[[], {}, {}]", {"task": "tasks.add"}),
    "no id": (b"[[], {}, {}]", {"id": None}),
    "a date that is none": (b'[["x"], {}, {}]', {"eta": "soon"}),
}


@pytest.mark.parametrize("what", BODIES)
def test_what_is_no_task_is_rejected_and_not_logged(site: Site, local_workers: list[LocalWorker], what: str):
    body, headers = BODIES[what]
    message = f"strange-{list(BODIES).index(what)}"
    with redis.Redis.from_url(site.settings.broker_url) as client:
        client.lpush("intake", envelope(body, message, headers))
        wait_until(lambda: dead_letters(site, message))
        wait_until(lambda: client.hlen("unacked") == 0)

    [row] = dead_letters(site, message)
    assert (row.script_id, row.code) == (0, "undecodable")
    assert local_workers[1].status == "running"


SCRAPS: dict[str, bytes] = {
    "no JSON": b"scrap 1 {",
    "no UTF-8": b"scrap 2 \xff",
    "a number": b"424242",
    "another object": b'{"scrap": 4}',
    "headers that are none": b'{"body": "scrap5==", "headers": [], "properties": {"delivery_tag": "x"}}',
    "no tag": b'{"body": "scrap6==", "headers": {}, "properties": {"delivery_info": {}}}',
    "no way back": b'{"body": "scrap7==", "headers": {}, "properties": {"delivery_tag": "x"}}',
    "a body in another code": b'{"body": "scrap8", "properties": {"body_encoding": "base64", "delivery_tag": "x"}}',
}


@pytest.mark.parametrize("what", SCRAPS)
def test_what_no_celery_client_made_is_rejected_too(site: Site, local_workers: list[LocalWorker], what: str):
    starts = local_workers[1].main.pid
    with redis.Redis.from_url(site.settings.broker_url) as client:
        client.lpush("intake", SCRAPS[what])
        wait_until(lambda: kept(site, SCRAPS[what]))
        wait_until(lambda: client.hlen("unacked") == 0)

    assert local_workers[1].main.pid == starts


def kept(site: Site, scrap: bytes) -> bool:
    """Whether something is among the dead letters, as its text or as the JSON it is."""
    with site.unit_of_work.reading() as tx:
        rows = [row.payload for row in tx.rejected.read(limit=10_000)]
    return scrap in rows or any(same(row, scrap) for row in rows)


def same(one: bytes, other: bytes) -> bool:
    try:
        return bool(json.loads(one) == json.loads(other))
    except (ValueError, RecursionError):
        return False


def test_a_message_without_a_body_is_rejected(site: Site, local_workers: list[LocalWorker]):
    bodiless = {**json.loads(envelope(b"", "bodiless", {})), "body": None}
    with redis.Redis.from_url(site.settings.broker_url) as client:
        client.lpush("intake", json.dumps(bodiless))
        wait_until(lambda: dead_letters(site, "bodiless"))

    assert local_workers[1].status == "running"


def test_a_log_tells_nothing_of_what_a_message_says(site: Site, local_workers: list[LocalWorker]):
    secret = "a sentence of the script"
    with redis.Redis.from_url(site.settings.broker_url) as client:
        for number, body in enumerate([f'["{secret}', f'[["{secret}"], {{}}, {{}}]', f'{{"{secret}": 1}}']):
            client.lpush("intake", envelope(body.encode(), f"secret-{number}", {"argsrepr": f"({secret})"}))
        wait_until(lambda: all(dead_letters(site, f"secret-{number}") for number in range(3)))

    assert secret not in "".join(worker.logs() for worker in local_workers)


def test_a_database_that_is_away_costs_no_submission(
    site: Site, celery_setup_app: Celery, local_workers: list[LocalWorker]
):  # fmt: skip
    """Its tables are gone for as long as a message is delivered more often than one that is to blame would be."""
    script_id, text = written(site, "patient")
    with site.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("RENAME TABLE submission_inbox TO submission_inbox_away")
    try:
        send(celery_setup_app, text)
        wait_until(lambda: local_workers[1].logs().count("delivery.failed") >= 7)
    finally:
        with site.engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("RENAME TABLE submission_inbox_away TO submission_inbox")

    producer = Producer(site.unit_of_work, Bell(celery_setup_app))
    wait_until(lambda: known(producer, script_id, "patient"))
    assert producer.wait(script_id, "patient", timeout=30).outcome == "applied"


def known(producer: Producer, script_id: int, submission_id: str) -> bool:
    try:
        producer.outcome(script_id, submission_id)
    except UnknownSubmission:
        return False
    return True


def envelope(body: bytes, message: str, headers: dict[str, Any]) -> str:
    """A message as a client in another language puts it into Redis."""
    return json.dumps(
        {
            "body": b64encode(body).decode(),
            "content-type": "application/json",
            "content-encoding": "utf-8",
            "headers": {"lang": "js", "task": "scriptledger.intake", "id": message} | headers,
            "properties": {
                "correlation_id": message,
                "body_encoding": "base64",
                "delivery_mode": 2,
                "delivery_tag": f"{message}-{time.time_ns()}",
                "delivery_info": {"exchange": "", "routing_key": "intake"},
            },
        }
    )
