"""JSON document of `status`: everything an operator looks at. Ages and durations are seconds."""

from __future__ import annotations

from typing import Literal

from cli.json_documents.base import Document


class StatusProblem(Document, frozen=True):
    """Something that is wrong, and what to do. `subject` names the role, the schedule or the kind of run."""

    code: str
    severity: Literal["critical", "warning"]
    subject: str
    sentence: str
    advice: str


class StatusServer(Document, frozen=True):
    """The database or the broker; `problem` is null where it can be used."""

    problem: str | None


class StatusSchema(Document, frozen=True):
    """The schema of the database, null if it has none, and the one that is needed."""

    found: str | None
    needed: str


class StatusHost(Document, frozen=True):
    """A host that runs, or ran, a role."""

    name: str
    state: Literal["starting", "consuming", "disconnected", "stopped"]
    started_at: str
    seen_at: str
    seen_seconds: float


class StatusRole(Document, frozen=True):
    """A role of workers, or beat. `queued` counts the messages in its queue; null if unknown, or it has none."""

    name: str
    condition: Literal["running", "disconnected", "missing"]
    required: bool
    queued: int | None
    hosts: list[StatusHost]


class StatusWaiting(Document, frozen=True):
    """Pending submissions, of how many scripts, and the age of the oldest."""

    count: int
    scripts: int
    oldest_seconds: float


class StatusPause(Document, frozen=True):
    """A pause of all drains: since when, by whom and why."""

    paused_at: str
    paused_by: str
    reason: str


class StatusLatency(Document, frozen=True):
    """Answers by the time since they were enqueued: `counts[i]` of them took at most `bounds_ms[i]`, but more than the
    bound before; the last count has no bound. The percentiles are such bounds; null if there is none.
    """

    bounds_ms: list[int]
    counts: list[int]
    sum_seconds: float
    p50_ms: int | None
    p99_ms: int | None


class StatusMinute(Document, frozen=True):
    """The answers of one minute, by outcome and by refusal code."""

    at: str
    outcomes: dict[str, int]
    refusals: dict[str, int]


class StatusAnswers(Document, frozen=True):
    """Answers of the last `window_seconds`, minute by minute for an hour, and since the installation."""

    window_seconds: float
    per_minute: dict[str, float]
    refusals: dict[str, int]
    latency: StatusLatency
    total_outcomes: dict[str, int]
    total_refusals: dict[str, int]
    total_latency: StatusLatency
    minutes: list[StatusMinute]


class StatusLag(Document, frozen=True):
    """How many scripts readers see behind their heads now, by how many versions and seconds at most."""

    scripts: int
    versions: int
    seconds: float


class StatusDeadLetters(Document, frozen=True):
    """Dead letters of one code: all, and those of the last hour."""

    code: str
    count: int
    recent: int
    newest_at: str


class StatusQuarantined(Document, frozen=True):
    """A quarantined script; at most 100 are listed."""

    script_id: int
    found_by: str
    reason: str
    quarantined_at: str


class StatusRun(Document, frozen=True):
    """A run and its progress, in versions of a rebuild, items of a backfill, and scripts otherwise."""

    kind: Literal["materialization", "verification", "rebuild", "backfill"]
    id: int | None
    script_id: int | None
    started_at: str
    finished_at: str | None
    total: int
    done: int
    failed: int


class StatusProposals(Document, frozen=True):
    """Proposals that wait for a model, the age of the oldest, and those that wait for a person."""

    queued: int
    oldest_queued_seconds: float
    proposed: int


class StatusReconciler(Document, frozen=True):
    """The host that holds the reconciler's lease, null if none does."""

    holder: str | None
    expires_at: str | None


class StatusSchedule(Document, frozen=True):
    """A schedule, its interval in seconds, and its last slot; null if it never ran."""

    name: str
    every: int
    slot_at: str | None
    state: str
    late: bool


class Status(Document, frozen=True):
    """Whether people can write. `ok` is false if a problem is critical; `problems` has the worst first.

    Without the database, or with another schema, everything after `schema` is empty.
    """

    at: str
    ok: bool
    embedded: bool
    problems: list[StatusProblem]
    database: StatusServer
    broker: StatusServer
    schema: StatusSchema
    roles: list[StatusRole]
    pause: StatusPause | None
    waiting: StatusWaiting
    waiting_quarantined: StatusWaiting
    answers: StatusAnswers
    lag: StatusLag
    dead_letters: list[StatusDeadLetters]
    quarantined_count: int
    quarantined: list[StatusQuarantined]
    runs: list[StatusRun]
    proposals: StatusProposals
    reconciler: StatusReconciler
    schedules: list[StatusSchedule]
