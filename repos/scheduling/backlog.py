"""Backlog: everything an operator looks at, read in one round trip of indexed queries.

Only the projection lag reads a row of every script, from two primary keys side by side.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, bindparam, case, func, literal, select

from repos.database.packet_text import Query
from repos.database.session import Session
from repos.scheduling.activity_counts import SELECT_ACTIVITY, SELECT_TOTALS, ActivityCount
from repos.scheduling.backlog_rows import (
    BackfillItems,
    BacklogRead,
    DeadLetterCount,
    LastSlot,
    LeaseRow,
    OpenQuarantine,
    PendingSubmissions,
    ProposalCount,
    RunningRebuild,
)
from repos.scheduling.drain_pauses import SELECT_CURRENT_PAUSE, DrainPause
from repos.scheduling.materialization_runs import RunRow
from repos.scheduling.outdated_scripts import SELECT_LAG, ProjectionLag
from repos.scheduling.role_heartbeats import SELECT_HEARTBEATS, RoleHeartbeat
from repos.scheduling.server_clock import SELECT_CLOCK_AND_MODE, is_on
from repos.schema.backfill_tables import backfill_items, backfill_runs
from repos.schema.core_tables import (
    leases,
    rejected_submissions,
    schedule_slots,
    script_heads,
    submission_inbox,
)
from repos.schema.derived_tables import materialization_runs, quarantines, rebuilds
from repos.schema.proposal_tables import ai_proposals

MAX_LISTED = 100


# By script first, from the index on (script_id, id): neither a payload nor a head is read for each submission.
_of_scripts = (
    select(
        submission_inbox.c.script_id.label("script_id"),
        func.count().label("waiting"),
        func.min(submission_inbox.c.id).label("first"),
    )
    .group_by(submission_inbox.c.script_id)
    .subquery("of_scripts")
)
_groups = (
    select(
        script_heads.c.health.label("health"),
        func.sum(_of_scripts.c.waiting).label("waiting"),
        func.count().label("scripts"),
        func.min(_of_scripts.c.first).label("first"),
    )
    .select_from(_of_scripts.outerjoin(script_heads, script_heads.c.script_id == _of_scripts.c.script_id))
    .group_by(script_heads.c.health)
    .subquery("grouped")
)
_PENDING = select(_groups.c.health, _groups.c.waiting, _groups.c.scripts, submission_inbox.c.enqueued_at).select_from(
    _groups.outerjoin(submission_inbox, submission_inbox.c.id == _groups.c.first)
)
_recent = case((rejected_submissions.c.rejected_at >= bindparam("recently"), literal(1)))
_DEAD_LETTERS = (
    select(
        rejected_submissions.c.code,
        func.count(),
        func.count(_recent),
        func.max(rejected_submissions.c.rejected_at),
    )
    .group_by(rejected_submissions.c.code)
    .order_by(rejected_submissions.c.code)
)
_open = (quarantines.c.reopened_at.is_(None), script_heads.c.health == "quarantined")
_quarantined = quarantines.join(script_heads, script_heads.c.script_id == quarantines.c.script_id)
_QUARANTINES = (
    select(quarantines.c.script_id, quarantines.c.found_by, quarantines.c.reason, quarantines.c.quarantined_at)
    .select_from(_quarantined)
    .where(*_open)
    .order_by(quarantines.c.script_id)
    .limit(MAX_LISTED)
)
_QUARANTINED = select(func.count(quarantines.c.script_id.distinct())).select_from(_quarantined).where(*_open)
_RUNS = select(*materialization_runs.c).order_by(materialization_runs.c.id.desc()).limit(20)
_REBUILDS = (
    select(
        rebuilds.c.script_id,
        rebuilds.c.generation,
        rebuilds.c.version_number,
        script_heads.c.version_number,
        rebuilds.c.started_at,
    )
    .select_from(rebuilds.join(script_heads, script_heads.c.script_id == rebuilds.c.script_id))
    .where(rebuilds.c.state == "running")
    .order_by(rebuilds.c.started_at)
    .limit(MAX_LISTED)
)
_BACKFILL = (
    select(
        backfill_runs.c.id,
        backfill_runs.c.state,
        backfill_runs.c.opened_at,
        backfill_items.c.state,
        func.count(backfill_items.c.id),
    )
    .select_from(backfill_runs.outerjoin(backfill_items, backfill_items.c.run_id == backfill_runs.c.id))
    .where(backfill_runs.c.active == literal(1))
    .group_by(backfill_runs.c.id, backfill_runs.c.state, backfill_runs.c.opened_at, backfill_items.c.state)
)
# With ids, which the index holds, instead of times, which it does not.
_states = (
    select(ai_proposals.c.state.label("state"), func.count().label("count"), func.min(ai_proposals.c.id).label("first"))
    .where(ai_proposals.c.state.in_([literal("queued"), literal("proposed")]))
    .group_by(ai_proposals.c.state)
    .subquery("states")
)
_PROPOSALS = select(_states.c.state, _states.c.count, ai_proposals.c.created_at).select_from(
    _states.join(ai_proposals, ai_proposals.c.id == _states.c.first)
)
_LEASES = select(leases.c.name, leases.c.holder, leases.c.expires_at).order_by(leases.c.name)
_latest = (
    select(schedule_slots.c.schedule.label("schedule"), func.max(schedule_slots.c.slot_at).label("slot_at"))
    .group_by(schedule_slots.c.schedule)
    .subquery("latest")
)
_SLOTS = (
    select(schedule_slots.c.schedule, schedule_slots.c.slot_at, schedule_slots.c.state, schedule_slots.c.finished_at)
    .select_from(
        _latest.join(
            schedule_slots,
            and_(schedule_slots.c.schedule == _latest.c.schedule, schedule_slots.c.slot_at == _latest.c.slot_at),
        )
    )
    .order_by(schedule_slots.c.schedule)
)


def backlog_queries(*, is_sqlite: bool, recently: int, since: int) -> list[Query]:
    """The queries, each with its parameters, in the order in which `Backlog.read` takes their results."""
    return [
        (SELECT_CLOCK_AND_MODE[is_sqlite], {}),
        (SELECT_CURRENT_PAUSE, {}),
        (_PENDING, {}),
        (SELECT_LAG, {}),
        (_DEAD_LETTERS, {"recently": recently}),
        (_QUARANTINES, {}),
        (_QUARANTINED, {}),
        (_RUNS, {}),
        (_REBUILDS, {}),
        (_BACKFILL, {}),
        (_PROPOSALS, {}),
        (_LEASES, {}),
        (_SLOTS, {}),
        (SELECT_HEARTBEATS, {}),
        (SELECT_ACTIVITY, {"since": since}),
        (SELECT_TOTALS, {}),
    ]


class Backlog:
    """What waits, what failed and what runs."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, *, recently: int, since: int) -> BacklogRead:
        """Everything, in one round trip.

        Dead letters from `recently` on are counted as recent; activity is read of the minutes from `since` on.
        """
        queries = backlog_queries(is_sqlite=self._session.is_sqlite, recently=recently, since=since)
        read = iter(self._session.rows_of(queries))
        now, is_read_only = next(read)[0]
        return BacklogRead(
            now=int(now),
            is_read_only=is_on(is_read_only),
            pause=next((DrainPause(*row) for row in next(read)), None),
            pending=[_pending(row) for row in next(read)],
            lag=ProjectionLag.of(next(read)[0]),
            dead_letters=[DeadLetterCount(*row) for row in next(read)],
            quarantines=[OpenQuarantine(*row) for row in next(read)],
            quarantined=int(next(read)[0][0]),
            runs=[RunRow(*row) for row in next(read)],
            rebuilds=[RunningRebuild(*row) for row in next(read)],
            backfill=[BackfillItems(*row) for row in next(read)],
            proposals=[ProposalCount(*row) for row in next(read)],
            leases=[LeaseRow(*row) for row in next(read)],
            slots=[LastSlot(*row) for row in next(read)],
            heartbeats=[RoleHeartbeat(*row) for row in next(read)],
            activity=[ActivityCount(*row) for row in next(read)],
            totals=[ActivityCount(*row) for row in next(read)],
        )


def _pending(row: tuple[Any, ...]) -> PendingSubmissions:
    health, number, scripts, oldest_at = row
    # On SQLite a producer may have stored anything as the time.
    return PendingSubmissions(health, int(number), int(scripts), oldest_at if isinstance(oldest_at, int) else None)
