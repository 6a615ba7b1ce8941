"""Materialization role tests: its queue, role, task and schedule match each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import pytest
from celery import Celery

from domain.commands.kinds.script_create import ScriptCreate
from domain.script.line import Line
from domain.submissions.submission import Submission
from materialization.scheduled_runs.materialize_script import Materializer
from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine
from repos.schema import upgrade
from repos.unit_of_work import UnitOfWork
from workers.app import app
from workers.messaging.run_messages import QUEUE, FanOut
from workers.process.roles import ROLES
from workers.process.task_names import MATERIALIZE
from workers.scheduling.schedules import schedules
from workers.scheduling.slot_runner import SlotRunner
from workers.settings import Settings


@pytest.fixture
def unit_of_work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UnitOfWork]:
    engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('role')}/ledger.db")
    upgrade.upgrade(engine)
    yield UnitOfWork(engine)
    engine.dispose()


def test_the_role_serves_the_queue_that_its_task_is_routed_to() -> None:
    role = ROLES["materialization"]

    assert (role.queue, role.acknowledges) == (QUEUE, True)
    assert app.conf.task_routes[MATERIALIZE] == {"queue": QUEUE}
    assert QUEUE in {queue.name for queue in app.conf.task_queues}
    app.loader.import_default_modules()
    assert MATERIALIZE in app.tasks


def test_a_message_carries_ids_and_expires() -> None:
    with Celery("tests", broker="memory://", config_source="celeryconfig", set_as_current=False) as sending:
        FanOut(sending).send(3, 7)

        with sending.connection_for_read() as connection:
            message = connection.default_channel.basic_get(QUEUE, no_ack=True)
    assert (message.headers["task"], message.payload[0]) == (MATERIALIZE, [3, 7])
    assert message.headers["argsrepr"] == "(3, 7)"
    assert datetime.fromisoformat(message.headers["expires"]) > datetime.now(UTC)


class Hand:
    """Records the messages sent; `still_out` messages are still in the queue."""

    def __init__(self, still_out: int = 0) -> None:
        self.still_out = still_out
        self.items: list[tuple[int, int]] = []

    def send_all(self, scripts: Iterable[tuple[int, int]], /) -> None:
        self.items.extend(scripts)

    def waiting(self) -> int:
        return self.still_out


@pytest.fixture
def script_id(unit_of_work: UnitOfWork) -> int:
    with unit_of_work.records() as tx:
        number = tx.scripts.new_id()
    create = ScriptCreate(title="A script", lines=(Line("l1", "action", "Rain."),))
    beginning = Submission(script_id=number, submission_id="s1", author="user", base_version=0, commands=(create,))
    Ledger(unit_of_work).submit(beginning)
    return number


def tick(unit_of_work: UnitOfWork, name: str, hand: Hand) -> None:
    due = [schedule for schedule in schedules(unit_of_work, Settings(), hand) if schedule.name == name]
    ran = SlotRunner(unit_of_work).tick(due[0])
    assert [slot.outcome for slot in ran] == ["done"]


@pytest.mark.parametrize("name", ["materialize", "verify-sample"])
def test_a_schedule_opens_a_run_and_sends_its_scripts(unit_of_work: UnitOfWork, script_id: int, name: str) -> None:
    hand = Hand()
    tick(unit_of_work, name, hand)

    assert [script for _, script in hand.items] == [script_id]
    assert Materializer(unit_of_work).materialize(*hand.items[0]) == "done"
    with unit_of_work.reading() as tx:
        assert [placed.line.text for placed in tx.lines.read(script_id)] == ["Rain."]


@pytest.mark.usefixtures("script_id")
def test_queued_scripts_are_not_sent_again(unit_of_work: UnitOfWork) -> None:
    hand = Hand(still_out=3)
    tick(unit_of_work, "materialize", hand)

    assert hand.items == []
    with unit_of_work.reading() as tx:
        assert tx.runs.read() == []
