"""The overview on one screen: what is wrong first, then the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType

from cli.terminal import screen
from cli.terminal.screen import Text, counted
from workers.monitoring.overview import Activity, Host, Latency, Overview, Role, Run, ScheduleState, Waiting
from workers.monitoring.problems.problem import Problem, duration

NAME_WIDTH = 14
MAX_NAMED = 8
SECOND = 1_000_000
_STYLES = {"critical": "bold red", "warning": "yellow"}
_CONDITION_STYLES = {"running": "green", "disconnected": "yellow", "missing": "red"}


def lines(overview: Overview, problems: Sequence[Problem]) -> Iterator[RenderableType]:
    """The lines of the screen."""
    yield from _verdict(overview, problems)
    yield from (part for problem in problems for part in _problem(problem))
    if overview.roles:
        yield ""
        yield from _numbers(overview)
        yield ""
        yield _roles(overview.roles)


def _verdict(overview: Overview, problems: Sequence[Problem]) -> Iterator[Text]:
    critical = sum(problem.severity == "critical" for problem in problems)
    warnings = len(problems) - critical
    counts = [counted(critical, "problem")] if critical else []
    counts += [counted(warnings, "warning")] if warnings else []
    at = screen.moment(overview.at)
    if critical:
        yield Text(f"{at}  People cannot work as they should: {' and '.join(counts)}.", "bold red")
    else:
        found = f", with {counts[0]}" if counts else ""
        yield Text(f"{at}  People can write{found}.", "yellow" if counts else "bold green")
    if overview.embedded:
        yield Text("The embedded services do not run; a command that needs them starts them, and `scriptledger dev`.")


def _problem(problem: Problem) -> Iterator[Text]:
    sign = "!!" if problem.severity == "critical" else "! "
    yield Text(f"{sign} {problem.sentence}", _STYLES[problem.severity])
    yield Text(f"   {problem.advice}")


def _numbers(overview: Overview) -> Iterator[Text]:
    activity = overview.activity
    yield _row("waiting", _waiting(overview.waiting, overview.waiting_quarantined))
    yield _row("answers", _answers(activity))
    yield _row("refusals", _listed(activity.refusals) or "none in the last minutes")
    yield _row("latency", _latency(activity.latency))
    yield _row("readers", _lag(overview))
    yield _row("dead letters", _dead_letters(overview))
    yield _row("quarantine", _quarantine(overview))
    for run in overview.runs:
        if run.finished_at is None:
            yield _row("run", _run(run))
    if finished := next((run for run in overview.runs if run.finished_at is not None), None):
        yield _row("last run", _run(finished))
    yield _row("proposals", _proposals(overview))
    yield _row("reconciler", f"on {overview.reconciler.holder}" if overview.reconciler.is_held else "none")
    yield _row("schedules", _schedules(overview))
    schema = overview.schema
    broker = overview.broker.problem or ("not started" if overview.embedded else "up")
    yield _row("servers", f"database {overview.database.problem or 'up'}, schema {schema.found}; broker {broker}")


def _row(name: str, text: str) -> Text:
    return Text.assemble((f"{name:<{NAME_WIDTH}}", "dim"), text)


def _waiting(waiting: Waiting, held: Waiting) -> str:
    if not waiting.count and not held.count:
        return "nothing"
    oldest = f", the oldest for {duration(waiting.oldest_seconds)}" if waiting.count else ""
    text = f"{counted(waiting.count, 'submission')} of {counted(waiting.scripts, 'script')}{oldest}"
    return f"{text}; {held.count} more of quarantined scripts" if held.count else text


def _answers(activity: Activity) -> str:
    rates = [
        f"{activity.per_minute(activity.outcomes.get(outcome, 0)):.1f} {word}"
        for outcome, word in (("applied", "applied"), ("partly", "partly"), ("no_op", "no-op"), ("refused", "refused"))
    ]
    return f"per minute {', '.join(rates)}; {sum(activity.total_outcomes.values())} since the installation"


def _listed(counts: dict[str, int]) -> str:
    most = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    named = [f"{code} {count}" for code, count in most[:MAX_NAMED]]
    rest = sum(count for _, count in most[MAX_NAMED:])
    return ", ".join([*named, *([f"others {rest}"] if rest else [])])


def _latency(latency: Latency) -> str:
    if not sum(latency.counts):
        return "no answers in the last minutes"
    return f"half within {_bound(latency, 0.5)}, 99 of 100 within {_bound(latency, 0.99)}"


def _bound(latency: Latency, share: float) -> str:
    bound = latency.quantile_ms(share)
    if bound is None:
        return f"more than {duration(latency.bounds_ms[-1] / 1_000)}"
    return f"{bound} ms" if bound < 1_000 else duration(bound / 1_000)


def _lag(overview: Overview) -> str:
    lag = overview.lag
    if not lag.scripts:
        return "see every script at its head"
    versions = counted(lag.versions, "version")
    return f"{counted(lag.scripts, 'script')} behind, by up to {versions} and {duration(lag.seconds)}"


def _dead_letters(overview: Overview) -> str:
    counts = {each.code: each.count for each in overview.dead_letters}
    if not counts:
        return "none"
    recent = sum(each.recent for each in overview.dead_letters)
    return f"{sum(counts.values())}, {recent} of the last hour: {_listed(counts)}"


def _quarantine(overview: Overview) -> str:
    if not overview.quarantined_count:
        return "none"
    named = ", ".join(f"{each.script_id} ({each.reason})" for each in overview.quarantined[:MAX_NAMED])
    more = overview.quarantined_count - MAX_NAMED
    return named + (f", {more} more" if more > 0 else "")


def _run(run: Run) -> str:
    number = f" {run.id}" if run.id is not None else ""
    of = f" of script {run.script_id}" if run.script_id is not None else ""
    failed = f", {run.failed} failed" if run.failed else ""
    return f"{run.kind}{number}{of}: {run.done} of {run.total} done{failed}"


def _proposals(overview: Overview) -> str:
    waiting = overview.proposals
    oldest = f" (the oldest for {duration(waiting.oldest_queued_seconds)})" if waiting.queued else ""
    return f"{waiting.queued} wait for a model{oldest}, {waiting.proposed} for a person"


def _schedules(overview: Overview) -> str:
    ran = [_schedule(each, overview.at) for each in overview.schedules if each.slot_at is not None]
    never = sum(each.slot_at is None for each in overview.schedules)
    return ", ".join([*ran, *([f"{never} not yet"] if never else [])])


def _schedule(schedule: ScheduleState, now: int) -> str:
    late = " (late)" if schedule.late else ""
    failed = " (failed)" if schedule.state == "failed" else ""
    return f"{schedule.name} {duration(max(0, now - (schedule.slot_at or 0)) / SECOND)} ago{failed}{late}"


def _roles(roles: Sequence[Role]) -> RenderableType:
    return screen.table(
        ("role", "state", "queued", "hosts"),
        [
            (
                role.name,
                Text(_condition(role), _style(role)),
                "" if role.queued is None else str(role.queued),
                ", ".join(map(_host, role.hosts)),
            )
            for role in roles
        ],
        right=("queued",),
    )


def _condition(role: Role) -> str:
    return "not needed" if role.condition == "missing" and not role.required else role.condition


def _style(role: Role) -> str:
    return "dim" if _condition(role) == "not needed" else _CONDITION_STYLES[role.condition]


def _host(host: Host) -> str:
    state = "" if host.state == "consuming" else f"{host.state}, "
    return f"{host.name} ({state}{duration(host.seen_seconds)} ago)"
