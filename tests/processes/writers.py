"""Producers as processes of their own: each edits its own line of one script, and inserts lines behind it.

The program (`python -m tests.processes.writers`) imports everything once, then takes orders from its standard input,
one as JSON on each line. For each it forks the writers, every one of which builds its own engine and its own
connection to the broker, and prints the script and how they ended. Where the database and the broker are comes from
the environment, as for any producer.
"""

from __future__ import annotations

import ctypes
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

import kombu.transport.redis  # noqa: F401 - which Celery imports late: once here, not once in each writer
import msgspec
from celery import Celery
from msgspec import Struct

from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.lines_insert_and_delete import LinesInsert
from domain.commands.kinds.script_create import ScriptCreate
from domain.errors import Conflict
from domain.script.hashing import expect_hash
from domain.script.line import Line
from domain.submissions.answer import Answer
from domain.submissions.submission import Submission
from repos.database.engine import make_engine
from repos.unit_of_work import UnitOfWork
from tests.processes.journal import Journal
from workers.embedded.guardian import PR_SET_PDEATHSIG
from workers.messaging.bell import Bell
from workers.process.task_names import DRAIN
from workers.producers.producer import Producer
from workers.settings import Settings

MAX_WAIT_SECONDS = 90.0  # seconds for an answer, with everything broken that a test breaks
INSERT_EVERY = 5

T = TypeVar("T")


class Order(Struct, frozen=True, kw_only=True):
    """What the writers are to do.

    `pace` is the mean pause between two submissions of a writer, in seconds. `twice` doubles every bell, or every
    submission, both at once and after its answer. `marker` stands in every text they write.
    """

    journals: str
    script_id: int
    writers: int = 8
    each: int = 25
    pace: float = 0.0
    bells: Literal["one", "two", "none"] = "one"
    twice: bool = False
    marker: str = "writes softly"


class TwoBells(Bell):
    """Every message is sent, and so delivered, twice."""

    def ring(self, script_id: int, task: str = DRAIN) -> bool:
        return super().ring(script_id, task) and super().ring(script_id, task)


class NoBell(Bell):
    """Every message is lost."""

    def ring(self, script_id: int, task: str = DRAIN) -> bool:  # noqa: ARG002
        return False


BELLS: dict[str, type[Bell]] = {"one": Bell, "two": TwoBells, "none": NoBell}


def main(settings: Settings) -> None:
    """Carry out one order after the other, until there is no more."""
    die_with_parent()
    for line in sys.stdin:
        order = msgspec.json.decode(line, type=Order)
        print(order.script_id, carry_out(order, settings), flush=True)


def carry_out(order: Order, settings: Settings) -> int:
    """Fork the writers and wait for them; 0 if each got an answer to everything it sent."""
    children = [fork(partial(write, order, settings, writer)) for writer in range(order.writers)]
    return max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)


def fork(work: Callable[[], None]) -> int:
    """Do this in a child; its exit status is 0 if all went well."""
    child = os.fork()
    if child == 0:
        die_with_parent()
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # where bells complain; the reports of `main` go there too
        try:
            work()
        except BaseException as error:
            print(f"a writer ended with {error!r}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return child


def die_with_parent() -> None:
    """Where the system can, make sure that a killed test leaves no writers behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def write(order: Order, settings: Settings, writer: int) -> None:
    """Write one writer's submissions, one after the other, then wait for their answers."""
    unit_of_work = UnitOfWork(make_engine(settings.database_url, pool_size=1))
    app = Celery("writer", broker=settings.broker_url, config_source="celeryconfig", set_as_current=False)
    producer = Producer(unit_of_work, BELLS[order.bells](app))
    journal = Journal(Path(order.journals), f"writer-{writer}")
    dice = random.Random(writer)
    seen = Seen()
    sent: list[Submission] = []

    for submission in script_of(order, writer, seen):
        journal.sent(submission)
        for _ in range(1 + order.twice):
            insist(partial(producer.enqueue, submission))
        journal.acknowledged(submission)
        sent.append(submission)
        if answer := insist(partial(producer.outcome, order.script_id, sent[seen.answered].submission_id)):
            journal.answered(sent[seen.answered], answer)
            seen.take(answer)
        time.sleep(dice.uniform(0, 2 * order.pace))

    for submission in sent[seen.answered :]:
        journal.answered(submission, hear(producer, submission))
    for submission in sent if order.twice else ():
        insist(partial(producer.enqueue, submission))
        wait_until_taken(unit_of_work, submission)
        journal.answered(submission, hear(producer, submission))


class Seen:
    """What a writer knows of the script: the version its last answer named, which is behind what others wrote."""

    def __init__(self) -> None:
        self.answered = 0
        self.version = 1

    def take(self, answer: Answer) -> None:
        """Learn from an answer."""
        self.answered += 1
        self.version = answer.last_version or self.version


def script_of(order: Order, writer: int, seen: Seen) -> Iterator[Submission]:
    """What one writer submits: edits of its own line, each guarded by the one before, and inserts behind it."""
    mine = own_line(writer)
    behind = None if writer + 1 == order.writers else own_line(writer + 1).id
    for place in range(1, order.each + 1):
        text = f"writer {writer} {order.marker} {place}"
        if place % INSERT_EVERY:
            command = LineEdit(line=mine.id, expect=expect_hash(mine), text=text)
            mine = Line(mine.id, mine.format, text)
        else:
            fresh = Line(f"w{writer}-{place}", "dialogue", text)
            command = LinesInsert(after=mine.id, before=behind, lines=(fresh,))
        yield Submission(
            script_id=order.script_id,
            submission_id=f"s{writer}-{place}",
            author="user",
            actor=f"writer {writer}",
            base_version=seen.version,
            commands=(command,),
        )


def own_line(writer: int) -> Line:
    """The line a writer begins with."""
    return Line(f"w{writer}", "action", f"writer {writer} has not begun")


def beginning(script_id: int, writers: int) -> Submission:
    """What has to be there before the writers start."""
    return Submission(
        script_id=script_id,
        submission_id="beginning",
        author="user",
        base_version=0,
        commands=(ScriptCreate(title="Eight hands", lines=tuple(map(own_line, range(writers)))),),
    )


def hear(producer: Producer, submission: Submission) -> Answer:
    """Wait for the answer."""
    return insist(partial(producer.wait, submission.script_id, submission.submission_id, timeout=MAX_WAIT_SECONDS))


def wait_until_taken(unit_of_work: UnitOfWork, submission: Submission) -> None:
    """Wait until the inbox does not hold it any more."""
    deadline = time.monotonic() + MAX_WAIT_SECONDS
    while insist(partial(is_held, unit_of_work, submission)):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{submission.submission_id} is still in the inbox")
        time.sleep(0.02)


def is_held(unit_of_work: UnitOfWork, submission: Submission) -> bool:
    with unit_of_work.reading() as tx:
        return tx.inbox.holds(submission.script_id, submission.submission_id)


def insist(call: Callable[[], T]) -> T:
    """Call again for as long as the database is away."""
    deadline = time.monotonic() + MAX_WAIT_SECONDS
    while True:
        try:
            return call()
        except Conflict:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


if __name__ == "__main__":
    main(Settings.from_env(os.environ))
