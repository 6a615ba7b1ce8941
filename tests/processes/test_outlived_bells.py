"""What happens to submissions that outlive their bell: lost bells are rung again, and poison is rejected."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest
from celery import Celery
from msgspec.structs import replace

from domain.commands.kinds.lines_insert_and_delete import LinesInsert
from domain.script.line import Line
from domain.submissions.answer import encode_answer
from domain.submissions.submission import Submission, encode_submission
from tests.processes.environment import Site, wait_until
from tests.processes.history_checker import check_history
from tests.processes.journal import ProducerRecord
from tests.processes.nodes import LocalWorker
from tests.processes.writers import NoBell
from tests.slowness import adjusted_for_load
from workers.messaging.bell import Bell
from workers.process.roles import ROLES
from workers.producers.producer import Producer
from workers.settings import Settings

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.usefixtures("celery_setup")]

NEIGHBOURS = 10
PILE = 1_200  # more than three batches
MAX_SECONDS = 15  # from a commit whose bell is lost to the answer, at production settings
POISON_SECONDS = 60  # from its commit to its refusal, however many processes it ends


@pytest.fixture(scope="module")
def local_workers(settings: Settings, logs: Path) -> list[LocalWorker]:
    settings = replace(settings, log_level="debug")  # lines of tasks
    return [
        LocalWorker(ROLES["commands"], settings, logs, name="deadly", app="tests.processes.deadly_app"),
        LocalWorker(ROLES["reconcile"], settings, logs, name="reconciler", beat=True),
    ]


def test_a_submission_whose_bell_was_lost_is_answered_within_fifteen_seconds(site: Site, celery_setup_app: Celery):
    producer = Producer(site.unit_of_work, NoBell(celery_setup_app))
    sent = []
    for number in range(4):
        sent.append((time.monotonic(), enqueued(producer, site.new_script(writers=1).script_id, f"silent-{number}")))
        time.sleep(1)

    for enqueued_at, submission in sent:
        assert producer.wait(submission.script_id, submission.submission_id, timeout=30).outcome == "applied"
        assert time.monotonic() - enqueued_at < adjusted_for_load(MAX_SECONDS)


def test_a_pile_of_submissions_behind_one_bell_is_answered(
    site: Site, celery_setup_app: Celery, local_workers: list[LocalWorker]
):
    producer = Producer(site.unit_of_work, NoBell(celery_setup_app))
    begun = site.new_script(writers=1)
    pile = [line(begun.script_id, f"pile-{number}") for number in range(PILE)]
    producer.enqueue_all(pile)

    assert Bell(celery_setup_app).ring(begun.script_id)

    records = [record_of(producer, submission) for submission in pile]
    with site.engine.connect() as connection:
        assert check_history(connection, [begun, *records], only=[begun.script_id]) == []
    assert "scriptledger.drain_deep" in local_workers[0].logs()


def test_ticks_that_were_not_taken_in_time_expire(celery_setup_app: Celery, local_workers: list[LocalWorker]):
    schedule = celery_setup_app.conf.beat_schedule["reconcile"]
    reconciler = local_workers[1]
    reconciler.freeze()
    late = [celery_setup_app.send_task(schedule["task"], **schedule["options"]) for _ in range(3)]
    time.sleep(schedule["options"]["expires"] + 0.5)
    reconciler.thaw()
    fresh = celery_setup_app.send_task(schedule["task"], **schedule["options"])

    def is_done(task_id: str) -> bool:
        return any("task.done" in line and task_id in line for line in reconciler.logs().splitlines())

    wait_until(lambda: is_done(fresh.id))
    assert [is_done(tick.id) for tick in late] == [False] * 3


def test_poison_is_refused_after_five_attempts_and_its_neighbours_are_answered(
    site: Site, celery_setup_app: Celery, local_workers: list[LocalWorker]
):
    producer = Producer(site.unit_of_work, Bell(celery_setup_app))
    begun = [site.new_script(writers=1) for _ in range(2)]
    poisoned, other = (record.script_id for record in begun)

    in_front = [enqueued(producer, poisoned, f"in-front-{number}") for number in range(2)]
    put_at = time.monotonic()
    payload = put_poison(site, poisoned)
    behind = [enqueued(producer, poisoned, f"behind-{number}") for number in range(NEIGHBOURS)]
    elsewhere = [enqueued(producer, other, f"elsewhere-{number}") for number in range(NEIGHBOURS)]

    refusal = producer.wait(poisoned, "poison", timeout=adjusted_for_load(POISON_SECONDS)).refusal
    assert time.monotonic() - put_at <= adjusted_for_load(POISON_SECONDS)
    assert refusal
    assert (refusal.code, refusal.facts) == ("poison", {"attempts": 5})
    records = [record_of(producer, submission) for submission in (*in_front, *behind, *elsewhere)]
    assert all(b'"applied"' in one.answers[0] for one in records)
    records.append(ProducerRecord("poisoner", 1, poisoned, "poison", payload, acknowledged=True))
    with site.engine.connect() as connection:
        assert check_history(connection, [*begun, *records], only=[poisoned, other]) == []
    # Each attempt cost a process, and so may each bell that was on its way; the reconciler rang, too.
    assert 5 <= local_workers[0].logs().count("exited with 'signal 9") <= 2 + NEIGHBOURS + 5 + 5


def enqueued(producer: Producer, script_id: int, name: str) -> Submission:
    submission = line(script_id, name)
    producer.enqueue(submission)
    return submission


def line(script_id: int, name: str) -> Submission:
    """A submission that inserts one line, behind the first."""
    insert = LinesInsert(after="w0", before=None, lines=(Line(name, "action", name),))
    return Submission(script_id=script_id, submission_id=name, author="user", base_version=1, commands=(insert,))


def put_poison(site: Site, script_id: int) -> bytes:
    """Put into the inbox what only that worker can read, as a producer of a newer version would."""
    commands = [{"kind": "test.end_the_worker"}]
    frame = {"script_id": script_id, "submission_id": "poison", "author": "user", "base_version": 1}
    payload = msgspec.json.encode({**frame, "commands": commands, "cause": {}})
    with site.unit_of_work.records() as tx:
        tx.inbox.put(script_id, "poison", payload, time.time_ns() // 1_000)
    return payload


def record_of(producer: Producer, submission: Submission) -> ProducerRecord:
    answer = encode_answer(producer.wait(submission.script_id, submission.submission_id, timeout=60))
    name, place = submission.submission_id.rsplit("-", 1)
    payload = encode_submission(submission)
    frame = (name, 1 + int(place), submission.script_id, submission.submission_id)
    return ProducerRecord(*frame, payload, acknowledged=True, answers=(answer,))
