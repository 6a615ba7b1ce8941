"""Three beats at once, a hundred of them killed: every slot of a schedule is run once, and recorded once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from repos.database.engine import make_engine
from repos.scheduling.schedule_slots import SlotRow
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.faults.schedule_log import FASTER, RULES, SCHEDULE_LOG, clock, schedules
from tests.processes.environment import wait_until
from tests.processes.nodes import LocalWorker, start_together
from workers.process.command_lines import ENVIRON
from workers.process.roles import ROLES
from workers.scheduling.slot_runner import SECOND, SlotRunner
from workers.settings import Settings

pytestmark = [pytest.mark.services, pytest.mark.slow]

BEATS = 3
KILLS = 100
PAUSE_SECONDS = 0.08
AWAY_SLOTS = 8


class ScheduleStore(NamedTuple):
    """Where schedules are kept: the slots in the database, the runs in the schedule log."""

    settings: Settings
    unit_of_work: UnitOfWork
    log: Path

    def slots(self, rule: str) -> list[SlotRow]:
        with self.unit_of_work.reading() as tx:
            return tx.slots.read(rule, limit=10_000)[::-1]

    def runs(self) -> Counter[tuple[str, int]]:
        """How often each slot was run, by rule."""
        return Counter((rule, int(slot)) for rule, slot in map(str.split, self.log.read_text().splitlines()))

    def run_count(self) -> int:
        return self.runs().total() if self.log.exists() else 0


@pytest.fixture(scope="module")
def store(mariadb_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScheduleStore]:
    """Two workers that keep the schedules, and no beat yet."""
    home = tmp_path_factory.mktemp("beats")
    engine = make_engine(mariadb_url)
    upgrade(engine)
    settings = Settings(home=home, database_url=mariadb_url, broker_url=redis_url)
    log = home / "schedule.log"
    workers = [
        LocalWorker(ROLES["upkeep"], settings, home, name=name, app="tests.faults.schedule_log_app")
        for name in ("first", "second")
    ]
    with pytest.MonkeyPatch.context() as environ:
        environ.setenv(SCHEDULE_LOG, str(log))
        try:
            start_together(workers)
            yield ScheduleStore(settings, UnitOfWork(engine), log)
        finally:
            for worker in workers:
                worker.teardown()
            engine.dispose()


def test_every_slot_runs_once_while_a_hundred_of_three_beats_are_killed(store: ScheduleStore):
    with beats(store) as program:
        wait_until(store.run_count)
        killed = {kill_one(program) for _ in range(KILLS)}
        wait_until(lambda: len(store.slots("all")) > KILLS * PAUSE_SECONDS * FASTER, pause=0.1)
    assert len(killed) == KILLS

    wait_until(lambda: all(slot.state != "running" for rule in RULES for slot in store.slots(rule)), pause=0.1)
    every = [slot.slot_at for slot in store.slots("all")]
    assert every == list(range(every[0], every[-1] + SECOND, SECOND)), "a slot was left out"
    recorded = {(rule, slot.slot_at) for rule in RULES for slot in store.slots(rule)}
    assert store.runs() == Counter(recorded)
    assert {(slot.state, slot.fence) for rule in RULES for slot in store.slots(rule)} == {("done", 1)}
    takers = Counter(slot.report for rule in RULES for slot in store.slots(rule))
    print(f"{len(every)} slots of each of {len(RULES)} rules, {KILLS} beats killed, runs by worker {takers.values()}")
    assert len(takers) == 2, "one worker did everything: nothing was contended"


def test_windows_that_no_beat_saw_are_caught_up_by_rule(store: ScheduleStore):
    here = SlotRunner(store.unit_of_work, clock=clock)
    for schedule in schedules():
        wait_until(partial(here.tick, schedule))
    last = max(store.slots(rule)[-1].slot_at for rule in RULES)
    time.sleep(AWAY_SLOTS / FASTER)
    back = clock() // SECOND * SECOND
    with beats(store):
        wait_until(lambda: all(store.slots(rule)[-1].slot_at > back for rule in RULES), pause=0.1)

    seen = {rule: [slot.slot_at for slot in store.slots(rule) if slot.slot_at > last] for rule in RULES}
    missed = list(range(last + SECOND, back, SECOND))
    assert len(missed) >= AWAY_SLOTS - 2
    assert seen["all"][: len(missed)] == missed
    assert not set(missed) & {*seen["once"], *seen["skip"]}
    assert store.runs() == Counter((rule, slot.slot_at) for rule in RULES for slot in store.slots(rule))


@contextmanager
def beats(store: ScheduleStore) -> Iterator[subprocess.Popen[str]]:
    """Three beats, and whom to tell that one is to die."""
    with (store.settings.home / "beats.log").open("a") as log:
        program = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.beats", str(BEATS)],
            env={**os.environ, **ENVIRON, **store.settings.to_env()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    with program:
        assert program.stdout
        assert program.stdin
        assert program.stdout.readline() == "ready\n", (store.settings.home / "beats.log").read_text()
        yield program
        program.stdin.close()
    assert program.returncode == 0, (store.settings.home / "beats.log").read_text()


def kill_one(program: subprocess.Popen[str]) -> int:
    """Kill a beat some time after the last one; the process it was."""
    time.sleep(PAUSE_SECONDS)
    assert program.stdin
    assert program.stdout
    program.stdin.write("kill one\n")
    program.stdin.flush()
    return int(program.stdout.readline())
