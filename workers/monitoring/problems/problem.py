"""A problem: a stable code, how bad it is, what is so, and what to do about it."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from workers.monitoring.role_heartbeat import BEAT_ROLE

Severity = Literal["critical", "warning"]
Code = Literal[
    "database_down",
    "database_read_only",
    "schema_not_current",
    "broker_down",
    "role_missing",
    "role_disconnected",
    "drains_paused",
    "submissions_wait",
    "scripts_quarantined",
    "reconciler_idle",
    "readers_behind",
    "schedule_late",
    "schedule_failed",
    "run_failed",
    "submissions_poisonous",
    "answers_slow",
    "proposals_wait",
]
# Critical: people cannot write, or soon cannot, or readers read what is outdated. A warning needs a look.
SEVERITIES: Final[dict[Code, Severity]] = {
    "database_down": "critical",
    "database_read_only": "critical",
    "schema_not_current": "critical",
    "broker_down": "critical",
    "role_missing": "critical",
    "role_disconnected": "critical",
    "drains_paused": "critical",
    "submissions_wait": "critical",
    "scripts_quarantined": "critical",
    "reconciler_idle": "warning",
    "readers_behind": "warning",
    "schedule_late": "warning",
    "schedule_failed": "warning",
    "run_failed": "warning",
    "submissions_poisonous": "warning",
    "answers_slow": "warning",
    "proposals_wait": "warning",
}


class Problem(Struct, frozen=True):
    """One problem: a stable code, what is so, and what to do. `subject` is the role or the schedule, if it has one."""

    code: Code
    sentence: str
    advice: str
    subject: str = ""

    @property
    def severity(self) -> Severity:
        """Whether people cannot work, or an operator should look."""
        return SEVERITIES[self.code]


def duration(seconds: float) -> str:
    """A duration for people, in the largest unit that keeps two digits."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s".replace(".0 s", " s")


def start_command(role: str) -> str:
    """The command that starts a worker of a role, or beat."""
    return "scriptledger beat" if role == BEAT_ROLE else f"scriptledger worker --role {role}"
