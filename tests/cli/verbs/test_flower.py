"""Flower shows the work of the workers to a user with the password, and never the text of a script."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import redis
from celery import Celery
from flower.urls import handlers

from tests.browser.chromium import Chromium
from tests.cli.edits import creation
from tests.cli.foreground import Dev
from tests.cli.running import CommandLine, press_ctrl_c, wait_until
from tests.processes.malformed import kinds
from workers.flower import without_text
from workers.messaging.version_announcements import client_url

pytestmark = pytest.mark.slow

SECRET = "Only Ada may read this."
TASKS = ("scriptledger.drain", "scriptledger.materialize", "scriptledger.keep_schedules")


class Visitor:
    """Requests pages of Flower, with the password or another."""

    def __init__(self, dev: Dev, password: str | None = None) -> None:
        self.url, self.user, self.password = dev.flower
        words = f"{self.user}:{self.password if password is None else password}"
        self._header = {"Authorization": f"Basic {b64encode(words.encode()).decode()}"}

    @property
    def signed_in(self) -> str:
        """The URL with the credentials."""
        return self.url.replace("://", f"://{self.user}:{self.password}@")

    def get(self, path: str, *, method: str = "GET") -> tuple[int, str]:
        """The status and the body of a page."""
        return fetch(self.url + path.lstrip("/"), method, self._header)


def fetch(url: str, method: str = "GET", headers: dict[str, str] | None = None) -> tuple[int, str]:
    request = Request(url, method=method, headers=headers or {}, data=b"" if method == "POST" else None)
    try:
        with urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except HTTPError as error:
        with error:
            return error.code, error.read().decode(errors="replace")


def paths() -> list[str]:
    """Every page of Flower, and an unknown one."""
    patterns = [handler.regex.pattern if hasattr(handler, "regex") else handler[0] for handler in handlers]
    return [*sorted({re.sub(r"\(.*?\)", "favicon.ico", pattern).rstrip("$?") for pattern in patterns} - {".*"}), "/x"]


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """Everything running, after a submission, an upkeep tick and a materialization run."""
    cli = CommandLine(tmp_path_factory.mktemp("flower") / "home")
    with Dev(cli) as dev:
        dev.wait_until_ready()
        submission = creation(7)
        submission["commands"][0]["lines"][0]["text"] = SECRET
        assert cli.submit(submission).status == 0
        tick(cli)
        visitor = Visitor(dev)
        wait_until(lambda: all(name in visitor.get("/api/tasks?limit=1000")[1] for name in TASKS))
        yield dev
        press_ctrl_c(dev.process)
        assert dev.ended() == 0


def tick(cli: CommandLine) -> None:
    """The message that beat sends every 15 seconds."""
    address = json.loads((cli.home / "stack.json").read_text())["broker_url"]
    app = Celery("a producer", broker=address, set_as_current=False)
    app.config_from_object("celeryconfig")
    app.send_task("scriptledger.keep_schedules", queue="upkeep")
    app.close()


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "TRACE", "BREW"])
def test_without_the_password_every_page_is_closed(dev: Dev, method: str):
    url = dev.flower[0].rstrip("/")

    assert {"/", "/tasks", "/metrics", "/healthcheck", "/api/tasks", "/static/favicon.ico"} <= set(paths())
    assert {path: fetch(url + path, method)[0] for path in paths()} == dict.fromkeys(paths(), 401)


@pytest.mark.parametrize("password", ["", "guess", "é", "x" * 5_000])
def test_another_password_opens_nothing(dev: Dev, password: str):
    assert Visitor(dev, password).get("/tasks")[0] == 401


@pytest.mark.parametrize("header", ["Basic", "Basic !", "Bearer abc", "Basic YWJj=", "\xe9"])
def test_an_invalid_header_opens_nothing(dev: Dev, header: str):
    assert fetch(dev.flower[0], headers={"Authorization": header})[0] == 401


def test_with_the_password_the_pages_are_there(dev: Dev):
    visitor = Visitor(dev)

    for path in ("/", "/tasks", "/broker", "/metrics", "/healthcheck", "/api/tasks", "/api/workers"):
        assert visitor.get(path)[0] == 200, path


def test_flower_is_read_only(dev: Dev):
    visitor = Visitor(dev)
    (worker, *_) = json.loads(visitor.get("/api/workers?refresh=1")[1])

    assert visitor.get(f"/api/worker/shutdown/{worker}", method="POST")[0] == 403
    assert visitor.get("/api/task/send-task/scriptledger.drain", method="POST")[0] == 403


def test_the_tasks_show_ids_and_counts_and_never_text(dev: Dev):
    visitor = Visitor(dev)

    tasks = json.loads(visitor.get("/api/tasks?limit=1000")[1]).values()

    drain = next(task for task in tasks if task["name"] == "scriptledger.drain")
    assert (drain["args"], drain["result"]) == ("(7,)", "{'answered': 1}")
    assert any(task["name"] == "scriptledger.materialize" and task["args"].endswith(", 7)") for task in tasks)
    seen = [visitor.get(path)[1] for path in ("/api/tasks?limit=1000", "/metrics", f"/task/{drain['uuid']}")]
    assert all(SECRET not in page for page in seen)


def test_no_message_in_the_event_and_control_channels_stops_a_service(dev: Dev):
    services = {process.pid for process in dev.services()}
    address = json.loads((dev.home / "stack.json").read_text())["broker_url"]
    url = client_url(address)
    assert url is not None
    with redis.Redis.from_url(url) as client:
        assert client.pubsub_numpat() == 1  # Flower alone listens, to events
        client.set("_kombu.binding.celeryev", SECRET)
        for message in (*kinds("commands", few=True).values(), *bad_events()):
            client.publish("/0.celeryev/worker.heartbeat", message)
            client.publish("/0.celeryev", message)
            client.publish("/0.celery.pidbox", message)
            client.lpush("commands-1@host.celery.pidbox", message)
    tick(dev.cli)

    visitor = Visitor(dev)
    wait_until(lambda: json.loads(visitor.get("/api/tasks?limit=1000")[1]).get("forged", {}).get("args") == "…")
    assert {process.pid for process in dev.services()} == services
    assert visitor.get("/workers")[0] == visitor.get("/tasks")[0] == visitor.get("/metrics")[0] == 200
    assert all(SECRET not in log.read_text(errors="replace") for log in (dev.home / "logs").iterdir() if log.is_file())


def bad_events() -> list[bytes]:
    """Events with too many or too few fields, the last of which can be shown in part."""
    event = {"type": "task-received", "hostname": "forged@host", "timestamp": 1.7e9, "uuid": "forged", "args": SECRET}
    bad = [5, [], [[5]], {**event, "hostname": [1]}, {**event, "timestamp": "x"}, {**event, "uuid": {}}, event]
    return [envelope(event) for event in bad]


def envelope(content: object) -> bytes:
    body = b64encode(json.dumps(content).encode()).decode()
    properties = {"body_encoding": "base64", "delivery_tag": "t", "delivery_info": {}}
    return json.dumps({"body": body, "headers": {}, "properties": properties}).encode()


@pytest.mark.parametrize("words", ["scriptledger:pässwörd", "Ädá:x", b"scriptledger:\xe4"])
def test_a_wrong_password_is_logged_without_itself(dev: Dev, words: str | bytes):
    given = b64encode(words if isinstance(words, bytes) else words.encode()).decode()

    assert fetch(dev.flower[0], headers={"Authorization": f"Basic {given}"})[0] == 401

    log = (dev.home / "logs" / "flower.log").read_text()
    assert "flower.wrong_password" in log
    assert "127.0.0.1" in log
    assert given not in log
    assert "pässwörd" not in log


def test_text_is_left_out_of_an_event():
    event = {"args": f"('{SECRET}',)", "kwargs": "{}", "exception": f"DataError(1406, '{SECRET}')", "traceback": SECRET}

    shown = without_text({**event, "uuid": "u", "result": "{'answered': 1}"})

    assert shown == {
        "args": "…",
        "kwargs": "{}",
        "exception": "DataError",
        "traceback": "",
        "uuid": "u",
        "result": "{'answered': 1}",
    }


def test_the_password_is_on_no_command_line(dev: Dev):
    password = dev.flower[2]

    assert [process for process in dev.services() if password in " ".join(process.cmdline())] == []


def test_flower_in_a_browser(dev: Dev, chromium: Chromium):
    address = Visitor(dev).signed_in

    tasks = chromium.dom(f"{address}tasks")

    assert all(name in tasks for name in TASKS)
    assert "(7,)" in tasks
    assert SECRET not in tasks
    assert chromium.screenshot(f"{address}tasks", "flower-tasks").stat().st_size > 20_000
    assert chromium.screenshot(f"{address}workers", "flower-workers").stat().st_size > 20_000


def test_flower_needs_a_password(tmp_path: Path):
    ran = CommandLine(tmp_path / "home", warm=True)("flower")

    assert (ran.status, ran.err) == (2, "scriptledger: Flower has no password: set SCRIPTLEDGER_FLOWER_PASSWORD.\n")


def test_the_page_runs_next_to_flower(dev: Dev):
    url, user, password = dev.page
    header = {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}

    assert fetch(f"{url}alive")[0] == 204
    assert fetch(f"{url}waiting")[0] == 401
    status, page = fetch(f"{url}waiting", headers=header)

    assert status == 200
    assert f'href="{dev.flower[0]}"' in page
    assert [process for process in dev.services() if password in " ".join(process.cmdline())] == []
