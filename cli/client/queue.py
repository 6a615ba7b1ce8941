"""The flow of a submission from the command line: into the inbox, through the queue, and back as an answer."""

from __future__ import annotations

import getpass
import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial

import structlog

from cli.client import database
from cli.client.broker import require_broker
from cli.client.drain_pauses import current_pause, pause_sentence
from cli.terminal import screen
from cli.terminal.exit_status import Ending, Exit
from domain.errors import Corrupt
from domain.refusals import SameIdOtherContent
from domain.submissions.answer import Answer
from domain.submissions.submission import Submission, content_hash
from materialization.retry import with_retries
from repos.unit_of_work import UnitOfWork
from workers.embedded.stack import Stack
from workers.messaging.bell import LoneBell
from workers.producers.producer import NotAnsweredInTime, Producer, UnknownSubmission
from workers.settings import Settings

# While waiting for an answer, this is how often to check that workers still run.
CHECK_SECONDS = 1.0


class Queue:
    """Sends submissions and waits for their answers."""

    def __init__(self, unit_of_work: UnitOfWork, settings: Settings, stack: Stack | None) -> None:
        self.unit_of_work = unit_of_work
        self.settings = settings
        self._broker_url = settings.broker_url
        self._stack = stack
        self._paused = ""
        self._bell = LoneBell(settings.broker_url)
        self._producer = Producer(unit_of_work, self._bell)

    @property
    def producer(self) -> Producer:
        """Puts submissions into the inbox, for callers with a transaction of their own."""
        return self._producer

    @property
    def broker_url(self) -> str:
        """The URL of the broker."""
        return self._broker_url

    def new_script_id(self) -> int:
        """An id for a script that is about to be created."""
        with self.unit_of_work.records() as tx:
            return tx.scripts.new_id()

    def put(self, submission: Submission, *, user_id: int | None = None) -> None:
        """Put a submission into the inbox and ring the bell; `user_id` is the user who is responsible for it."""
        with_retries(partial(self._producer.enqueue, submission, user_id=user_id))

    def send(self, submission: Submission, *, timeout: float, user_id: int | None = None) -> Answer:
        """Put a submission into the inbox and wait for its answer, whichever worker gives it.

        Raises:
            Ending: not answered in time, interrupted, or the bell could not be sent; the submission is safe.
            Rejected: it is invalid, or its id was used for another.
        """
        try:
            self.put(submission, user_id=user_id)
            answer = self.wait(submission.script_id, submission.submission_id, timeout=timeout)
        except KeyboardInterrupt:
            raise self._interrupted(submission) from None
        with self.unit_of_work.reading() as tx:
            answered = tx.submissions.get(submission.script_id, submission.submission_id)
        if answered is not None and answered.content_hash != content_hash(submission):
            raise SameIdOtherContent(submission=submission.submission_id)
        return answer

    def wait(self, script_id: int, submission_id: str, *, timeout: float) -> Answer:
        """Wait for the answer to a submission that is in the inbox; regularly check that workers run."""
        deadline = time.monotonic() + timeout
        with screen.waiting("Waiting for the answer…"):
            while True:
                left = deadline - time.monotonic()
                try:
                    return self._producer.wait(script_id, submission_id, timeout=max(0.0, min(left, CHECK_SECONDS)))
                except NotAnsweredInTime:
                    self._check_progress(script_id, submission_id, left - CHECK_SECONDS)

    def ring_all(self, script_ids: Iterable[int]) -> bool:
        """Ring for several scripts; return whether the broker took every bell."""
        return self._bell.ring_all(script_ids)

    @property
    def paused(self) -> str:
        """Why nothing is answered, as a part of a sentence, if drains were paused at the last `tend`; else empty."""
        return self._paused

    def tend(self, then: str) -> None:
        """Check what every wait depends on: the pause of drains, the broker, embedded workers. Call it each second.

        Raises:
            Ending: the broker took no bell and cannot be used; `then` is added to the message.
        """
        self._report_pause()
        if not self._bell.delivered:
            require_broker(self._broker_url, then)
        if self._stack is None:
            return
        self._stack.tend()
        if self._stack.settings.broker_url != self._broker_url:
            # The process that ran the stack has ended, and this one took it over: bells may be lost.
            self._broker_url = self._stack.settings.broker_url
            self._bell = LoneBell(self._broker_url)

    def _check_progress(self, script_id: int, submission_id: str, left: float) -> None:
        hint = f"check with `scriptledger outcome {script_id} {submission_id} --wait`"
        self._refuse_to_wait_in_quarantine(script_id)
        was_delivered, bell = self._bell.delivered, self._bell
        self.tend(f" Submission {submission_id} is safe and will be answered when the broker is back: {hint}.")
        if not was_delivered or self._bell is not bell:
            self._bell.ring(script_id)
        if left <= 0:
            raise Ending(
                Exit.NOT_ANSWERED,
                f"Submission {submission_id} of script {script_id} is safe but not answered yet, "
                f"{self._paused or 'perhaps because no worker runs'}: {hint}.",
                code="not_answered_in_time",
            )

    def _report_pause(self) -> None:
        """Say once that drains are paused: a person may wait for long."""
        pause = current_pause(self.unit_of_work)
        if pause is not None and not self._paused:
            screen.warn(pause_sentence(pause), style="yellow")
        self._paused = "because drains are paused" if pause is not None else ""

    def _refuse_to_wait_in_quarantine(self, script_id: int) -> None:
        with self.unit_of_work.reading() as tx:
            head = tx.heads.get(script_id)
        if head is not None and head.health == "quarantined":
            raise Corrupt(f"Script {script_id} is quarantined: its stored data is inconsistent.")

    def _interrupted(self, submission: Submission) -> Ending:
        script_id, submission_id = submission.script_id, submission.submission_id
        try:
            answer = self._producer.outcome(script_id, submission_id)
        except UnknownSubmission:
            return Ending(Exit.INTERRUPTED, "Interrupted before anything was sent.")
        became = "is pending" if answer is None else f"was answered ({answer.outcome})"
        return Ending(
            Exit.INTERRUPTED,
            f"Interrupted, but nothing is lost: submission {submission_id} is in the inbox of script {script_id} and "
            f"{became}; check with `scriptledger outcome {script_id} {submission_id} --wait`.",
        )


@contextmanager
def queue(chosen: Settings | None = None) -> Iterator[Queue]:
    """The queue: the configured broker, or an embedded stack while it is in use."""
    # The bell logs a warning when the broker is unreachable; here the command's own message reports it.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    chosen = chosen or database.settings()
    serving = Stack(chosen) if chosen.embedded_broker else nullcontext()
    with database.explained(chosen), serving as stack:
        settings = chosen if stack is None else stack.settings
        with database.opened(settings) as unit_of_work:
            yield Queue(unit_of_work, settings, stack)


def default_actor() -> str:
    """The name of the operating system's user."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        return ""
    # The environment may name bytes that are not UTF-8, which cannot be stored.
    return name.encode(errors="backslashreplace").decode()[:120]
