"""Rows of the backlog: what an operator looks at, as immutable values. Times are microseconds since 1970 UTC."""

from __future__ import annotations

from typing import NamedTuple

from repos.scheduling.activity_counts import ActivityCount
from repos.scheduling.drain_pauses import DrainPause
from repos.scheduling.materialization_runs import RunRow
from repos.scheduling.outdated_scripts import ProjectionLag
from repos.scheduling.role_heartbeats import RoleHeartbeat


class PendingSubmissions(NamedTuple):
    """Pending submissions of the scripts of one health, None for scripts that do not exist yet.

    `number` of them, of how many scripts, and when the first of them arrived, None if that is unknown.
    """

    health: str | None
    number: int
    scripts: int
    oldest_at: int | None


class DeadLetterCount(NamedTuple):
    """Dead letters of one code: all that are stored, those since a given time, and the time of the latest."""

    code: str
    number: int
    recent: int
    newest_at: int


class OpenQuarantine(NamedTuple):
    """A quarantined script, what found it, why and when."""

    script_id: int
    found_by: str
    reason: str
    quarantined_at: int


class RunningRebuild(NamedTuple):
    """A rebuild that is not finished: derived up to `version` of `head`."""

    script_id: int
    generation: int
    version: int
    head: int
    started_at: int


class ProposalCount(NamedTuple):
    """Proposals in one state, and when the first of them was made."""

    state: str
    number: int
    oldest_at: int


class LeaseRow(NamedTuple):
    """Who holds a lease, and until when."""

    name: str
    holder: str
    expires_at: int


class LastSlot(NamedTuple):
    """The latest slot of a schedule; `finished_at` is None while it runs."""

    schedule: str
    slot_at: int
    state: str
    finished_at: int | None


class BackfillItems(NamedTuple):
    """How many items of the active backfill are in one state; `item_state` is None if it has no items."""

    run_id: int
    run_state: str
    opened_at: int
    item_state: str | None
    number: int


class BacklogRead(NamedTuple):
    """Everything that was read, by the clock of the database at `now`."""

    now: int
    is_read_only: bool
    pause: DrainPause | None
    pending: list[PendingSubmissions]
    lag: ProjectionLag
    dead_letters: list[DeadLetterCount]
    quarantines: list[OpenQuarantine]
    quarantined: int
    runs: list[RunRow]
    rebuilds: list[RunningRebuild]
    backfill: list[BackfillItems]
    proposals: list[ProposalCount]
    leases: list[LeaseRow]
    slots: list[LastSlot]
    heartbeats: list[RoleHeartbeat]
    activity: list[ActivityCount]
    totals: list[ActivityCount]
