"""A cluster under fire: a database, a broker, worker nodes and a reconciler that may all be hurt, and load on it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec
from celery import Celery
from msgspec.structs import replace
from sqlalchemy import Engine

from domain.submissions.answer import encode_answer
from domain.submissions.submission import encode_submission
from repos.database.engine import make_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.faults import fault_injector
from tests.faults.fault_injector import Plan
from tests.faults.fork_server import NodeOrder, Start, Stop, TickerOrder
from tests.faults.producers import ProducerOrder
from tests.processes.history_checker import Violation, check_history
from tests.processes.journal import ProducerRecord, read_journals
from tests.processes.writers import BELLS, beginning, insist
from workers.process.command_lines import ENVIRON
from workers.producers.producer import Producer
from workers.settings import Settings

TIMEOUT_SECONDS = 120.0  # seconds for anything, on a busy machine
TICK_SECONDS = 0.2
RING_AGAIN_AFTER_SECONDS = 0.4
MIGRATING = threading.Lock()  # Alembic's environment is one for the whole process


class Event(NamedTuple):
    """An event of the fork server: `started` with a process id, `ended` with an exit status."""

    kind: str
    name: str
    number: int
    at: float


class Cluster:
    """One database and one broker, with what the fork server forks around them."""

    def __init__(self, settings: Settings, folder: Path, *, bells: str = "two") -> None:
        # By default PyMySQL reads every certificate authority for each connection: 0.1 s, more than all else of one.
        settings = replace(settings, database_url=f"{settings.database_url}&ssl_disabled=true")
        self.settings = settings
        self.folder = folder
        self.plan = Plan(folder / "plan")
        self.engine: Engine = make_engine(settings.database_url)
        self.unit_of_work = UnitOfWork(self.engine)
        self.events: list[Event] = []
        self._loads = 0
        self._program: subprocess.Popen[str]
        self._listener: threading.Thread
        app = Celery("faults", broker=settings.broker_url, config_source="celeryconfig", set_as_current=False)
        self.producer = Producer(self.unit_of_work, BELLS[bells](app))

    def __enter__(self) -> Self:
        with MIGRATING:
            upgrade(self.engine)
        with (self.folder / "fork-server.log").open("a") as log:
            self._program = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.fork_server"],
                process_group=0,  # so that only this process receives Ctrl-C
                # What a killed node leaves in the folder for temporary files goes with ours.
                env={**os.environ, **ENVIRON, "TMPDIR": str(self.folder)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._program.stdin
        self._program.stdin.close()
        # Until whatever was forked has ended, too: it holds the other end.
        self._listener.join(TIMEOUT_SECONDS)
        assert self._program.stdout
        self._program.stdout.close()
        self._program.wait(TIMEOUT_SECONDS)
        self.engine.dispose()

    def start(self, name: str, what: NodeOrder | TickerOrder | ProducerOrder, *, with_faults: bool = True) -> None:
        """Fork something; it is started again whenever it is killed."""
        environ = self.environ_of(name)
        if with_faults:
            environ[fault_injector.PLAN] = str(self.folder / "plan")
        self._say(Start(name, what, environ, str(self.folder / f"{name}.log")))

    def environ_of(self, name: str) -> dict[str, str]:  # noqa: ARG002 - the same for all, but where that is overridden
        """The settings of a process."""
        return {**self.settings.to_env(), "SCRIPTLEDGER_LOG_LEVEL": "warning"}

    def start_nodes(self, nodes: int, *, concurrency: int, as_in_production: bool = False) -> None:
        """Fork nodes that drain, and a reconciler that ticks often, or as in production."""
        for number in range(nodes):
            self.start(f"node-{number}", NodeOrder("commands", "prefork", concurrency))
        if as_in_production:
            self.start("reconciler", NodeOrder("reconcile", "solo", 1, beat=True), with_faults=False)
        else:
            self.start("ticker", TickerOrder(TICK_SECONDS, RING_AGAIN_AFTER_SECONDS))

    def process(self, name: str) -> int:
        """The process that goes by a name now."""
        started = [event.number for event in self.events if (event.kind, event.name) == ("started", name)]
        return started[-1]

    def stop(self, name: str) -> None:
        """End something at once, for good."""
        self._say(Stop(name))

    def load(self, scripts: int, *, hands: int = 2, **order: Any) -> Load:
        """Make scripts, and set producers on them."""
        self._loads += 1
        folder = self.folder / f"load-{self._loads}"
        folder.mkdir()
        records = [self._begin(hands) for _ in range(scripts)]
        numbers = tuple(one.script_id for one in records)
        names = [f"producer-{self._loads}-{hand}" for hand in range(hands)]
        for hand, name in enumerate(names):
            given = {"hand": hand, "hands": hands, "scripts": numbers, "journals": str(folder)}
            self.start(name, ProducerOrder(stop=str(folder / "stop"), **given, **order))
        return Load(self, folder, records, names)

    def ended(self, name: str) -> list[int]:
        """How often something ended, and how."""
        return [event.number for event in self.events if (event.kind, event.name) == ("ended", name)]

    def _begin(self, hands: int) -> ProducerRecord:
        """Let a script be made the way everything is: through the inbox."""
        first = beginning(insist(self._new_id), hands)
        script_id = first.script_id
        insist(partial(self.producer.enqueue, first))
        return ProducerRecord(
            "beginning", 1, script_id, first.submission_id, encode_submission(first), acknowledged=True
        )

    def _new_id(self) -> int:
        with self.unit_of_work.records() as tx:
            return tx.scripts.new_id()

    def _say(self, order: Start | Stop) -> None:
        assert self._program.stdin
        self._program.stdin.write(msgspec.json.encode(order).decode() + "\n")
        self._program.stdin.flush()

    def _listen(self) -> None:
        assert self._program.stdout
        for line in self._program.stdout:
            self.events.append(Event(*msgspec.json.decode(line)))


class Load(NamedTuple):
    """Producers at work on some scripts."""

    cluster: Cluster
    folder: Path
    beginnings: list[ProducerRecord]
    names: list[str]

    @property
    def scripts(self) -> list[int]:
        return [record.script_id for record in self.beginnings]

    def stop(self) -> None:
        """Let the producers send no more."""
        (self.folder / "stop").touch()

    def finish(self, timeout: float = TIMEOUT_SECONDS) -> list[ProducerRecord]:
        """Let the producers end, each with an answer to everything it sent; returns their records."""
        self.stop()
        wait_until(lambda: all(0 in self.cluster.ended(name) for name in self.names), timeout, self._complaints)
        for one in self.beginnings:
            wait_until(partial(self._is_answered, one), timeout)
        return [insist(partial(self._with_answer, one)) for one in self.beginnings] + read_journals(self.folder)

    def violations(self, records: Sequence[ProducerRecord]) -> list[Violation]:
        """What the history checker has to say of these scripts."""
        self.cluster.engine.dispose()  # whatever was done to the connections it kept
        with self.cluster.engine.connect() as connection:
            return check_history(connection, records, only=self.scripts)

    def _is_answered(self, one: ProducerRecord) -> bool:
        return insist(partial(self.cluster.producer.outcome, one.script_id, one.submission_id)) is not None

    def _with_answer(self, one: ProducerRecord) -> ProducerRecord:
        with self.cluster.unit_of_work.reading() as tx:
            found = tx.submissions.get(one.script_id, one.submission_id)
        return one._replace(answers=(encode_answer(found.answer),) if found else ())

    def _complaints(self) -> str:
        files = [self.cluster.folder / f"{name}.log" for name in self.names]
        return "\n".join(file.read_text(errors="replace")[-2000:] for file in files if file.exists())


def wait_until(true: Callable[[], object], timeout: float = TIMEOUT_SECONDS, why: Callable[[], str] = str) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + timeout
    while not true():
        assert time.monotonic() < deadline, f"nothing happened for {timeout} s {why()}"
        time.sleep(0.05)
