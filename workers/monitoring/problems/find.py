"""Finds the problems of an overview, worst first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from workers.monitoring.overview import Overview
from workers.monitoring.problems.problem import Problem
from workers.monitoring.problems.role_rules import reconciler, roles
from workers.monitoring.problems.scheduled_rules import proposals, readers, runs, schedules
from workers.monitoring.problems.server_rules import servers
from workers.monitoring.problems.submission_rules import answers, pause, pending, poison, quarantine

# In the order of the list: the cause before its consequences, what harms all before what harms some.
RULES: Final[tuple[Callable[[Overview], Iterator[Problem]], ...]] = (
    servers,
    roles,
    pause,
    pending,
    quarantine,
    reconciler,
    readers,
    schedules,
    runs,
    poison,
    answers,
    proposals,
)


def find_problems(overview: Overview) -> tuple[Problem, ...]:
    """Everything that is wrong, worst first."""
    return tuple(problem for rule in RULES for problem in rule(overview))
