"""The overview as a JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import asdict

from cli.json_documents.base import Document
from cli.json_documents.operate import status as documents
from cli.terminal.screen import iso_or_none
from workers.monitoring.overview import Activity, Latency, Overview, Role
from workers.monitoring.problems.problem import Problem

Kind = TypeVar("Kind", bound=Document)


def document_of(overview: Overview, problems: Sequence[Problem]) -> documents.Status:
    """The document of `scriptledger status`."""
    reconciler = overview.reconciler
    return documents.Status(
        at=_iso(overview.at),
        ok=all(problem.severity != "critical" for problem in problems),
        embedded=overview.embedded,
        problems=[_as(documents.StatusProblem, problem, severity=problem.severity) for problem in problems],
        database=documents.StatusServer(overview.database.problem or None),
        broker=documents.StatusServer(overview.broker.problem or None),
        schema=_as(documents.StatusSchema, overview.schema),
        roles=[_role(role) for role in overview.roles],
        pause=None if overview.pause is None else _as(documents.StatusPause, overview.pause),
        waiting=_as(documents.StatusWaiting, overview.waiting),
        waiting_quarantined=_as(documents.StatusWaiting, overview.waiting_quarantined),
        answers=_answers(overview.activity),
        lag=_as(documents.StatusLag, overview.lag),
        dead_letters=[_as(documents.StatusDeadLetters, each) for each in overview.dead_letters],
        quarantined_count=overview.quarantined_count,
        quarantined=[_as(documents.StatusQuarantined, each) for each in overview.quarantined],
        runs=[_as(documents.StatusRun, run) for run in overview.runs],
        proposals=_as(documents.StatusProposals, overview.proposals),
        reconciler=documents.StatusReconciler(
            reconciler.holder if reconciler.is_held else None, iso_or_none(reconciler.expires_at)
        ),
        schedules=[_as(documents.StatusSchedule, each) for each in overview.schedules],
    )


def _as(kind: type[Kind], value: Struct, **more: Any) -> Kind:
    """A document with the fields of a value; those whose name ends in `_at` are times."""
    fields = {name: iso_or_none(held) if name.endswith("_at") else held for name, held in asdict(value).items()}
    return kind(**{**fields, **more})


def _role(role: Role) -> documents.StatusRole:
    return _as(documents.StatusRole, role, hosts=[_as(documents.StatusHost, host) for host in role.hosts])


def _answers(activity: Activity) -> documents.StatusAnswers:
    return documents.StatusAnswers(
        window_seconds=activity.window_seconds,
        per_minute={outcome: round(activity.per_minute(count), 2) for outcome, count in activity.outcomes.items()},
        refusals=activity.refusals,
        latency=_latency(activity.latency),
        total_outcomes=activity.total_outcomes,
        total_refusals=activity.total_refusals,
        total_latency=_latency(activity.total_latency),
        minutes=[
            documents.StatusMinute(_iso(minute.minute_at), minute.outcomes, minute.refusals)
            for minute in activity.minutes
        ],
    )


def _latency(latency: Latency) -> documents.StatusLatency:
    return documents.StatusLatency(
        list(latency.bounds_ms),
        list(latency.counts),
        latency.sum_seconds,
        latency.quantile_ms(0.5),
        latency.quantile_ms(0.99),
    )


def _iso(microseconds: int) -> str:
    return str(iso_or_none(microseconds))
