"""The work on one item: claim it, migrate slices of it for some seconds, and record how it ended.

due ──sent──▶ running ──▶ done | failed     the claim of a dead worker expires, and the feeder sends the item again
       │         └──────▶ due               time is up, the run is held, or the source does not answer: later
       └────────────────▶ done              a script that one slice completes: its only transaction claims and closes it
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

import structlog

from backfill.domains.base import CLAIM_SECONDS, MAX_ATTEMPTS, BackfillContext, ItemWork
from backfill.domains.registry import DOMAINS
from backfill.runs.run_context import MappingOutdated, OtherSource
from backfill.runs.run_options import load_options
from backfill.runs.throttle import Throttle, rest, source_reason
from backfill.scripts.migrate_script import FINAL
from domain.errors import Conflict, Corrupt, Rejected
from materialization.clock import system_clock
from materialization.retry import with_retries
from repos.backfill.item import BackfillItem, ClaimLost
from repos.backfill.runs import BackfillRunRow
from repos.database.driver_errors import DriverError, DuplicateKey
from repos.database.error_codes import NOT_GRANTED
from repos.fault_points import fault_point
from repos.legacy.errors import SourceError
from repos.unit_of_work import UnitOfWork

# A message is worked on for so long, and then sent again: others get their turn, and no time limit is reached.
TASK_SECONDS = 20.0
SLICE_SECONDS = 10.0
# The first slice of an item that it claims: until then, others do not see who works on the item.
FIRST_SLICE_SECONDS = 1.0
# Another process works on the same items: for so long each is claimed first, which shows at once that it is taken.
CLAIM_FIRST_SECONDS = 10.0
# Many items take less time than it takes to ask both databases whether they are to be left alone.
ASK_AGAIN_SECONDS = 0.25
# Errors of a source that may be over soon.
PASSING = frozenset({"source_not_configured", "source_unreachable", "source_lost", "source_busy", "source_interrupted"})

SAME_KEY = f"the ledger has another row under a key of this item, also after {MAX_ATTEMPTS} attempts"

Outcome = Literal["done", "failed", "more", "held", "skipped"]

log = structlog.get_logger(__name__)


class Worked(NamedTuple):
    """How the work on an item ended; `reason` says why it failed, is held or was skipped."""

    outcome: Outcome
    reason: str = ""


class ItemWorker:
    """Works on items. `context_of` opens the source of a run, and keeps it open for the next item.

    With `only_sent`, an item that is due is left alone: its message is an old one, and domains that it needs may be
    incomplete.
    """

    def __init__(  # noqa: PLR0913 - all but two have defaults
        self,
        unit_of_work: UnitOfWork,
        context_of: Callable[[BackfillRunRow], BackfillContext],
        *,
        throttle: Throttle | None = None,
        only_sent: bool = False,
        seconds: float = TASK_SECONDS,
        slice_seconds: float = SLICE_SECONDS,
        clock: Callable[[], int] = system_clock,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._context_of = context_of
        self._throttle = throttle
        self._only_sent = only_sent
        self._seconds = seconds
        self._slice_seconds = slice_seconds
        self._clock = clock
        self._sleep = sleep
        # When the throttle and the source are asked the next time.
        self._ask_at = 0.0
        self._claim_first_until = 0.0

    def work(self, item_id: int, *, again: bool = False) -> Worked:
        """Work on an item for some seconds, if it is free and its run is running.

        With `again`, a worker may have ended with this message.

        Raises:
            Conflict: the database is unavailable; the item is sent again later.
        """
        claimed = with_retries(lambda: self._claim(item_id, again=again))
        if isinstance(claimed, str):
            return Worked("skipped", claimed)
        item, run = claimed
        fault_point("after item claimed" if item.sent_claim is None else "after item read")
        try:
            return self._migrate(item, run)
        except KeyboardInterrupt:
            self._give_back(item)
            raise
        except Exception as error:
            return self._after_error(item, error)

    def _claim(self, item_id: int, *, again: bool = False) -> tuple[BackfillItem, BackfillRunRow] | str:
        now = self._clock()
        # Each statement is committed by itself: the claim is one, and the rest only reads.
        with self._unit_of_work.statement() as tx:
            item = tx.backfill_items.find_free(item_id)
            run = None if item is None else tx.backfill_runs.get(item.run_id)
            if item is None or run is None:
                return "there is no such item, or another worker has it"
            if run.state != "running":
                return f"the run is {run.state}"
            if self._only_sent and item.state == "due":
                return "it is not sent"
            claim_first = again or time.monotonic() < self._claim_first_until
            # One of a newer program has a domain that is unknown here, and fails like any other error.
            domain = DOMAINS.get(item.domain)
            if not claim_first and domain is not None and domain.is_claimed_by_slice(item.name):
                claimed = item.claimed_by_first_slice()
                if claimed is not None:
                    return claimed, run
            claimed = tx.backfill_items.claim(item, now=now, until=now + CLAIM_SECONDS * 1_000_000)
        return "it is done, or another worker has it" if claimed is None else (claimed, run)

    def _migrate(self, item: BackfillItem, run: BackfillRunRow) -> Worked:
        if item.attempts > MAX_ATTEMPTS:
            return self._close(item, "failed", f"{MAX_ATTEMPTS} workers ended while they worked on it")
        ask = self._throttle is not None and time.monotonic() >= self._ask_at
        if ask and self._throttle is not None and (reason := self._throttle.reason()) is not None:
            return self._give_back(item, reason)
        try:
            context = self._context_of(run)
        except SourceError as error:
            # Of the whole source as this worker is configured, and not of the item.
            return self._give_back(item, str(error))
        if ask and (reason := source_reason(context.source)) is not None:
            return self._give_back(item, reason)
        if ask:
            self._ask_at = time.monotonic() + ASK_AGAIN_SECONDS
        return self._slices(context, item, run)

    def _slices(self, context: BackfillContext, item: BackfillItem, run: BackfillRunRow) -> Worked:
        domain = DOMAINS[item.domain]
        share = load_options(run.options).share
        end = time.monotonic() + self._seconds
        work = ItemWork(context, item, end)
        held = run.held_by
        while True:
            begun = time.monotonic()
            longest = self._slice_seconds if work.is_claimed else min(self._slice_seconds, FIRST_SLICE_SECONDS)
            work.deadline = min(end, begun + longest)
            complete = domain.migrate(work)
            if held is not None:
                self._hold(run.id, None)
                held = None
            if complete:
                worked = self._complete(work, item)
                # Most items need no second slice: without this, they would take all of the time.
                rest(time.monotonic() - begun, share, self._sleep)
                return worked
            if time.monotonic() >= end:
                return self._give_back(item)
            rest(time.monotonic() - begun, share, self._sleep)
            if (reason := self._stopped(run.id)) is not None:
                return self._give_back(item, reason)

    def _complete(self, work: ItemWork, item: BackfillItem) -> Worked:
        if work.is_closed:
            fault_point("after item closed")
            return Worked("done")
        fault_point("before item closed")
        return self._close(item, "done")

    def _after_error(self, item: BackfillItem, error: Exception) -> Worked:
        if isinstance(error, ClaimLost):
            self._claim_first_until = time.monotonic() + CLAIM_FIRST_SECONDS
            return Worked("skipped", "another worker has it, or the run was stopped")
        if isinstance(error, MappingOutdated):
            return self._pause(item, error.message)
        if isinstance(error, DuplicateKey):
            if item.attempts >= MAX_ATTEMPTS:
                return self._close(item, "failed", SAME_KEY)
            return self._give_back(item, f"the database is busy ({type(error).__name__})", counted=True)
        if (reason := _passing(error)) is not None:
            return self._give_back(item, reason)
        return self._close(item, "failed", _failure(item, error))

    def _stopped(self, run_id: int) -> str | None:
        """Why to stop between two slices."""
        with self._unit_of_work.reading() as tx:
            run = tx.backfill_runs.get(run_id)
        if run is None or run.state != "running":
            return f"the run is {run.state if run else 'gone'}"
        return None if self._throttle is None else self._throttle.reason()

    def _close(self, item: BackfillItem, outcome: Literal["done", "failed"], error: str | None = None) -> Worked:
        def close() -> bool:
            with self._unit_of_work.statement() as tx:
                return tx.backfill_items.close(item, outcome, error and error[:512])

        if not with_retries(close):
            return Worked("skipped", "another worker has it, or the run was stopped")
        fault_point("after item closed")
        if error:
            log.warning("backfill.failed", item=item.id, domain=item.domain, reason=error)
        return Worked(outcome, error or "")

    def _give_back(self, item: BackfillItem, reason: str | None = None, *, counted: bool = False) -> Worked:
        def give_back() -> bool:
            with self._unit_of_work.statement() as tx:
                return tx.backfill_items.give_back(item, counted=counted)

        if not with_retries(give_back):
            return Worked("skipped", "another worker has it, or the run was stopped")
        if reason is None:
            return Worked("more")
        self._hold(item.run_id, reason)
        return Worked("held", reason)

    def _pause(self, item: BackfillItem, reason: str) -> Worked:
        """Give an item back and pause its run: no other item could be worked on either."""
        worked = self._give_back(item, reason)
        with self._unit_of_work.records() as tx:
            tx.backfill_runs.move(item.run_id, "paused", now=self._clock())
            tx.backfill_runs.hold(item.run_id, reason[:256])
        return worked

    def _hold(self, run_id: int, reason: str | None) -> None:
        with self._unit_of_work.records() as tx:
            run = tx.backfill_runs.get(run_id)
            # A pause has its own reason.
            if run is not None and run.state == "running":
                tx.backfill_runs.hold(run_id, reason and reason[:256])


def _passing(error: Exception) -> str | None:
    """The reason to try an item later; None if that would not help."""
    if isinstance(error, OtherSource):
        return error.message  # of this worker; others may be configured as the run is
    if isinstance(error, Conflict):
        return f"the database is busy ({type(error).__name__})"
    return str(error) if isinstance(error, SourceError) and error.code in PASSING else None


def _failure(item: BackfillItem, error: Exception) -> str:
    """Why an item failed, without a value of a row: the sentence of a refusal or a bug may quote one."""
    if isinstance(error, Rejected):
        return f"refused: {error.code}"
    if isinstance(error, SourceError):
        return str(error)
    if isinstance(error, Corrupt):
        log.error("backfill.corrupt", item=item.id, problem=str(error))
        return "the ledger contradicts itself: see `scriptledger quarantine list`"
    if isinstance(error, FINAL):
        return str(error)
    if isinstance(error, DriverError) and error.args[:1] and error.args[0] in NOT_GRANTED:
        # The server names the account and the table.
        return f"the database account lacks a privilege ({error.args[-1]}): `scriptledger gates install` grants it"
    # A bug, or the end of the task's time.
    return f"stopped by {type(error).__name__}{_place(error)}"


def _place(error: BaseException) -> str:
    """Where an error was raised, in the innermost frame of ours that it passed."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "site-packages" not in frame.filename]
    return f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
