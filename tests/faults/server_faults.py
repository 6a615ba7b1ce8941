"""Faults of servers, connections and clocks under load, each as often as requested, and judged."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tests.faults.cluster import wait_until
from tests.faults.environment import NUMBERS, Site
from tests.faults.fault_injector import Fault
from tests.faults.table import Row, row_of

SCRIPTS = 12
PAUSE = 1.0  # seconds between two of them: time for those who were hit to come back
STALL_SECONDS = 2.0
COMMITS_LOST_AT_ONCE = 20
CLOCK_STEPS = (3_600.0, -3_600.0, 5.0, -5.0, 0.5, -0.5)
CLOCKS = (("before head locked", "node"), ("before inbox row inserted", "producer"), ("before commit sent", "ticker"))
"""Where whose clock is set."""


class ServerFault(NamedTuple):
    """A name, and how to let it happen so many times; that tells how many lines, workers or clocks were hit."""

    name: str
    happen: Callable[[Site, int], int]


def judged(site: Site, fault: ServerFault, times: int) -> Row:
    """Let it happen under load, and judge what became of that."""
    began = time.monotonic()
    load = site.cluster.load(SCRIPTS, window=2)
    before = answers(site)
    wait_until(lambda: answers(site) > before)
    cases = fault.happen(site, times)
    records = load.finish()
    return row_of(fault.name, cases, records, load.violations(records), seconds=time.monotonic() - began)


def answers(site: Site) -> int:
    """How many submissions the database holds an answer to."""
    [(found,)] = site.database.execute(f"SELECT count(*) FROM `{site.cluster.engine.url.database}`.submissions")
    return int(found)


def kill_database(site: Site, times: int) -> int:
    for _ in range(times):
        site.kill_database(down=0.3)
        time.sleep(PAUSE)
    return times


def kill_broker_with_file(site: Site, times: int) -> int:
    for _ in range(times):
        site.kill_broker(keeps=True, down=0.3)
        time.sleep(PAUSE)
    return times


def kill_broker_without_file(site: Site, times: int) -> int:
    for _ in range(times):
        site.kill_broker(keeps=False, down=0.3)
        time.sleep(PAUSE)
    return times


def cut_database(site: Site, times: int) -> int:
    cuts = site.to_database.cuts
    for _ in range(5 * times):
        site.to_database.cut()
        time.sleep(PAUSE / 5)
    return site.to_database.cuts - cuts


def cut_broker(site: Site, times: int) -> int:
    cuts = site.to_broker.cuts
    for _ in range(times):
        site.to_broker.cut()
        time.sleep(PAUSE)
    return site.to_broker.cuts - cuts


def stall_database(site: Site, times: int) -> int:
    for _ in range(times):
        site.to_database.stall_for(STALL_SECONDS)
        time.sleep(PAUSE)
    return times


def stall_broker(site: Site, times: int) -> int:
    for _ in range(times):
        site.to_broker.stall_for(STALL_SECONDS)
        time.sleep(PAUSE)
    return times


def lose_answers(site: Site, times: int) -> int:
    for _ in range(times):
        site.to_database.lose_answers_to_commit(COMMITS_LOST_AT_ONCE)
        wait_until(lambda: site.to_database.lost_commits == COMMITS_LOST_AT_ONCE)
    return COMMITS_LOST_AT_ONCE * times


def freeze_workers(site: Site, times: int) -> int:
    return sum(site.freeze_worker(PAUSE) for _ in range(times))


def set_clocks(site: Site, times: int) -> int:
    """Each step in a worker, a producer and the reconciler; most then go on with a clock that is wrong."""
    for step in CLOCK_STEPS * times:
        for boundary, who in CLOCKS:
            site.cluster.plan.arm(Fault(next(NUMBERS), boundary, "set clock", seconds=step, who=who))
        site.cluster.plan.wait(60)
    return len(CLOCK_STEPS) * len(CLOCKS) * times


SERVER_FAULTS: Sequence[ServerFault] = (
    ServerFault("MariaDB SIGKILLed and restarted", kill_database),
    ServerFault("Redis SIGKILLed and restarted, with AOF", kill_broker_with_file),
    ServerFault("Redis SIGKILLed and restarted, without AOF", kill_broker_without_file),
    ServerFault("lines to MariaDB cut", cut_database),
    ServerFault("lines to Redis cut", cut_broker),
    ServerFault("lines to MariaDB stalled for 2 s", stall_database),
    ServerFault("lines to Redis stalled for 2 s", stall_broker),
    ServerFault("answers to COMMIT lost", lose_answers),
    ServerFault("zombies: SIGSTOP in a transaction, then SIGCONT", freeze_workers),
    ServerFault("clocks set: workers, producers, reconciler", set_clocks),
)
