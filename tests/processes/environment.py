"""A site: a database and a broker, and writers that write there while a test breaks something."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec
from sqlalchemy import Engine, text

from domain.submissions.answer import encode_answer
from domain.submissions.submission import encode_submission
from materialization.history.state_at import state_at
from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.processes import journal
from tests.processes.history_checker import Violation, check_history
from tests.processes.journal import ProducerRecord
from tests.processes.writers import Order, beginning
from workers.settings import Settings

EVERYTHING = 200  # what eight writers submit
TIMEOUT_SECONDS = 60.0  # seconds until something happens that is on its way


HOLD_ONE = "SELECT id FROM submission_inbox WHERE script_id = :script ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
HELD_UP = """SELECT count(*) FROM information_schema.innodb_trx
WHERE trx_state = 'LOCK WAIT'
AND (trx_query LIKE 'DELETE FROM submission_inbox%' OR trx_query LIKE 'UPDATE submission_inbox%')"""


class Site:
    """The database of the settings, migrated, and the program that forks writers.

    It imports while workers do, so `start` returns at once and the first order waits for it.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.engine: Engine = make_engine(settings.database_url)
        self.unit_of_work = UnitOfWork(self.engine)
        self._program: subprocess.Popen[str]

    def __enter__(self) -> Self:
        upgrade(self.engine)
        with (self.folder / "writers.log").open("a") as log:
            self._program = subprocess.Popen(
                [sys.executable, "-m", "tests.processes.writers"],
                env={**os.environ, **self.settings.to_env()},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._program.kill()
        self._program.communicate()
        self.engine.dispose()

    def new_script(self, writers: int) -> ProducerRecord:
        """Make a script with a line for each of its writers; returns the record of its maker."""
        with self.unit_of_work.records() as tx:
            script_id = tx.scripts.new_id()
        first = beginning(script_id, writers)
        answer = encode_answer(Ledger(self.unit_of_work).submit(first))
        payload = encode_submission(first)
        return ProducerRecord("maker", 1, script_id, first.submission_id, payload, acknowledged=True, answers=(answer,))

    def begin(self, **order: Any) -> Writing:
        """Set eight writers on a new script."""
        first = self.new_script(writers=8)
        journals = self.folder / f"script-{first.script_id}"
        journals.mkdir()
        given = Order(journals=str(journals), script_id=first.script_id, **order)
        assert self._program.stdin
        self._program.stdin.write(msgspec.json.encode(given).decode() + "\n")
        self._program.stdin.flush()
        return Writing(self, given, first)

    @contextmanager
    def drain_held_up(self, script_id: int) -> Iterator[None]:
        """Keep a drain of a script in the middle of a transaction: we hold a row that it has to remove.

        Or to count, where the one before it was killed.
        """
        with self.engine.connect() as connection, connection.begin():
            wait_until(lambda: connection.execute(text(HOLD_ONE), {"script": script_id}).first())
            # The table is not brought up to date while another process reads it every tenth of a second.
            wait_until(lambda: connection.execute(text(HELD_UP)).scalar(), pause=0.15)
            yield

    def carried_out(self, script_id: int) -> bool:
        """Wait for the writers of a script; whether each got the answer to everything."""
        assert self._program.stdout
        for report in self._program.stdout:
            script, status = map(int, report.split())
            if script == script_id:
                return status == 0
        return False


class Writing(NamedTuple):
    """Eight writers at work on one script."""

    site: Site
    order: Order
    first: ProducerRecord

    @property
    def folder(self) -> Path:
        return Path(self.order.journals)

    def wait_for(self, acknowledged: int) -> None:
        """Wait until so many submissions are acknowledged."""
        wait_until(lambda: journal.count(self.folder, "acknowledged") >= acknowledged)

    def finish(self) -> list[ProducerRecord]:
        """Wait until every writer has the answer to everything; returns all their records."""
        all_answered = self.site.carried_out(self.order.script_id)
        assert all_answered, (self.site.folder / "writers.log").read_text()
        self.site.engine.dispose()  # its connections may be to a server that was killed
        return [self.first, *journal.read_journals(self.folder)]

    def violations(self, records: list[ProducerRecord]) -> list[Violation]:
        """What the history checker has to say of the script."""
        with self.site.engine.connect() as connection:
            return check_history(connection, records, only=[self.order.script_id])

    def last_words(self) -> dict[str, str]:
        """What each writer's own line says in the end."""
        with self.site.unit_of_work.reading() as tx:
            state = state_at(tx, self.order.script_id)
        return {f"w{writer}": state.line(f"w{writer}").text for writer in range(self.order.writers)}

    def version(self) -> int:
        """The version of the head."""
        with self.site.unit_of_work.reading() as tx:
            head = tx.heads.get(self.order.script_id)
        assert head
        return head.version


def assert_one_true_history(writing: Writing) -> None:
    """The writers got the answer to everything, and it is in the script: once, in order, and nothing else.

    No log contains what they wrote, whatever went wrong.
    """
    records = writing.finish()
    assert sum(one.acknowledged for one in records) == 1 + EVERYTHING
    assert writing.violations(records) == []
    assert writing.version() == 1 + EVERYTHING
    last_words = {f"w{writer}": f"writer {writer} {writing.order.marker} 24" for writer in range(8)}
    assert writing.last_words() == last_words
    logs = list(writing.site.folder.glob("*.log"))
    assert not [log.name for log in logs if writing.order.marker in log.read_text()], "a log tells what a script says"


def wait_until(true: Callable[[], object], timeout: float = TIMEOUT_SECONDS, pause: float = 0.01) -> None:
    """Wait until something is true, looking every `pause` seconds."""
    deadline = time.monotonic() + timeout
    while not true():
        assert time.monotonic() < deadline, f"nothing happened for {timeout} s"
        time.sleep(pause)
