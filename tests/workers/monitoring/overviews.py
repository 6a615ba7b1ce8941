"""Overviews for tests: a healthy one, and changed ones."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from workers.monitoring.overview import Activity, Host, Latency, Overview, Reconciler, Role, Schema, Server
from workers.monitoring.role_heartbeat import BEAT_ROLE
from workers.process.roles import ROLES

NOW = 1_800_000_000_000_000
SECOND = 1_000_000
BOUNDS = (100, 1_000, 5_000)
REQUIRED = ("commands", "materialization", "reconcile", "upkeep", BEAT_ROLE)


def latency(*counts: int) -> Latency:
    return Latency(BOUNDS, counts or (0, 0, 0, 0))


def activity(found: Latency | None = None) -> Activity:
    return Activity(
        window_seconds=300,
        outcomes={},
        refusals={},
        latency=found or latency(),
        total_outcomes={},
        total_refusals={},
        total_latency=found or latency(),
    )


def running(name: str) -> Role:
    host = Host("host-a", "consuming", NOW - 3_600 * SECOND, NOW - SECOND, 1.0)
    return Role(name, "running", name in REQUIRED, (host,), None if name == BEAT_ROLE else 0)


def gone(name: str, *, state: Any = "consuming", seconds: float = 40.0) -> Role:
    host = Host("host-a", state, NOW - 3_600 * SECOND, int(NOW - seconds * SECOND), seconds)
    return replace(running(name), condition="missing", hosts=(host,))


def healthy(**changes: Any) -> Overview:
    """An overview without problems, with some fields changed."""
    overview = Overview(
        at=NOW,
        embedded=False,
        database=Server(),
        broker=Server(),
        schema=Schema("0022", "0022"),
        roles=tuple(map(running, (*ROLES, BEAT_ROLE))),
        activity=activity(),
        reconciler=Reconciler("host-a", NOW + 10 * SECOND, is_held=True),
    )
    return replace(overview, **changes)


def with_role(role: Role, **changes: Any) -> Overview:
    """The same, with one role replaced."""
    overview = healthy(**changes)
    return replace(overview, roles=tuple(role if each.name == role.name else each for each in overview.roles))
