"""Problem tests: what is judged as wrong, in which order, and that the advice can be followed."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
from msgspec.structs import replace

from cli.command_line import command_line
from tests.workers.monitoring.overviews import NOW, SECOND, activity, gone, healthy, latency, running, with_role
from workers.monitoring.overview import (
    READ_ONLY,
    DeadLetters,
    Host,
    Lag,
    Overview,
    Pause,
    Proposals,
    Quarantined,
    Reconciler,
    Run,
    ScheduleState,
    Schema,
    Server,
    Waiting,
)
from workers.monitoring.problems.find import find_problems
from workers.monitoring.problems.problem import SEVERITIES, Problem, duration
from workers.process.roles import ROLES


def only(overview: Overview) -> Problem:
    [problem] = find_problems(overview)
    return problem


def codes(overview: Overview) -> list[str]:
    return [problem.code for problem in find_problems(overview)]


def run(**changes: Any) -> Run:
    return replace(Run(kind="materialization", id=7, started_at=NOW, total=5, done=3, failed=2), **changes)


def disconnected(name: str) -> Overview:
    return with_role(replace(running(name), condition="disconnected"))


QUARANTINED = (Quarantined(7, "drain", "torn", NOW),)
SAMPLES: dict[str, Overview] = {
    "database_down": healthy(database=Server("refused"), roles=()),
    "database_read_only": healthy(database=Server(READ_ONLY)),
    "schema_not_current": healthy(schema=Schema("0018", "0022"), roles=()),
    "broker_down": healthy(broker=Server("refused")),
    "role_missing": with_role(gone("commands")),
    "role_disconnected": disconnected("commands"),
    "drains_paused": healthy(pause=Pause(NOW - 90 * SECOND, "Ann", "a dump"), waiting=Waiting(9, 2, 80.0)),
    "submissions_wait": healthy(waiting=Waiting(408, 300, 52.0)),
    "scripts_quarantined": healthy(quarantined_count=1, quarantined=QUARANTINED),
    "reconciler_idle": healthy(reconciler=Reconciler("host-a", NOW - SECOND, is_held=False)),
    "readers_behind": healthy(lag=Lag(3, 12, 300.0)),
    "schedule_late": healthy(schedules=(ScheduleState("materialize", 60, NOW - 400 * SECOND, "done", late=True),)),
    "schedule_failed": healthy(schedules=(ScheduleState("materialize", 60, NOW, "failed", late=False),)),
    "run_failed": healthy(runs=(run(),)),
    "submissions_poisonous": healthy(dead_letters=(DeadLetters("poison", 3, 2, NOW),)),
    "answers_slow": healthy(activity=activity(latency(50, 40, 10, 0))),
    "proposals_wait": healthy(proposals=Proposals(3, 700.0, 0)),
}


def test_a_healthy_installation_has_no_problems():
    assert find_problems(healthy()) == ()


def test_every_problem_has_a_sample():
    assert set(SAMPLES) == set(SEVERITIES)


@pytest.mark.parametrize("code", SAMPLES)
def test_each_problem_is_found_alone(code: str):
    problem = only(SAMPLES[code])

    assert problem.code == code
    for text in (problem.sentence, problem.advice):
        assert text.endswith((".", ")."))
        assert "None" not in text
        assert "  " not in text


@pytest.mark.parametrize("code", SAMPLES)
def test_the_commands_of_an_advice_exist(code: str):
    for command in re.findall(r"`scriptledger ([^`]+)`", only(SAMPLES[code]).advice):
        assert_parses(shlex.split(command))


@pytest.mark.parametrize("role", [*ROLES, "beat"])
def test_a_missing_role_is_named_with_the_command_that_starts_it(role: str):
    problem = only(with_role(replace(gone(role), required=True)))

    assert (problem.code, problem.subject) == ("role_missing", role)
    assert role in problem.sentence.casefold()
    assert "was last seen 40 s ago on host-a" in problem.sentence
    [command] = re.findall(r"`scriptledger ([^`]+)`", problem.advice)
    assert_parses(shlex.split(command))


def assert_parses(words: list[str]) -> None:
    """The words of a command line name a verb, and all its options."""
    group: Any = command_line()
    verb = group.commands[words[0]]
    with verb.make_context(words[0], ["--help"], resilient_parsing=True) as context:
        command = context.command
        for word in words[1:]:
            if word.startswith("-"):
                assert word in {name for parameter in command.params for name in parameter.opts}, words
            elif hasattr(command, "commands"):
                command = command.commands[word]


def test_the_cause_comes_before_its_consequences():
    overview = with_role(
        gone("commands"),
        waiting=Waiting(408, 300, 52.0),
        quarantined_count=1,
        quarantined=QUARANTINED,
        broker=Server("refused"),
        lag=Lag(1, 1, 400),
    )

    assert codes(overview) == [
        "broker_down",
        "role_missing",
        "submissions_wait",
        "scripts_quarantined",
        "readers_behind",
    ]


def test_a_role_that_stopped_is_distinguished_from_one_that_died():
    stopped, never = with_role(gone("beat", state="stopped", seconds=90)), replace(running("beat"), hosts=())

    assert "it stopped 90 s ago on host-a" in only(stopped).sentence
    assert "it was never seen" in only(with_role(replace(never, condition="missing"))).sentence


@pytest.mark.parametrize("name", ["intake", "proposals", "backfill"])
def test_an_optional_role_may_be_missing(name: str):
    assert codes(with_role(gone(name))) == []


def test_without_a_broker_no_role_is_reported_as_disconnected():
    overview = replace(disconnected("commands"), broker=Server("refused"))

    assert codes(overview) == ["broker_down"]


def test_a_read_only_database_takes_no_heartbeats_so_no_role_is_missing():
    assert codes(replace(with_role(gone("commands")), database=Server(READ_ONLY))) == ["database_read_only"]


def test_waiting_submissions_of_an_embedded_installation_are_answered_by_dev():
    overview = healthy(
        embedded=True,
        roles=tuple(replace(gone(role), required=False) for role in (*ROLES, "beat")),
        waiting=Waiting(1, 1, 90.0),
    )

    assert only(overview).sentence == "1 submission has waited 90 s for an answer."
    assert "scriptledger dev" in only(overview).advice


def test_waiting_submissions_name_the_missing_worker():
    _, waiting = find_problems(with_role(gone("commands"), waiting=Waiting(2, 1, 16.0)))

    assert waiting.sentence == "2 submissions wait, the first for 16 s, for an answer."
    assert "worker --role commands" in waiting.advice


@pytest.mark.parametrize(
    ("reason", "waiting", "sentence"),
    [
        ("a dump", 9, "Ann paused all drains 90 s ago (a dump); 9 submissions wait."),
        ("", 1, "Ann paused all drains 90 s ago; 1 submission waits."),
        ("", 0, "Ann paused all drains 90 s ago; no submissions wait."),
    ],
)
def test_a_pause_names_who_began_it(reason: str, waiting: int, sentence: str):
    pause = Pause(NOW - 90 * SECOND, "Ann", reason)

    assert only(healthy(pause=pause, waiting=Waiting(waiting, 1, 80.0))).sentence == sentence


def test_submissions_may_wait_a_moment():
    assert codes(healthy(waiting=Waiting(9_000, 5, 14.9))) == []


@pytest.mark.parametrize(
    ("count", "held", "sentence"),
    [
        (1, 0, "Script 7 is quarantined and takes no edits; no submission waits."),
        (1, 1, "Script 7 is quarantined and takes no edits; 1 submission waits for that."),
        (6, 68, "6 scripts (7, 8, 9, 10, 11, …) are quarantined and take no edits; 68 submissions wait for that."),
    ],
)
def test_quarantined_scripts_are_named(count: int, held: int, sentence: str):
    quarantined = tuple(Quarantined(7 + number, "drain", "torn", NOW) for number in range(count))
    overview = healthy(quarantined_count=count, quarantined=quarantined, waiting_quarantined=Waiting(held, 1, 900.0))

    assert only(overview).sentence == sentence


@pytest.mark.parametrize(
    ("found", "advice"), [(None, "db upgrade"), ("0018", "db upgrade"), ("9999", "Install the scriptledger")]
)
def test_a_schema_is_upgraded_or_the_program_is(found: str | None, advice: str):
    assert advice in only(healthy(schema=Schema(found, "0022"), roles=())).advice


def test_a_reconciler_has_time_to_start():
    overview = with_role(
        replace(running("reconcile"), hosts=(Host("host-a", "consuming", NOW - 5 * SECOND, NOW, 0.0),)),
        reconciler=Reconciler(),
    )

    assert codes(overview) == []


def test_schedules_wait_for_their_worker():
    late = ScheduleState("materialize", 60, NOW - 400 * SECOND, "done", late=True)

    assert codes(with_role(gone("upkeep"), schedules=(late,))) == ["role_missing"]


def test_one_problem_a_kind_of_run_with_failures():
    overview = healthy(runs=(run(), run(id=6), run(kind="backfill", id=1), run(kind="rebuild", failed=0)))

    assert [problem.subject for problem in find_problems(overview)] == ["materialization", "backfill"]


@pytest.mark.parametrize(
    ("later", "found"),
    [
        (run(id=8, failed=0, finished_at=NOW), []),
        (run(id=8, failed=0, finished_at=None), ["run_failed"]),
        (run(id=8, failed=1, finished_at=NOW), ["run_failed"]),
        (run(id=8, kind="verification", failed=0, finished_at=NOW), ["run_failed"]),
    ],
)
def test_a_later_run_without_failures_ends_the_problem(later: Run, found: list[str]):
    assert codes(healthy(runs=(later, run(finished_at=NOW), run(id=6, finished_at=NOW)))) == found


def test_old_or_other_dead_letters_are_no_problem():
    assert codes(healthy(dead_letters=(DeadLetters("poison", 9, 0, NOW), DeadLetters("stale_line", 5, 5, NOW)))) == []


@pytest.mark.parametrize(
    ("counts", "found"),
    [((98, 1, 0, 0), False), ((99, 1, 0, 0), False), ((90, 8, 2, 0), True), ((90, 8, 0, 2), True)],
)
def test_slow_answers_are_a_problem_where_there_are_enough(counts: tuple[int, ...], found: bool):
    assert codes(healthy(activity=activity(latency(*counts)))) == (["answers_slow"] if found else [])


@pytest.mark.parametrize(("counts", "limit"), [((9_800, 50, 60, 90), "1 s"), ((90, 7, 1, 2), "5 s")])
def test_slow_answers_name_the_limit_that_one_of_100_exceeds(counts: tuple[int, ...], limit: str):
    sentence = only(healthy(activity=activity(latency(*counts)))).sentence

    assert sentence == f"More than 1 of 100 answers of the last minutes took more than {limit}."


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.25, "0.2 s"),
        (2.5, "2.5 s"),
        (52.4, "52 s"),
        (119, "119 s"),
        (300, "5 min"),
        (7_300, "2 h"),
        (200_000, "2 d"),
    ],
)
def test_a_duration_is_short(seconds: float, text: str):
    assert duration(seconds) == text
