"""Status screen tests: the verdict, the problems and the numbers fit on one screen."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from rich.console import Console

from cli.json_documents.operate.status import Status
from cli.rendering.operate.status_document import document_of
from cli.rendering.operate.status_text import lines
from tests.workers.monitoring.overviews import NOW, SECOND, activity, gone, healthy, latency, running, with_role
from workers.monitoring.overview import (
    DeadLetters,
    Lag,
    Minute,
    Overview,
    Proposals,
    Quarantined,
    Run,
    ScheduleState,
    Server,
    Waiting,
)
from workers.monitoring.problems.find import find_problems

BUSY = healthy(
    waiting=Waiting(2, 1, 3.0),
    waiting_quarantined=Waiting(68, 1, 900.0),
    activity=replace(
        activity(latency(90, 9, 1, 0)),
        outcomes={"applied": 50, "refused": 5},
        refusals={f"code_{number}": number for number in range(12)},
        total_outcomes={"applied": 1_000, "no_op": 1},
        minutes=(Minute(NOW - 60 * SECOND, {"applied": 50}, {"code_1": 1}),),
    ),
    lag=Lag(3, 12, 40.0),
    dead_letters=(DeadLetters("stale_line", 60, 2, NOW), DeadLetters("poison", 5, 0, NOW)),
    quarantined_count=9,
    quarantined=tuple(Quarantined(number, "drain", "a hole", NOW) for number in range(1, 10)),
    runs=(
        Run(kind="rebuild", script_id=7, started_at=NOW, total=90, done=30),
        Run(kind="materialization", id=4, started_at=NOW, finished_at=NOW, total=5, done=5),
        Run(kind="materialization", id=3, started_at=NOW, finished_at=NOW, total=5, done=4, failed=1),
    ),
    proposals=Proposals(3, 12.0, 2),
    schedules=(
        ScheduleState("materialize", 60, NOW - 31 * SECOND, "done", late=False),
        ScheduleState("prune-sessions", 86_400, None, "never", late=False),
    ),
)


def printed(overview: Overview) -> str:
    console = Console(width=200, color_system=None)
    with console.capture() as captured:
        for line in lines(overview, find_problems(overview)):
            console.print(line)
    return captured.get()


def row(overview: Overview, name: str) -> str:
    numbers, _ = printed(overview).split("\n\nrole ")
    [found] = [line for line in numbers.splitlines() if line.startswith(f"{name}  ")]
    return found.removeprefix(name).strip()


@pytest.mark.parametrize(
    ("name", "idle", "busy"),
    [
        ("waiting", "nothing", "2 submissions of 1 script, the oldest for 3 s; 68 more of quarantined scripts"),
        (
            "answers",
            "per minute 0.0 applied, 0.0 partly, 0.0 no-op, 0.0 refused; 0 since the installation",
            "per minute 10.0 applied, 0.0 partly, 0.0 no-op, 1.0 refused; 1001 since the installation",
        ),
        (
            "refusals",
            "none in the last minutes",
            "code_11 11, code_10 10, code_9 9, code_8 8, code_7 7, code_6 6, code_5 5, code_4 4, others 6",
        ),
        ("latency", "no answers in the last minutes", "half within 100 ms, 99 of 100 within 1 s"),
        ("readers", "see every script at its head", "3 scripts behind, by up to 12 versions and 40 s"),
        ("dead letters", "none", "65, 2 of the last hour: stale_line 60, poison 5"),
        (
            "quarantine",
            "none",
            f"{', '.join(f'{number} (a hole)' for number in range(1, 9))}, 1 more",
        ),
        (
            "proposals",
            "0 wait for a model, 0 for a person",
            "3 wait for a model (the oldest for 12 s), 2 for a person",
        ),
        ("reconciler", "on host-a", "on host-a"),
        ("schedules", "", "materialize 31 s ago, 1 not yet"),
    ],
)
def test_a_row_says_what_is_so(name: str, idle: str, busy: str):
    assert row(healthy(), name) == idle
    assert row(BUSY, name) == busy


def test_runs_that_are_not_finished_are_shown_and_the_last_that_is():
    assert [line for line in printed(BUSY).splitlines() if "run  " in line] == [
        "run           rebuild of script 7: 30 of 90 done",
        "last run      materialization 4: 5 of 5 done",
    ]


def test_the_verdict_comes_first_and_the_problems_before_the_numbers():
    found = printed(with_role(gone("commands"), lag=Lag(1, 1, 400.0)))
    first, second, third, fourth, *_ = found.splitlines()

    assert first.endswith("People cannot work as they should: 1 problem and 1 warning.")
    assert second.startswith("!! The worker of the role commands does not run")
    assert third.startswith("   Start it: `scriptledger worker --role commands`.")
    assert fourth.startswith("!  Readers see 1 script as it was")


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "People can write."),
        ({"lag": Lag(1, 1, 400.0)}, "People can write, with 1 warning."),
        ({"broker": Server("refused")}, "People cannot work as they should: 1 problem."),
    ],
)
def test_the_verdict_counts(changes: dict[str, Any], verdict: str):
    assert printed(healthy(**changes)).splitlines()[0].endswith(verdict)


def test_an_optional_role_is_not_needed():
    assert "intake           not needed" in printed(with_role(gone("intake")))
    assert "commands         missing" in printed(with_role(gone("commands")))


def test_without_the_database_only_the_problems_are_shown():
    found = printed(healthy(database=Server("refused"), roles=()))

    assert len(found.splitlines()) == 3


def test_it_fits_on_a_screen_of_forty_lines():
    assert len(printed(BUSY).splitlines()) <= 40


def test_the_document_has_the_same_numbers():
    failed = replace(BUSY, runs=BUSY.runs[2:])
    document = document_of(failed, find_problems(failed))

    assert isinstance(document, Status)
    assert document.ok is False
    assert [problem.code for problem in document.problems] == ["scripts_quarantined", "run_failed"]
    assert document.answers.per_minute == {"applied": 10.0, "refused": 1.0}
    assert (document.answers.latency.p50_ms, document.answers.latency.p99_ms) == (100, 1_000)
    assert document.quarantined[0].quarantined_at == "2027-01-15T08:00:00.000000Z"
    assert document.roles[0].hosts[0].name == "host-a"
    assert document.schedules[1].slot_at is None


def test_a_warning_is_ok_in_the_document():
    overview = healthy(lag=Lag(1, 1, 400.0))

    assert document_of(overview, find_problems(overview)).ok is True


def test_a_lease_that_expired_has_no_holder_in_the_document():
    overview = healthy(reconciler=replace(healthy().reconciler, is_held=False))

    assert document_of(overview, ()).reconciler.holder is None
    assert running("beat").queued is None
