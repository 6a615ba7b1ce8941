"""Overview: whether people can write, as one value. The status command, the page and the metrics show nothing else.

Times are microseconds since 1970 UTC by the clock of the database; ages and durations are seconds.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

# The problem of a database that answers, but takes no writes.
READ_ONLY = "it is read-only"


class Server(Struct, frozen=True):
    """A server, what is wrong with it, and what to do if that is known; empty if nothing is."""

    problem: str = ""
    advice: str = ""

    @property
    def is_up(self) -> bool:
        """Whether it can be used."""
        return not self.problem


class Schema(Struct, frozen=True):
    """The schema revision of the database (None: it has none) and the one this program needs."""

    found: str | None
    needed: str


class Waiting(Struct, frozen=True):
    """Pending submissions, of how many scripts, and the age of the first that arrived."""

    count: int = 0
    scripts: int = 0
    oldest_seconds: float = 0.0


class Pause(Struct, frozen=True):
    """A pause of all drains: since when, by whom and why."""

    paused_at: int
    paused_by: str
    reason: str


class Minute(Struct, frozen=True):
    """The answers of one minute, by outcome and by refusal code."""

    minute_at: int
    outcomes: dict[str, int]
    refusals: dict[str, int]


class Latency(Struct, frozen=True):
    """A histogram of the time from enqueue to answer: `counts[i]` answers took at most `bounds_ms[i]`, but more than
    the bound before; the last count has no bound.
    """

    bounds_ms: tuple[int, ...]
    counts: tuple[int, ...]
    sum_seconds: float = 0.0

    def quantile_ms(self, share: float) -> int | None:
        """The bound that this share of the answers keeps; None without answers, and beyond the last bound."""
        total, seen = sum(self.counts), 0
        for bound, count in zip(self.bounds_ms, self.counts, strict=False):
            seen += count
            if total and seen >= share * total:
                return bound
        return None


class Activity(Struct, frozen=True, kw_only=True):
    """What the workers answered: minute by minute, in the last `window_seconds`, and since the installation."""

    minutes: tuple[Minute, ...] = ()
    window_seconds: float
    outcomes: dict[str, int]
    refusals: dict[str, int]
    latency: Latency
    total_outcomes: dict[str, int]
    total_refusals: dict[str, int]
    total_latency: Latency

    def per_minute(self, count: int) -> float:
        """A count of the window as a rate."""
        return count * 60 / self.window_seconds


class Lag(Struct, frozen=True):
    """How far projections are behind now: how many scripts, by how many versions and seconds at most."""

    scripts: int = 0
    versions: int = 0
    seconds: float = 0.0


class DeadLetters(Struct, frozen=True):
    """Dead letters of one code: all, those of the last hour, and the time of the latest."""

    code: str
    count: int
    recent: int
    newest_at: int


class Quarantined(Struct, frozen=True):
    """A quarantined script."""

    script_id: int
    found_by: str
    reason: str
    quarantined_at: int


class Run(Struct, frozen=True, kw_only=True):
    """A run and its progress; a rebuild counts versions, the others count scripts or tables.

    `script_id` is that of a rebuild, `id` the number of another run.
    """

    kind: Literal["materialization", "verification", "rebuild", "backfill"]
    id: int | None = None
    script_id: int | None = None
    started_at: int
    finished_at: int | None = None
    total: int
    done: int
    failed: int = 0


class Proposals(Struct, frozen=True):
    """Proposals that wait for a model, the age of the first, and those that wait for a person."""

    queued: int = 0
    oldest_queued_seconds: float = 0.0
    proposed: int = 0


RoleCondition = Literal["running", "disconnected", "missing"]


class Host(Struct, frozen=True):
    """A host that runs, or ran, a role."""

    name: str
    state: Literal["starting", "consuming", "disconnected", "stopped"]
    started_at: int
    seen_at: int
    seen_seconds: float


class Role(Struct, frozen=True):
    """A role of workers, or beat. `required` is whether people cannot write, or readers read, without it."""

    name: str
    condition: RoleCondition
    required: bool
    hosts: tuple[Host, ...] = ()
    # The messages in its queue; None if the broker is down, or it has no queue.
    queued: int | None = None

    @property
    def seen_seconds(self) -> float | None:
        """How long ago it was last seen; None if it never was."""
        return min((host.seen_seconds for host in self.hosts), default=None)


class Reconciler(Struct, frozen=True):
    """The host that holds the reconciler's lease, and whether the lease is still valid."""

    holder: str = ""
    expires_at: int | None = None
    is_held: bool = False


class ScheduleState(Struct, frozen=True):
    """A schedule: its interval in seconds and its last slot; `late` is whether it should have run again since."""

    name: str
    every: int
    slot_at: int | None
    state: str
    late: bool


class Overview(Struct, frozen=True, kw_only=True):
    """Everything an operator looks at. What a server that is down, or another schema, would say is empty."""

    at: int
    embedded: bool
    database: Server
    broker: Server
    schema: Schema
    roles: tuple[Role, ...] = ()
    pause: Pause | None = None
    waiting: Waiting = Waiting()
    waiting_quarantined: Waiting = Waiting()
    activity: Activity
    lag: Lag = Lag()
    dead_letters: tuple[DeadLetters, ...] = ()
    quarantined_count: int = 0
    quarantined: tuple[Quarantined, ...] = ()
    runs: tuple[Run, ...] = ()
    proposals: Proposals = Proposals()
    reconciler: Reconciler = Reconciler()
    schedules: tuple[ScheduleState, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether the database answered with the schema this program needs, so that the rest is filled."""
        return self.database.is_up and self.schema.found == self.schema.needed
