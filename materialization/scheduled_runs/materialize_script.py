"""Materialization of one script of a run: update projections, verify a sample by replay, compact inactive scripts.

due ──claim──▶ running ──▶ done | failed    the claim of a dead worker expires, and the next tick hands it out again
                  └─────▶ due              another worker held the script, or this one is stopping: later
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec
import structlog

from domain.errors import Conflict, Corrupt
from materialization.clock import system_clock
from materialization.integrity.audit import audit
from materialization.integrity.quarantine import quarantine
from materialization.integrity.readers_repair import rewrite_for_readers
from materialization.integrity.seals import seal_if_due
from materialization.integrity.second_look import look_twice
from materialization.projections.updater import project
from materialization.scheduled_runs.compact_keyframes import tidy_if_quiet
from materialization.scheduled_runs.open_run import QUIET_MICROS
from repos.database.driver_errors import HeadLocked
from repos.scheduling.materialization_items import ItemRow, ItemState
from repos.unit_of_work import UnitOfWork

# A worker that has not renewed its claim for this long is dead. Only a replay can take longer, and renews it.
CLAIM_MICROS = 2 * 60 * 1_000_000
RENEW_AFTER_MICROS = CLAIM_MICROS // 6
MAX_ATTEMPTS = 5
FOUND_BY = "materialization"

log = structlog.get_logger(__name__)


class Materializer:
    """Materializes the scripts of runs. `ring` is called for a script whose submissions arrived while it was locked."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        *,
        ring: Callable[[int], object] = lambda _script_id: None,
        clock: Callable[[], int] = system_clock,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._ring = ring
        self._clock = clock

    def materialize(self, run_id: int, script_id: int) -> ItemState | None:
        """Materialize one script of a run; returns its new state, None if it is done or another worker claimed it.

        A problem with one script does not stop the others: an inconsistent script is quarantined.
        """
        now = self._clock()
        with self._unit_of_work.records() as tx:
            item = tx.run_items.claim(run_id, script_id, now=now, until=now + CLAIM_MICROS)
        if item is None:
            return None
        try:
            outcome, report = self._attempt(item)
        except BaseException:
            # The process is stopping: the next tick hands the script out again, before the claim expires.
            with suppress(Exception), self._unit_of_work.records() as tx:
                tx.run_items.give_back(item, b"{}")
            raise
        with self._unit_of_work.records() as tx:
            encoded = msgspec.json.encode(report)
            if outcome == "due":
                tx.run_items.give_back(item, encoded)
            elif tx.run_items.close(item, outcome, encoded):
                tx.runs.count(run_id, self._clock())
        return outcome

    def _attempt(self, item: ItemRow) -> tuple[ItemState, dict[str, Any]]:
        if item.attempts > MAX_ATTEMPTS:
            # A conflict takes its attempt back, so only attempts of workers that died are counted.
            log.error("materialize.given_up", script_id=item.script_id, attempts=MAX_ATTEMPTS)
            return "failed", {"reason": f"{MAX_ATTEMPTS} workers ended while they materialized it"}
        try:
            work = partial(self._work, item)
            return "done", look_twice(self._unit_of_work, item.script_id, work)
        except Conflict as conflict:
            return "due", {"waits": str(conflict)[:200]}
        except Corrupt as found:
            log.error("materialize.corrupt", script_id=item.script_id, problem=found)  # noqa: TRY400 - not a bug
            quarantine(self._unit_of_work, item.script_id, found_by=FOUND_BY, reason=str(found), now=self._clock())
            return "failed", {"reason": str(found)}
        except Exception as error:
            # The item records the error, so the failure is visible; the next run retries the script.
            log.exception("materialize.failed", script_id=item.script_id)
            return "failed", {"reason": f"{type(error).__name__}: {error}"[:1_000]}

    def _work(self, item: ItemRow) -> dict[str, Any]:
        script_id = item.script_id
        with self._unit_of_work.reading() as tx:
            if tx.heads.require(script_id).health == "quarantined":
                return {"left_out": "quarantined"}
        done = project(self._unit_of_work, script_id, clock=self._clock)
        report: dict[str, Any] = {"from": done.before, "to": done.version, "whole": done.whole}
        if item.verify:
            report |= self._verify(item)
        seal_if_due(self._unit_of_work, script_id, self._clock())
        return report | self._tidy(script_id)

    def _verify(self, item: ItemRow) -> dict[str, Any]:
        script_id, claim = item.script_id, _Claim(self._unit_of_work, item, self._clock)
        found = audit(self._unit_of_work, script_id, progress=claim.renew)
        if (finding := found.finding) is not None:
            if finding.repair != "project":
                raise Corrupt(f"version {finding.version}: {finding.problem}")
            log.error("materialize.projection_differed", script_id=script_id, version=finding.version)
            rewrite_for_readers(self._unit_of_work, script_id, clock=self._clock)
        return {"verified": found.versions, "projection_agreed": finding is None}

    def _tidy(self, script_id: int) -> dict[str, Any]:
        try:
            tidied = tidy_if_quiet(self._unit_of_work, script_id, quiet_before=self._clock() - QUIET_MICROS)
        except HeadLocked:
            return {}  # it is being edited
        if tidied is None:
            return {}
        if tidied.more:
            self._ring(script_id)
        return {"keyframe": tidied.written, "keyframes_removed": tidied.removed}


class _Claim:
    """The claim of an item, renewed while its script is replayed."""

    def __init__(self, unit_of_work: UnitOfWork, item: ItemRow, clock: Callable[[], int]) -> None:
        self._unit_of_work = unit_of_work
        self._item = item
        self._clock = clock
        self._renewed_at = clock()

    def renew(self, _version: int) -> None:
        """Renew the claim if that was not done for a while.

        Raises:
            Conflict: another worker has claimed the script.
        """
        now = self._clock()
        if now - self._renewed_at < RENEW_AFTER_MICROS:
            return
        self._renewed_at = now
        with self._unit_of_work.records() as tx:
            is_ours = tx.run_items.renew(self._item, now + CLAIM_MICROS)
        if not is_ours:
            raise Conflict("another worker has claimed it")
