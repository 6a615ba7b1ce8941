"""Advice tests: what to do depends on what else is wrong."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.workers.monitoring.overviews import NOW, SECOND, activity, gone, healthy, with_role
from workers.monitoring.overview import Reconciler, Server, Waiting
from workers.monitoring.problems.find import find_problems


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"database": Server("it takes no writes (locked)")}, "once the database takes writes"),
        ({"broker": Server("refused")}, "once the broker can be used"),
    ],
)
def test_submissions_that_wait_for_a_server_need_no_more_workers(changes: dict[str, Server], words: str):
    [_, problem] = find_problems(healthy(waiting=Waiting(9, 2, 80.0), **changes))

    assert problem.code == "submissions_wait"
    assert words in problem.advice


def test_a_role_that_fell_silent_may_hang_and_one_that_stopped_does_not():
    assert "it hangs" in find_problems(with_role(gone("commands")))[0].advice
    assert "it hangs" not in find_problems(with_role(gone("commands", state="stopped")))[0].advice


def test_the_reconciler_is_not_blamed_for_a_database_that_takes_no_writes():
    idle = Reconciler("host-a", NOW - SECOND, is_held=False)
    found = find_problems(healthy(reconciler=idle, database=Server("it takes no writes (locked)")))

    assert [problem.code for problem in found] == ["database_down"]


def test_what_waits_is_compared_with_what_is_answered():
    busy = replace(activity(), outcomes={"applied": 10_000, "refused": 500})

    [problem] = find_problems(healthy(waiting=Waiting(9, 2, 80.0), activity=busy))
    [idle] = find_problems(healthy(waiting=Waiting(9, 2, 80.0)))

    assert "; 2,100 a minute were answered in the last minutes." in problem.sentence
    assert "a minute" not in idle.sentence
