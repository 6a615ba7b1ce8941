"""Rules about scheduled runs, readers and proposals."""

from __future__ import annotations

from collections.abc import Iterator

from workers.monitoring.overview import Overview
from workers.monitoring.problems.problem import Problem, duration, start_command
from workers.monitoring.role_heartbeat import BEAT_ROLE

# Projections follow once a minute.
MAX_LAG_SECONDS = 180.0
MAX_PROPOSAL_WAIT_SECONDS = 600.0


def readers(overview: Overview) -> Iterator[Problem]:
    """Projections that are behind."""
    lag = overview.lag
    if lag.seconds > MAX_LAG_SECONDS:
        scripts = "1 script" if lag.scripts == 1 else f"{lag.scripts} scripts"
        yield Problem(
            "readers_behind",
            f"Readers see {scripts} as {'it was' if lag.scripts == 1 else 'they were'} up to {duration(lag.seconds)} "
            "ago.",
            "`scriptledger materialize run` brings them up to date here and now; the log of the role materialization "
            "names what stops it (`materialize.failed`).",
        )


def schedules(overview: Overview) -> Iterator[Problem]:
    """Schedules that failed, or did not run."""
    running = {role.name for role in overview.roles if role.condition == "running"}
    for schedule in overview.schedules:
        if schedule.state == "failed":
            yield Problem(
                "schedule_failed",
                f"The schedule {schedule.name} failed the last time it ran.",
                "The log of the role upkeep names the reason (`schedule.failed`, `server.unreachable`); it is tried "
                "again when it is due.",
                schedule.name,
            )
        # Without beat or the worker, that is the problem.
        if schedule.late and schedule.slot_at is not None and running >= {"upkeep", BEAT_ROLE}:
            yield Problem(
                "schedule_late",
                f"The schedule {schedule.name} last ran {duration((overview.at - schedule.slot_at) / 1_000_000)} ago; "
                f"it should run every {duration(schedule.every)}.",
                "The log of the role upkeep names what holds it up.",
                schedule.name,
            )


def runs(overview: Overview) -> Iterator[Problem]:
    """Runs with failures. A later run that ended without any has done again what failed."""
    seen = set()
    for run in overview.runs:
        if run.kind in seen or (not run.failed and run.finished_at is None):
            continue
        seen.add(run.kind)
        if not run.failed:
            continue
        number = f" {run.id}" if run.id is not None else ""
        parts = "items" if run.kind == "backfill" else "scripts"
        advice = (
            "`scriptledger backfill status` names them, `scriptledger backfill retry` tries them again."
            if run.kind == "backfill"
            else "The log of the role materialization names them (`materialize.failed`); the next run tries them again."
        )
        yield Problem(
            "run_failed", f"{run.failed} of the {run.total} {parts} of {run.kind}{number} failed.", advice, run.kind
        )


def proposals(overview: Overview) -> Iterator[Problem]:
    """Proposals that no model drafts."""
    waiting = overview.proposals
    if waiting.oldest_queued_seconds > MAX_PROPOSAL_WAIT_SECONDS:
        proposals = "1 proposal waits" if waiting.queued == 1 else f"{waiting.queued} proposals wait"
        yield Problem(
            "proposals_wait",
            f"{proposals} for a model, the first for {duration(waiting.oldest_queued_seconds)}.",
            f"Start a worker for them, with SCRIPTLEDGER_MODEL_URL: `{start_command('proposals')}`.",
        )
