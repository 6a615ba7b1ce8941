"""Producer tests: a batch is enqueued whole or not at all, and a repeated submission gets the first answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from sqlalchemy import Engine

from domain.commands.kinds.script_create import ScriptCreate
from domain.refusals import NoCommands, SameIdOtherContent
from domain.script.line import Line
from domain.submissions.submission import Submission
from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine
from repos.schema import upgrade
from repos.unit_of_work import UnitOfWork
from workers.producers.producer import Producer


class RecordingBell:
    """A bell that records its rings."""

    def __init__(self) -> None:
        self.rung: list[int] = []

    def ring(self, script_id: int) -> bool:
        self.rung.append(script_id)
        return True

    def ring_all(self, script_ids: Iterable[int]) -> bool:
        self.rung += script_ids
        return True


@pytest.fixture
def unit_of_work(database_url: str) -> Iterator[UnitOfWork]:
    engine: Engine = make_engine(database_url)
    upgrade.upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM submission_inbox")
    yield UnitOfWork(engine)
    engine.dispose()


@pytest.fixture
def bell() -> RecordingBell:
    return RecordingBell()


@pytest.fixture
def producer(unit_of_work: UnitOfWork, bell: RecordingBell) -> Producer:
    return Producer(unit_of_work, bell)  # type: ignore[arg-type]


def beginning(script_id: int, name: str = "begin", text: str = "Rain.") -> Submission:
    create = ScriptCreate(title="A script", lines=(Line("l1", "action", text),))
    return Submission(script_id=script_id, submission_id=name, author="user", base_version=0, commands=(create,))


def waiting(unit_of_work: UnitOfWork, script_id: int) -> int:
    with unit_of_work.reading() as tx:
        return len(tx.inbox.arrivals(script_id))


def test_a_batch_keeps_its_order_and_rings_once_for_each_script(
    producer: Producer, unit_of_work: UnitOfWork, bell: RecordingBell
):
    receipts = producer.enqueue_all([beginning(1), beginning(2), beginning(1, "second")])

    assert [(receipt.script_id, receipt.submission_id) for receipt in receipts] == [
        (1, "begin"),
        (2, "begin"),
        (1, "second"),
    ]
    assert (waiting(unit_of_work, 1), waiting(unit_of_work, 2)) == (2, 1)
    assert bell.rung == [1, 2]


def test_one_invalid_submission_rejects_the_batch(producer: Producer, unit_of_work: UnitOfWork, bell: RecordingBell):
    nothing = Submission(script_id=2, submission_id="x", author="user", base_version=0, commands=())
    with pytest.raises(NoCommands):
        producer.enqueue_all([beginning(1), nothing])
    assert (waiting(unit_of_work, 1), bell.rung) == (0, [])


def test_a_pending_submission_is_enqueued_once(producer: Producer, unit_of_work: UnitOfWork, bell: RecordingBell):
    producer.enqueue(beginning(1))

    assert len(producer.enqueue_all([beginning(1), beginning(2)])) == 2

    assert (waiting(unit_of_work, 1), waiting(unit_of_work, 2)) == (1, 1)
    assert bell.rung == [1, 1, 2]


def test_the_same_id_with_other_content_is_refused(producer: Producer):
    producer.enqueue(beginning(1))
    with pytest.raises(SameIdOtherContent):
        producer.enqueue_all([beginning(1, text="Snow.")])
    with pytest.raises(SameIdOtherContent):
        producer.enqueue(beginning(1, text="Snow."))


def test_a_bell_rings_only_for_committed_submissions(producer: Producer, bell: RecordingBell):
    producer.enqueue(beginning(1))
    assert bell.rung == [1]
    producer.enqueue_all([])
    assert bell.rung == [1]


def test_a_given_submission_is_compared_with_the_answered_one(producer: Producer, unit_of_work: UnitOfWork):
    mine, other = beginning(91), beginning(91, text="Snow.")
    producer.enqueue(other)
    with pytest.raises(SameIdOtherContent):
        producer.outcome(91, "begin", sent=mine)
    assert producer.outcome(91, "begin", sent=other) is None

    Ledger(unit_of_work).drain(91)

    with pytest.raises(SameIdOtherContent):
        producer.wait(91, "begin", sent=mine, timeout=1)
    answer = producer.wait(91, "begin", sent=other, timeout=1)
    assert answer.outcome == "applied"
    # Sent again now, it looks answered: only a comparison shows that it was not applied, also on a later delivery.
    producer.enqueue(mine)
    Ledger(unit_of_work).drain(91)
    assert producer.outcome(91, "begin") == answer
    with pytest.raises(SameIdOtherContent):
        producer.outcome(91, "begin", sent=mine)
