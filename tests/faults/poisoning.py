"""Poisoning: a submission of every kind that ends or outlasts its drain, and innocent ones next to and after it.

One node with two pool processes and a reconciler. Other producers write to scripts of their own all the time;
each poison must be refused, what stands behind it answered, and no innocent may wait for long.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple

import msgspec
from celery import Celery

from domain.submissions.answer import Answer
from domain.submissions.submission import MAX_SUBMISSION_BYTES
from materialization.clock import system_clock
from tests.faults.poison_ways import WAYS
from tests.processes.environment import Site
from tests.processes.nodes import LocalWorker, start_together
from tests.services.mariadb import MariaDB
from tests.services.redis_server import RedisServer
from workers.messaging.bell import Bell
from workers.process.roles import ROLES
from workers.producers.producer import UnknownSubmission, look
from workers.settings import Settings

SCRIPTS = 3
PAUSE_SECONDS = 0.3
MAX_WAIT_SECONDS = 10.0
"""Of an innocent submission, whatever is wrong with others."""
DATA = {
    "large row": b" " * (MAX_SUBMISSION_BYTES // 2 - (80 << 10)),
    "deep JSON": b"[" * 1_000_000,
    "no JSON": b"\x00\xff" * 1_000,
    "line ends": b"",
}
"""What is refused at once, and once ended drains: `line ends` is a separator that took exponential time."""
KINDS = (*WAYS, *DATA)


class Poisoned(NamedTuple):
    """What became of one kind: the code it was refused with, after how many seconds, and how long others waited."""

    kind: str
    code: str
    seconds: float
    behind: str
    innocents: int
    max_wait: float

    def complaints(self) -> list[str]:
        """What is not as it should be."""
        wrong = []
        if (self.code == "poison") != (self.kind in WAYS):
            wrong.append(f"{self.kind}: refused as {self.code}")
        if self.behind != "applied":
            wrong.append(f"{self.kind}: what stood behind it was {self.behind}")
        if self.max_wait > MAX_WAIT_SECONDS:
            wrong.append(f"{self.kind}: an innocent submission waited for {self.max_wait:.1f} s")
        return wrong

    def __str__(self) -> str:
        waited = f"{self.innocents:4} innocents, longest {self.max_wait:5.1f} s"
        return f"{self.kind:14} {self.code:14} after {self.seconds:6.1f} s  behind it {self.behind:8} {waited}"


class Poisoner:
    """Sends poison, and innocent submissions at the same time."""

    def __init__(self, site: Site, bell: Bell) -> None:
        self._site = site
        self._bell = bell
        self._numbers = count(1)
        self._innocent = [site.new_script(writers=1).script_id for _ in range(SCRIPTS)]

    def poison(self, kinds: Sequence[str], timeout: float) -> list[Poisoned]:
        """Send poison of some kinds at once, each to a script of its own."""
        began = time.monotonic()
        scripts = {kind: self._site.new_script(writers=1).script_id for kind in kinds}
        for kind, script_id in scripts.items():
            self._put(script_id, "poison", poison_of(kind, script_id))
            self._put(script_id, "behind", title(script_id, "behind"))
        refused: dict[str, float] = {}
        waits: list[float] = []
        while len(refused) < len(kinds) or not all(self._answer(script, "behind") for script in scripts.values()):
            assert time.monotonic() - began < timeout, f"not answered: {set(kinds) - set(refused)}, {waits[-3:]}"
            waits.append(self._innocent_wait(timeout))
            for kind, script_id in scripts.items():
                if kind not in refused and self._answer(script_id, "poison"):
                    refused[kind] = time.monotonic() - began
            time.sleep(PAUSE_SECONDS)
        return [
            Poisoned(kind, self._code(script), refused[kind], self._code(script, "behind"), len(waits), max(waits))
            for kind, script in scripts.items()
        ]

    def _innocent_wait(self, timeout: float) -> float:
        number = next(self._numbers)
        script_id, name = self._innocent[number % SCRIPTS], f"innocent-{number}"
        began = time.monotonic()
        self._put(script_id, name, title(script_id, name))
        while self._answer(script_id, name) is None:
            assert time.monotonic() - began < timeout, "an innocent submission was not answered"
            time.sleep(0.02)
        return time.monotonic() - began

    def _put(self, script_id: int, name: str, payload: bytes) -> None:
        with self._site.unit_of_work.records() as tx:
            tx.inbox.put(script_id, name, payload, system_clock())
        self._bell.ring(script_id)

    def _code(self, script_id: int, name: str = "poison") -> str:
        answer = self._answer(script_id, name)
        assert answer
        return answer.refusal.code if answer.refusal else answer.outcome

    def _answer(self, script_id: int, name: str) -> Answer | None:
        try:
            with self._site.unit_of_work.reading() as tx:
                return look(tx, script_id, name)
        except UnknownSubmission:
            return None


def title(script_id: int, name: str) -> bytes:
    """A submission that nothing is wrong with."""
    return framed(script_id, name, {"kind": "script.set_metadata", "fields": {"title": name}})


def poison_of(kind: str, script_id: int) -> bytes:
    """A submission of some kind of poison."""
    if kind in WAYS:
        return framed(script_id, "poison", {"kind": "test.poison", "way": kind})
    if kind == "line ends":
        line = {"id": "x", "format": "action", "text": "t", "sep": "\r\n" * 40 + "x"}
        return framed(script_id, "poison", {"kind": "lines.insert", "after": None, "before": None, "lines": [line]})
    return DATA[kind]


def framed(script_id: int, name: str, command: dict[str, object]) -> bytes:
    frame = {"script_id": script_id, "submission_id": name, "author": "user", "base_version": 1}
    return msgspec.json.encode({**frame, "commands": [command]})


@contextmanager
def poisonable(settings: Settings, folder: Path, site: Site) -> Iterator[list[LocalWorker]]:  # noqa: ARG001 - its tables
    """A node of two processes that knows the poison, and a reconciler."""
    workers = [
        LocalWorker(ROLES["commands"], settings, folder, name="poisoned", app="tests.faults.poison_app"),
        LocalWorker(ROLES["reconcile"], settings, folder, name="reconciler", beat=True),
    ]
    try:
        start_together(workers)
        yield workers
    finally:
        for worker in workers:
            worker.teardown()


def poison_everything(folder: Path, kinds: Sequence[str] = KINDS) -> list[Poisoned]:
    """Every kind of poison, or these, one after the other, at the time limits of production."""
    with MariaDB() as database, RedisServer() as broker:
        settings = Settings(home=folder / "home", database_url=database.create_database(), broker_url=broker.url)
        app = Celery("poisoner", broker=settings.broker_url, config_source="celeryconfig", set_as_current=False)
        with Site(settings, folder) as site, poisonable(settings, folder, site):
            poisoner = Poisoner(site, Bell(app))
            return [row for kind in kinds for row in poisoner.poison([kind], timeout=400)]
