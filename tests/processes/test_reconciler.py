"""The reconciler brings lost bells back: one of them at a time, ever more rarely, and never into a full queue."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import kombu.pools
import pytest
import redis
from celery import Celery
from sqlalchemy import Engine, text

from domain.submissions.submission import encode_submission
from materialization.submissions.drain_pauses import LOOK_SECONDS, PauseWatch, pause_drains, resume_drains
from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.processes.writers import beginning
from tests.slowness import adjusted_for_load
from workers.messaging.bell import Bell
from workers.process.task_names import DRAIN, DRAIN_ONE_BY_ONE
from workers.scheduling.reconciler import DEEP_QUEUE, LEASE_SECONDS, RING_AGAIN_AFTER_SECONDS, Reconciler, Tick

SECOND = 1_000_000


class RecordingBell(Bell):
    """A bell that writes down who rang, and says of the broker what the test wants it to say."""

    def __init__(self) -> None:
        self.rung: list[tuple[int, str]] = []
        self.is_taken = True
        self.depth: int | None = 0
        self.while_looking: Callable[[], object] = lambda: None

    def ring(self, script_id: int, task: str = DRAIN) -> bool:
        self.rung.append((script_id, task))
        return self.is_taken

    def waiting(self) -> int | None:
        self.while_looking()
        return self.depth


class World(NamedTuple):
    """A database with an inbox, a bell that records its rings, and a clock that the test sets."""

    unit_of_work: UnitOfWork
    bell: RecordingBell
    clock: list[int]

    def reconciler(self, bell: Bell | None = None) -> Reconciler:
        return Reconciler(self.unit_of_work, bell or self.bell, clock=lambda: self.clock[0])

    def later(self, seconds: float) -> None:
        self.clock[0] += int(seconds * SECOND)

    def waiting_submission(self) -> int:
        """Put a submission for a new script into the inbox; the script."""
        with self.unit_of_work.records() as tx:
            script_id = tx.scripts.new_id()
            tx.inbox.put(script_id, "beginning", encode_submission(beginning(script_id, 1)), self.clock[0])
        return script_id

    def waiting_submission_for(self, script_id: int) -> None:
        """Put another one for a script into the inbox."""
        with self.unit_of_work.records() as tx:
            assert tx.inbox.put(script_id, "again", b"{}", self.clock[0])

    def remove_first(self, script_id: int) -> None:
        """Take the submission that waits in front out of the inbox."""
        with self.unit_of_work.script(script_id) as tx:
            tx.inbox.remove([tx.waiting[0].id])

    def answer(self, script_id: int) -> None:
        assert Ledger(self.unit_of_work).drain(script_id).answered == 1


@pytest.fixture(scope="module")
def engine(database_url: str) -> Iterator[Engine]:
    yield from migrated(database_url)


@pytest.fixture(scope="module")
def engine_on_mariadb(mariadb_url: str) -> Iterator[Engine]:
    yield from migrated(mariadb_url)


def migrated(url: str) -> Iterator[Engine]:
    engine = make_engine(url)
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def world(engine: Engine) -> World:
    return at_peace(engine)


@pytest.fixture
def world_on_mariadb(engine_on_mariadb: Engine) -> World:
    return at_peace(engine_on_mariadb)


def at_peace(engine: Engine) -> World:
    """Nothing waits, and nothing is remembered."""
    with engine.begin() as connection:
        for table in ("submission_inbox", "bells", "leases"):
            connection.execute(text(f"DELETE FROM {table}"))
    return World(UnitOfWork(engine), RecordingBell(), [1_000_000 * SECOND])


def test_a_bell_that_the_broker_does_not_take_is_no_ring(world: World):
    waiting = [world.waiting_submission() for _ in range(5)]
    world.later(RING_AGAIN_AFTER_SECONDS + 1)
    world.bell.is_taken = False

    for _ in range(4):
        assert world.reconciler().tick() == Tick(0, "the broker takes no bells")
        world.later(LEASE_SECONDS + 1)
    assert world.bell.rung == [(waiting[0], DRAIN)] * 4

    world.bell.is_taken = True
    world.bell.rung.clear()
    assert world.reconciler().tick() == Tick(5)
    assert sorted(world.bell.rung) == [(script_id, DRAIN) for script_id in sorted(waiting)]


def test_it_rings_nothing_and_counts_nothing_while_drains_are_paused(world: World):
    script_id = world.waiting_submission()
    world.later(RING_AGAIN_AFTER_SECONDS)
    seconds = [0.0]
    watch = PauseWatch(lambda: world.unit_of_work, clock=lambda: seconds[0])
    reconciler = Reconciler(world.unit_of_work, world.bell, clock=lambda: world.clock[0], pauses=watch)
    pause_drains(world.unit_of_work, "ana", "")
    try:
        assert reconciler.tick() == Tick(0, "drains are paused")
        world.later(3_600)
        assert reconciler.tick() == Tick(0, "drains are paused")
        assert world.bell.rung == []
    finally:
        resume_drains(world.unit_of_work, "ana")

    seconds[0] += LOOK_SECONDS
    assert reconciler.tick() == Tick(1)
    assert world.bell.rung == [(script_id, DRAIN)]  # as if it were the first time: not one by one


def test_it_rings_for_a_submission_that_waited_and_not_for_one_that_just_came(world: World):
    script_id = world.waiting_submission()
    reconciler = world.reconciler()

    assert reconciler.tick() == Tick(0)
    world.later(RING_AGAIN_AFTER_SECONDS)
    assert reconciler.tick() == Tick(1)
    assert world.bell.rung == [(script_id, DRAIN)]


def test_it_rings_ever_more_rarely_and_asks_for_one_by_one_once_a_bell_was_outlived(world: World):
    script_id = world.waiting_submission()
    reconciler = world.reconciler()

    rung_at = []
    for second in range(160):
        rung_at += [second] * reconciler.tick().rang
        world.later(1)

    assert rung_at == [3, 9, 21, 45, 93, 153]
    assert world.bell.rung == [(script_id, DRAIN)] + [(script_id, DRAIN_ONE_BY_ONE)] * 5


def test_it_begins_again_after_progress_that_did_not_reach_the_end(world: World):
    script_id = world.waiting_submission()
    world.waiting_submission_for(script_id)
    reconciler = world.reconciler()
    rung_at = []
    for second in range(60):
        if second == 22:  # a worker answers the first, and dies
            world.remove_first(script_id)
        rung_at += [second] * reconciler.tick().rang
        world.later(1)

    assert rung_at == [3, 9, 21, 24, 30, 42]
    assert [task for _, task in world.bell.rung[3:]] == [DRAIN] + [DRAIN_ONE_BY_ONE] * 2


def test_another_reconciler_goes_on_where_one_ended(world: World):
    world.waiting_submission()
    world.later(RING_AGAIN_AFTER_SECONDS)
    assert world.reconciler().tick() == Tick(1)
    world.later(LEASE_SECONDS)

    heir = world.reconciler()

    # The second ring is due, and is a second ring, whichever reconciler rings it.
    assert heir.tick() == Tick(1)
    assert [task for _, task in world.bell.rung] == [DRAIN, DRAIN_ONE_BY_ONE]


def test_it_forgets_a_script_that_was_answered(world: World):
    script_id = world.waiting_submission()
    world.later(RING_AGAIN_AFTER_SECONDS)
    reconciler = world.reconciler()
    reconciler.tick()

    world.answer(script_id)
    reconciler.tick()

    with world.unit_of_work.reading() as tx:
        assert tx.bells.get(script_id).rings == 0


def test_a_producer_that_does_not_commit_holds_up_no_other(world_on_mariadb: World):
    world = world_on_mariadb  # on SQLite one writer holds up all others
    answered, other = world.waiting_submission(), world.waiting_submission()
    reconciler = world.reconciler()
    world.later(RING_AGAIN_AFTER_SECONDS)
    assert reconciler.tick() == Tick(2)
    world.answer(answered)
    world.later(LEASE_SECONDS)
    with world.unit_of_work.records() as slow_producer:
        slow_producer.inbox.put(answered, "again", b"{}", world.clock[0])

        began = time.monotonic()
        assert reconciler.tick() == Tick(1)
        assert time.monotonic() - began < adjusted_for_load(1)
    assert world.bell.rung[-1] == (other, DRAIN_ONE_BY_ONE)


def test_of_two_at_once_one_holds_the_lease(world: World):
    world.waiting_submission()
    world.later(RING_AGAIN_AFTER_SECONDS)
    one, other = world.reconciler(), world.reconciler()

    assert one.tick() == Tick(1)
    for _ in range(5):
        world.later(2)
        assert other.tick() == Tick(0, "another reconciler holds the lease")
        assert not one.tick().reason
    world.later(LEASE_SECONDS)
    assert not other.tick().reason


def test_one_that_comes_back_to_life_with_an_old_fence_rings_nothing(world: World):
    world.waiting_submission()
    world.later(RING_AGAIN_AFTER_SECONDS)
    frozen, heir = world.reconciler(bell := RecordingBell()), world.reconciler()

    def freeze() -> None:
        world.later(LEASE_SECONDS)
        assert heir.tick() == Tick(1)

    bell.while_looking = freeze
    assert frozen.tick() == Tick(0, "the lease was lost")
    assert bell.rung == []
    assert len(world.bell.rung) == 1


def test_it_does_not_ring_for_a_quarantined_script(world: World):
    script_id = world.waiting_submission()
    world.answer(script_id)
    world.waiting_submission_for(script_id)
    Ledger(world.unit_of_work).quarantine(script_id, "for a test")
    world.later(RING_AGAIN_AFTER_SECONDS)

    assert world.reconciler().tick() == Tick(0)


def test_it_rings_for_nothing_while_the_broker_does_not_answer_and_remembers_no_ring(world: World):
    script_id = world.waiting_submission()
    world.later(RING_AGAIN_AFTER_SECONDS)
    world.bell.depth = None

    assert world.reconciler().tick() == Tick(0, "the broker does not answer")
    with world.unit_of_work.reading() as tx:
        assert tx.bells.get(script_id).rings == 0


def test_it_backs_off_while_bells_pile_up(world: World, redis_url: str):
    script_id = world.waiting_submission()
    world.later(RING_AGAIN_AFTER_SECONDS)
    with (
        redis.Redis.from_url(redis_url) as client,
        Celery("tests", broker=redis_url, config_source="celeryconfig", set_as_current=False) as app,
    ):
        client.delete("commands")
        bell = Bell(app)
        bell.ring(script_id)
        client.lpush("commands", *["a bell"] * (DEEP_QUEUE - 1))
        reconciler = world.reconciler(bell)
        assert reconciler.tick() == Tick(0, f"{DEEP_QUEUE} bells wait already")

        client.rpop("commands")
        assert reconciler.tick() == Tick(1)
        assert client.llen("commands") == DEEP_QUEUE
    kombu.pools.reset()
