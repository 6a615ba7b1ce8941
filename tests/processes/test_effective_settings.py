"""What is in force in a running worker, as the worker itself reports: its settings, its queues and its connection."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery
from kombu import Connection

import celeryconfig
from tests.processes.environment import EVERYTHING, Site, assert_one_true_history, wait_until
from tests.processes.nodes import LocalWorker
from workers.draining.drain_runner import HARD_SECONDS, SOFT_SECONDS
from workers.process.command_lines import ENVIRON
from workers.process.roles import ROLES, Role
from workers.settings import Settings

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.usefixtures("celery_setup")]

IN_EVERY_WORKER = {
    "accept_content": ["json"],
    "task_serializer": "json",
    "result_serializer": "json",
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "task_publish_retry_policy": {"max_retries": 2, "interval_start": 0.1, "interval_step": 0.2, "interval_max": 0.4},
    "task_soft_time_limit": 60,
    "task_time_limit": 90,
    "task_default_queue": "commands",
    "task_ignore_result": True,
    "task_create_missing_queues": False,
    "worker_prefetch_multiplier": 1,
    "broker_connection_max_retries": None,
    "broker_connection_retry_on_startup": True,
    "broker_pool_acquire_timeout": 5,
    "worker_hijack_root_logger": False,
    "worker_redirect_stdouts": False,
    "worker_soft_shutdown_timeout": 1.0,
    "worker_proc_alive_timeout": 60,
    "worker_max_memory_per_child": 400_000,
    "timezone": "UTC",
    "worker_cancel_long_running_tasks_on_connection_loss": True,
    "worker_enable_remote_control": False,
    "worker_send_task_events": False,
    "task_send_sent_event": False,
}
IN_EVERY_CONNECTION = {
    "visibility_timeout": 300,
    "priority_steps": [0],
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 15,
    "socket_connect_timeout": 5,
    "health_check_interval": 25,
    "socket_keepalive": True,
}

of_every_role = pytest.mark.parametrize("role", ROLES.values(), ids=list(ROLES))


@pytest.fixture(scope="module")
def local_workers(settings: Settings, logs: Path) -> list[LocalWorker]:
    """One for each role."""
    app = "tests.processes.reporting_app"
    return [LocalWorker(role, settings, logs, name=role.name, app=app) for role in ROLES.values()]


@pytest.fixture
def report(role: Role, logs: Path, local_workers: list[LocalWorker]) -> dict[str, Any]:
    """What the worker of a role wrote down of itself when it was ready."""
    name = next(worker for worker in local_workers if worker.role is role).hostname()
    file = logs / f"{name}.json"
    wait_until(file.exists)
    reported: dict[str, Any] = json.loads(file.read_text())
    return reported


@of_every_role
def test_settings_are_in_force(report: dict[str, Any]):
    in_force = {name: report["conf"].get(name) for name in IN_EVERY_WORKER}
    assert in_force == IN_EVERY_WORKER
    options = report["stats"]["broker"]["transport_options"]
    assert {name: options.get(name) for name in IN_EVERY_CONNECTION} == IN_EVERY_CONNECTION


def test_no_worker_answers_or_obeys_the_broker(celery_setup_app: Celery, local_workers: list[LocalWorker]):
    control = celery_setup_app.control

    assert control.inspect(timeout=1).ping() is None
    control.shutdown()
    control.cancel_consumer("commands")
    control.broadcast("pool_shrink", arguments={"n": 2})

    assert control.broadcast("report", reply=True, timeout=1) == []
    assert {worker.status for worker in local_workers} == {"running"}


@of_every_role
def test_sigterm_ends_a_worker_as_sigquit_would(role: Role, local_workers: list[LocalWorker]):
    worker = next(worker for worker in local_workers if worker.role is role)

    assert worker.main.environ()["REMAP_SIGTERM"] == "SIGQUIT"


@of_every_role
def test_every_task_is_routed_to_the_queue_of_a_role(report: dict[str, Any]):
    queues = {route["queue"] for route in report["conf"]["task_routes"].values()}

    assert queues == {role.queue for role in ROLES.values()}


def test_the_database_gives_up_before_a_task_is_ended(site: Site):
    with site.engine.connect() as connection:
        lock = connection.exec_driver_sql("SELECT @@innodb_lock_wait_timeout").scalar_one()
        driver = connection.connection.driver_connection
        assert driver
        answer = driver._read_timeout

    assert (lock, answer) == (5, 15)
    assert lock < SOFT_SECONDS < HARD_SECONDS < celeryconfig.task_soft_time_limit
    assert lock < answer < celeryconfig.task_soft_time_limit < celeryconfig.task_time_limit
    assert celeryconfig.task_time_limit < celeryconfig.broker_transport_options["visibility_timeout"]


@of_every_role
def test_messages_are_acknowledged_where_they_must_outlive_their_worker(role: Role, report: dict[str, Any]):
    assert report["stats"]["broker"]["transport_options"].get("ack_emulation", True) is role.acknowledges


@of_every_role
def test_a_worker_takes_one_message_a_process_from_the_one_queue_of_its_role(role: Role, report: dict[str, Any]):
    stats = report["stats"]
    assert stats["prefetch_count"] == stats["pool"]["max-concurrency"] == (1 if role.pool == "solo" else 2)
    assert role.pool in stats["pool"]["implementation"]
    [queue] = report["active_queues"]
    assert (queue["name"], queue["exchange"]["name"], queue["routing_key"]) == (role.queue,) * 3
    assert queue["exchange"]["type"] == "direct"


@pytest.mark.parametrize("queue", [queue.name for queue in celeryconfig.task_queues])
def test_a_message_reaches_one_queue(queue: str, settings: Settings):
    apart = {"global_keyprefix": "apart:"}  # the workers do not see it
    with Connection(settings.broker_url, transport_options=apart) as connection, redis_of(settings) as client:
        for declared in celeryconfig.task_queues:
            declared(connection.default_channel).declare()
        connection.Producer().publish("hello", exchange=queue, routing_key=queue)
        lengths = {each.name: client.llen(f"apart:{each.name}") for each in celeryconfig.task_queues}
        client.delete(*client.keys("apart:*"))

    assert lengths == {each.name: int(each.name == queue) for each in celeryconfig.task_queues}


def test_no_message_carries_script_text(site: Site, settings: Settings):
    with redis_of(settings) as client, client.monitor() as monitor:
        writing = site.begin()
        assert_one_true_history(writing)
        client.echo("that was all")
        received = list(commands_until(monitor, "that was all"))

    messages = [(queue, json.loads(text)) for push, queue, text in map(in_three, received) if push == "LPUSH"]
    bodies = [(queue, b64decode(message["body"]).decode()) for queue, message in messages]
    bells = [json.loads(body)[:2] for queue, body in bodies if queue == "commands"]
    assert len(bells) >= EVERYTHING
    assert bells == [[[writing.order.script_id], {}]] * len(bells)
    assert not [text for text in (*received, *(body for _, body in bodies)) if writing.order.marker in text]


@pytest.mark.parametrize(
    ("queues", "sentence"),
    [
        (
            "commands,reconcile",
            "commands, reconcile: These queues acknowledge differently, which is one setting of a process: "
            "start a worker for each.",
        ),
        (
            "commands,intake",
            "commands, intake: These queues acknowledge differently, which is one setting of a process: "
            "start a worker for each.",
        ),
        (
            "comands",
            f"comands: There is no such queue; there are {', '.join(role.queue for role in ROLES.values())}.",
        ),
    ],
)
def test_a_worker_that_cannot_serve_its_queues_refuses_in_one_sentence(
    queues: str, sentence: str, settings: Settings
):  # fmt: skip
    quietly = [sys.executable, "-W", "ignore"]  # Celery warns when it runs as root
    ended = subprocess.run(
        [*quietly, "-m", "celery", "-A", "workers.app", "worker", "--pool=solo", f"--queues={queues}"],
        env={**os.environ, **ENVIRON, **settings.to_env()},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", f"scriptledger: {sentence}\n")


def commands_until(monitor: redis.client.Monitor, word: str) -> Iterator[str]:
    """Every command that the broker was given, until the one with this word in it."""
    for received in monitor.listen():
        if word in received["command"]:
            return
        yield received["command"]


def in_three(command: str) -> tuple[str, str, str]:
    """The name of a command, its key and the rest."""
    name, _, rest = command.partition(" ")
    key, _, rest = rest.partition(" ")
    return name, key, rest


@contextmanager
def redis_of(settings: Settings) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(settings.broker_url) as client:
        yield client
