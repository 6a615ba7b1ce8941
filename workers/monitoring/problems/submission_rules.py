"""Rules about submissions and their scripts."""

from __future__ import annotations

from collections.abc import Iterator

from workers.monitoring.overview import Overview, Waiting
from workers.monitoring.problems.problem import Problem, duration, start_command

# Submissions are usually answered within milliseconds, and rung for again after three seconds.
MAX_WAIT_SECONDS = 15.0
MAX_P99_MS = 1_000
MIN_ANSWERS_FOR_P99 = 100
MAX_NAMED_SCRIPTS = 5


def pause(overview: Overview) -> Iterator[Problem]:
    """Drains that an operator paused."""
    pause = overview.pause
    if pause is not None:
        since = duration(max(0, overview.at - pause.paused_at) / 1_000_000)
        why = f" ({pause.reason})" if pause.reason else ""
        yield Problem(
            "drains_paused",
            f"{pause.paused_by} paused all drains {since} ago{why}; {_count(overview.waiting.count)}.",
            "`scriptledger drains resume` lets them run again.",
        )


def _count(count: int) -> str:
    return "1 submission waits" if count == 1 else f"{count or 'no'} submissions wait"


def pending(overview: Overview) -> Iterator[Problem]:
    """Submissions that wait too long."""
    waiting = overview.waiting
    if overview.pause is not None or waiting.oldest_seconds <= MAX_WAIT_SECONDS:
        return
    if not overview.database.is_up:
        advice = "They are answered once the database takes writes."
    elif not overview.broker.is_up:
        advice = "They are answered once the broker can be used."
    elif overview.embedded and not any(role.condition == "running" for role in overview.roles):
        advice = "`scriptledger dev` answers them."
    elif any(role.name == "commands" and role.condition == "missing" for role in overview.roles):
        advice = f"They are answered once a worker runs: `{start_command('commands')}`."
    else:
        advice = (
            "`scriptledger doctor` says whether they wait for a lock of another program. Otherwise look for "
            "`task.failed` and `server.unreachable` in the logs of the workers of the role commands, which name a full "
            f"disk too; if there is neither, they cannot keep up: start more with `{start_command('commands')}`."
        )
    rate = overview.activity.per_minute(sum(overview.activity.outcomes.values()))
    answered = f"; {rate:,.0f} a minute were answered in the last minutes" if rate >= 1 else ""
    yield Problem("submissions_wait", f"{_waits(waiting)} for an answer{answered}.", advice)


def quarantine(overview: Overview) -> Iterator[Problem]:
    """Scripts that take no edits."""
    count = overview.quarantined_count
    if not count:
        return
    named = ", ".join(str(each.script_id) for each in overview.quarantined[:MAX_NAMED_SCRIPTS]) + (
        ", …" if count > MAX_NAMED_SCRIPTS else ""
    )
    scripts = (
        f"Script {named} is quarantined and takes"
        if count == 1
        else f"{count} scripts ({named}) are quarantined and take"
    )
    held = overview.waiting_quarantined.count
    pending = f"{held} submission{' waits' if held == 1 else 's wait'} for that" if held else "no submission waits"
    first = overview.quarantined[0].script_id if overview.quarantined else "ID"
    yield Problem(
        "scripts_quarantined",
        f"{scripts} no edits; {pending}.",
        f"`scriptledger verify {first}` says what is wrong with it. When it is repaired (docs/operations/repair.md), "
        f"`scriptledger quarantine reopen {first}` takes it back into service.",
    )


def poison(overview: Overview) -> Iterator[Problem]:
    """Submissions that ended their workers."""
    recent = sum(each.recent for each in overview.dead_letters if each.code == "poison")
    if recent:
        submissions = "1 submission was" if recent == 1 else f"{recent} submissions were"
        yield Problem(
            "submissions_poisonous",
            f"{submissions} refused as poison within the last hour: each had ended its worker five times.",
            "`scriptledger rejected list --code poison` shows them; report what they hold, and replay them once "
            "that is mended.",
        )


def answers(overview: Overview) -> Iterator[Problem]:
    """Answers that come late."""
    latency = overview.activity.latency
    if sum(latency.counts) < MIN_ANSWERS_FOR_P99:
        return
    bound = latency.quantile_ms(0.99)
    if bound is None or bound > MAX_P99_MS:
        below = max(each for each in latency.bounds_ms if bound is None or each < bound)
        yield Problem(
            "answers_slow",
            f"More than 1 of 100 answers of the last minutes took more than {duration(below / 1_000)}.",
            f"After an outage this passes. If it stays, start more workers: `{start_command('commands')}`.",
        )


def _waits(waiting: Waiting) -> str:
    if waiting.count == 1:
        return f"1 submission has waited {duration(waiting.oldest_seconds)}"
    return f"{waiting.count} submissions wait, the first for {duration(waiting.oldest_seconds)},"
