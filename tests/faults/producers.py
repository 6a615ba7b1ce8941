"""Producers that may be killed at any moment: what one has sent is in its journal, and it goes on from there.

A hand owns one line of one script. It edits it, each edit guarded by the one before, and inserts behind it; every
fourth edit is long enough for a keyframe, and every eleventh was made for a text that never was, so it has to be
refused. What it submits is a function of how much it has submitted, so nothing but
the journal is needed to go on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Literal

from celery import Celery
from msgspec import Struct

from domain.commands.base import Command
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.lines_insert_and_delete import LinesInsert
from domain.errors import Conflict
from domain.script.hashing import EXPECT_DIGITS, expect_hash
from domain.script.line import Line
from domain.submissions.answer import Answer
from domain.submissions.submission import Submission, decode_submission
from repos.database.engine import make_engine
from repos.unit_of_work import UnitOfWork
from tests.processes.journal import Journal, ProducerRecord, read_lines, records_of
from tests.processes.writers import BELLS, hear, insist, own_line, wait_until_taken
from workers.producers.producer import NotAnsweredInTime, Producer
from workers.settings import Settings

LONG = 10_000  # code points: more than a keyframe weighs
REFUSED_EVERY = 11
NEVER_WAS = "0" * EXPECT_DIGITS
"""A guard that holds for no line."""
REDELIVER_EVERY = 6  # submissions; enqueued once more, after their answer


class ProducerOrder(Struct, frozen=True, kw_only=True, tag="producer"):
    """One producer process: its hand, the scripts it writes to, where it keeps its journals.

    It goes on until the file `stop` is there, or every script has had `limit` submissions of it, and has at most
    `window` unanswered submissions a script.
    """

    hand: int
    hands: int
    scripts: tuple[int, ...]
    journals: str
    stop: str
    window: int = 3
    limit: int = 1_000_000
    pause: float = 0.1
    bells: Literal["one", "two", "none"] = "two"


def produce(order: ProducerOrder, settings: Settings) -> None:
    """Carry out an order, from where its journals end."""
    unit_of_work = UnitOfWork(make_engine(settings.database_url, pool_size=1))
    app = Celery("producer", broker=settings.broker_url, config_source="celeryconfig", set_as_current=False)
    producer = Producer(unit_of_work, BELLS[order.bells](app))
    writers = [ScriptWriter(order, script_id, producer) for script_id in order.scripts]
    while not Path(order.stop).exists() and not all(writer.count >= order.limit for writer in writers):
        for writer in writers:
            writer.go_on()
        time.sleep(order.pause)
    for writer in writers:
        writer.await_all()
    for writer in writers:
        writer.redeliver(unit_of_work)


class ScriptWriter:
    """One hand's work on one script."""

    def __init__(self, order: ProducerOrder, script_id: int, producer: Producer) -> None:
        file = Path(order.journals) / f"{script_id}-{order.hand}.jsonl"
        self._known = records_of(read_lines(file)) if file.exists() else []
        self._journal = Journal(file.parent, file.stem)
        self._order = order
        self._script_id = script_id
        self._producer = producer
        self._line = own_line(order.hand)
        self._version = 1
        self._waiting: list[Submission] = []
        self.count = 0
        for record in self._known:
            self._take_up(record)

    def go_on(self) -> None:
        """Take an answer if there is one, submit one more if there is room."""
        if self._waiting:
            self._look()
        if len(self._waiting) < self._order.window and self.count < self._order.limit:
            submission = self._next()
            self._journal.sent(submission)
            self._enqueue(submission)

    def await_all(self) -> None:
        """Wait for every answer."""
        for submission in self._waiting:
            self._journal.answered(submission, await_answer(self._producer, submission))
        self._waiting.clear()

    def redeliver(self, unit_of_work: UnitOfWork) -> None:
        """Submit some of what is answered once more, and take the answers again."""
        known = records_of(read_lines(Path(self._order.journals) / f"{self._script_id}-{self._order.hand}.jsonl"))
        again = [decode_submission(record.payload) for record in known[::REDELIVER_EVERY]]
        for submission in again:
            insist(partial(self._producer.enqueue, submission))
        for submission in again:
            wait_until_taken(unit_of_work, submission)
            self._journal.answered(submission, await_answer(self._producer, submission))

    def _take_up(self, record: ProducerRecord) -> None:
        submission = decode_submission(record.payload)
        self.count += 1
        self._line = next(edited(submission), self._line)
        if not record.acknowledged:
            self._enqueue(submission)
        elif not record.answers:
            self._waiting.append(submission)

    def _enqueue(self, submission: Submission) -> None:
        insist(partial(self._producer.enqueue, submission))
        self._journal.acknowledged(submission)
        self._waiting.append(submission)

    def _look(self) -> None:
        first = self._waiting[0]
        answer = insist(partial(self._producer.outcome, first.script_id, first.submission_id))
        if answer is not None:
            self._journal.answered(first, answer)
            self._version = answer.last_version or self._version
            del self._waiting[0]

    def _next(self) -> Submission:
        self.count += 1
        command = self._command(self.count)
        submission = Submission(
            script_id=self._script_id,
            submission_id=f"h{self._order.hand}-{self.count}",
            author="user",
            actor=f"hand {self._order.hand}",
            base_version=self._version,
            commands=(command,),
        )
        self._line = next(edited(submission), self._line)
        return submission

    def _command(self, place: int) -> Command:
        name = f"hand {self._order.hand} says {place}"
        if place % REFUSED_EVERY == 0:
            return LineEdit(line=self._line.id, expect=NEVER_WAS, text=name)
        if place % 3 == 0:
            behind = None if self._order.hand + 1 == self._order.hands else own_line(self._order.hand + 1).id
            fresh = Line(f"l{self._order.hand}-{place}", "dialogue", name)
            return LinesInsert(after=self._line.id, before=behind, lines=(fresh,))
        text = name if place % 4 else name.ljust(LONG, ".")
        return LineEdit(line=self._line.id, expect=expect_hash(self._line), text=text)


def await_answer(producer: Producer, submission: Submission) -> Answer:
    """Wait for the answer, however long it takes: the caller that runs the load decides when it is over."""
    while True:
        with suppress(Conflict, NotAnsweredInTime):
            return hear(producer, submission)


def edited(submission: Submission) -> Iterator[Line]:
    """The line of a hand as a submission of it leaves it."""
    for command in submission.commands:
        if isinstance(command, LineEdit) and command.text is not None and command.expect != NEVER_WAS:
            yield Line(command.line, "action", command.text)
