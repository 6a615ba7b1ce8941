"""Rules about the roles of workers, beat and the reconciler."""

from __future__ import annotations

from collections.abc import Iterator

from workers.monitoring.overview import Host, Overview, Role
from workers.monitoring.problems.problem import Problem, duration, start_command
from workers.monitoring.role_heartbeat import BEAT_ROLE

# A reconciler renews its lease every two seconds; after a start it has this long to take it.
RECONCILER_START_SECONDS = 30.0

_EFFECTS = {
    "commands": "no submission is answered",
    "intake": "submissions that were sent as messages wait in the queue",
    "materialization": "what readers see falls behind",
    "proposals": "proposals wait for a model",
    "backfill": "the backfill stands still",
    "reconcile": "a submission whose bell was lost stays pending",
    "upkeep": "scheduled work is not done",
    BEAT_ROLE: "nothing scheduled runs, and a submission whose bell was lost stays pending",
}


def roles(overview: Overview) -> Iterator[Problem]:
    """Required roles that do not run, or are not connected to the broker."""
    for role in _needed_roles(overview):
        if role.condition == "missing":
            yield Problem(
                "role_missing",
                f"{_title(role.name)} does not run, so {_EFFECTS[role.name]}; {_last_seen(role)}.",
                f"Start it: `{start_command(role.name)}`.{_if_it_is_there(role)}",
                role.name,
            )
    for role in _needed_roles(overview):
        # Without a broker, no role is connected.
        if role.condition == "disconnected" and overview.broker.is_up:
            yield Problem(
                "role_disconnected",
                f"{_title(role.name)} runs on {_hosts(role)}, but takes no messages from the broker, so "
                f"{_EFFECTS[role.name]}.",
                "It may just have started. If it stays so, its log names the reason (`server.unreachable`, "
                "`broker.refuses`).",
                role.name,
            )


def reconciler(overview: Overview) -> Iterator[Problem]:
    """A reconciler that does not work although the database takes writes."""
    if not overview.database.is_up:
        return
    hosts = [host for role in overview.roles if role.name == "reconcile" for host in role.hosts]
    started = max((host.started_at for host in hosts if host.state == "consuming"), default=overview.at)
    runs = {role.name for role in overview.roles if role.condition == "running"} >= {"reconcile", BEAT_ROLE}
    if runs and not overview.reconciler.is_held and overview.at - started > RECONCILER_START_SECONDS * 1_000_000:
        yield Problem(
            "reconciler_idle",
            "The reconciler does not work although its worker and beat run.",
            "Its log names the reason (`task.failed`); in the meantime a submission whose bell was lost stays pending.",
        )


def _needed_roles(overview: Overview) -> Iterator[Role]:
    # A database that takes no writes takes no heartbeats.
    if overview.database.is_up:
        yield from (role for role in overview.roles if role.required)


def _title(role: str) -> str:
    return "Beat, the scheduler," if role == BEAT_ROLE else f"The worker of the role {role}"


def _hosts(role: Role) -> str:
    return ", ".join(host.name for host in role.hosts if host.state != "stopped")


def _if_it_is_there(role: Role) -> str:
    if not role.hosts or _latest(role).state == "stopped":
        return ""
    return " If its process is still there, it hangs, or its log says why it cannot report: restart it."


def _latest(role: Role) -> Host:
    return min(role.hosts, key=lambda host: host.seen_seconds)


def _last_seen(role: Role) -> str:
    if not role.hosts:
        return "it was never seen"
    latest = _latest(role)
    how = "stopped" if latest.state == "stopped" else "was last seen"
    return f"it {how} {duration(latest.seen_seconds)} ago on {latest.name}"
