"""The commands of docker-compose.yml on private servers, in start order: healthy by its checks, and working."""

from __future__ import annotations

import os
import re
import signal
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psutil
import pytest
from celery import Celery

from domain.commands.kinds.script_create import ScriptCreate
from domain.script.line import Line
from domain.submissions.submission import Submission, encode_submission
from repos.database.engine import make_engine
from repos.unit_of_work import UnitOfWork
from tests.compose.file import SECRETS, Service, services
from tests.compose.machine import Machine, machine
from tests.processes.environment import wait_until
from tests.services.places import ServerMissingError
from workers.messaging.bell import Bell
from workers.producers.producer import Producer
from workers.settings import Settings

pytestmark = [pytest.mark.services, pytest.mark.slow]

ONCE = ("migrations", "accounts")
SERVICES = {service.name: service for service in services(SECRETS)}
STAYING = [service for service in SERVICES.values() if service.is_ours and service.name not in ONCE]
TIMEOUT_SECONDS = 120.0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """All services of the file in start order, each after its dependencies are ready."""
    try:
        with machine(tmp_path_factory.mktemp("compose")) as here:
            for service in SERVICES.values():
                for name, how in service.given.get("depends_on", {}).items():
                    if how["condition"] == "service_healthy":
                        wait_until(lambda name=name: healthy(here, SERVICES[name]), TIMEOUT_SECONDS)
                start(here, service)
            yield here
    except ServerMissingError as missing:
        pytest.fail(str(missing), pytrace=False)


def start(here: Machine, service: Service) -> None:
    if service.name == "database":
        here.start_database(service)
    elif service.name in ONCE:
        done = here.run(service)
        assert done.returncode == 0, done.stderr
    else:
        here.start(service)


def healthy(here: Machine, service: Service) -> bool:
    child = here.children.get(service.name)
    assert child is None or child.running(), child.last_words(20)
    return here.check(service).returncode == 0


@pytest.fixture(scope="module")
def settings(running: Machine) -> Settings:
    return Settings.from_env(running.environ(SERVICES["commands"]))


def test_every_service_becomes_healthy(running: Machine):
    for service in STAYING:
        wait_until(lambda service=service: healthy(running, service), TIMEOUT_SECONDS, pause=0.5)


def test_submissions_are_answered_with_and_without_a_bell(settings: Settings):
    engine = make_engine(settings.database_url)
    app = Celery("tests", broker=settings.broker_url, config_source="celeryconfig", set_as_current=False)
    unit_of_work = UnitOfWork(engine)
    producer = Producer(unit_of_work, Bell(app))
    rung, unrung, sent = (creation(script_id) for script_id in (101, 102, 103))

    producer.enqueue(rung)
    with unit_of_work.records() as tx:  # without a bell: beat and the reconciler must ring
        tx.inbox.put(unrung.script_id, unrung.submission_id, encode_submission(unrung), time.time_ns() // 1_000)
    app.send_task("scriptledger.intake", args=(encode_submission(sent).decode(),), queue="intake", argsrepr="(…)")

    def answered() -> bool:
        with unit_of_work.reading() as tx:
            return all(
                tx.submissions.get(submission.script_id, submission.submission_id)
                for submission in (rung, unrung, sent)
            )

    wait_until(answered)
    outcomes = [
        producer.wait(submission.script_id, submission.submission_id, timeout=1).outcome
        for submission in (rung, unrung, sent)
    ]
    assert outcomes == ["applied"] * 3
    app.close()
    engine.dispose()


def test_no_password_is_on_a_command_line(running: Machine):
    """All users of a machine can read those."""
    lines = [line for _, line in command_lines()]

    assert any(str(running.folder) in line for line in lines)
    assert not [line for line in lines if any(password in line for password in SECRETS.values())]


def command_lines() -> Iterator[tuple[psutil.Process, str]]:
    """All descendants of this process; some end during the iteration."""
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            yield process, " ".join(process.cmdline())


def test_the_broker_and_flower_require_a_password(running: Machine):
    broker, flower = SERVICES["broker"], SERVICES["flower"]
    without = [re.sub(r"REDISCLI_AUTH=\S+( \S+\))? ", "", word) for word in running.here(broker, broker.check)]

    assert running._run(broker, without).returncode != 0
    assert running.check(flower).returncode == 0
    assert flower.given["ports"] == ["127.0.0.1:5555:5555"]


def test_the_page_lets_the_people_of_its_files_in(running: Machine):
    address = f"http://127.0.0.1:{running.here(SERVICES['page'], ['5556'])[0]}/"

    for name in ("PAGE_OPERATORS", "PAGE_VIEWERS"):
        header = {"Authorization": f"Basic {b64encode(SECRETS[name].encode()).decode()}"}
        with urlopen(Request(address, headers=header), timeout=20) as page:
            assert "People can write" in page.read().decode()
    with pytest.raises(HTTPError, match="401"):
        urlopen(address, timeout=20)


def test_a_hanging_loop_is_reported_unhealthy(running: Machine):
    for service in (SERVICES["beat"], SERVICES["upkeep"]):
        kind = "beat" if service.name == "beat" else "worker"
        report = running.folder / f"heartbeat-{service.name}.{kind}"
        late = time.time() - 60
        main = main_process(running, service)
        main.suspend()
        try:
            os.utime(report, (late, late))
            done = running.check(service)
        finally:
            main.resume()

        assert (done.returncode, done.stdout) == (1, "")
        assert re.fullmatch(r"its main loop reported 6\d s ago: .*hangs\n", done.stderr)
        wait_until(lambda service=service: running.check(service).returncode == 0, TIMEOUT_SECONDS, pause=0.5)


def main_process(running: Machine, service: Service) -> psutil.Process:
    """The process that a service's command became."""
    wanted = running.environ(service)["SCRIPTLEDGER_HEARTBEAT"]
    for process, line in command_lines():
        with suppress(psutil.Error):
            ours = "-m workers.celery_program" in line or "-m workers.http.server" in line
            if ours and process.environ().get("SCRIPTLEDGER_HEARTBEAT") == wanted:
                return process
    raise AssertionError(f"{service.name} does not run")


def test_each_service_stops_in_time_on_sigterm(running: Machine):
    began = time.monotonic()
    for service in STAYING:
        if service.name != "flower":
            main_process(running, service).send_signal(signal.SIGTERM)
    for service in STAYING:
        grace = float(service.given["stop_grace_period"].removesuffix("s"))
        if service.name != "flower":
            assert running.children[service.name].wait(grace) == 0, running.children[service.name].last_words(10)
    assert time.monotonic() - began < 20


def creation(script_id: int) -> Submission:
    first = ScriptCreate(title="New", lines=(Line("a", "action", "Night."),))
    return Submission(script_id=script_id, submission_id="create", author="user", base_version=0, commands=(first,))
