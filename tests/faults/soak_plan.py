"""The plan of a soak: what goes wrong in which second, and how much is written, all from a seed."""

from __future__ import annotations

import random
from typing import NamedTuple

from repos.fault_points import BOUNDARIES
from tests.faults.fault_injector import Action, Fault
from tests.faults.matrix import BY_PRODUCERS
from tests.faults.operations import OPERATIONS

WATCH_SECONDS = 20
FAULTS_A_SECOND = 18
WEIGHTS: dict[Action, int] = {"kill child": 22, "kill node": 3, "drop connection": 36, "delay": 36, "set clock": 3}
OPERATION_EVERY = 7  # seconds, on the mean
SPARED = 0.75
"""Of the kills that would hit a producer: one that is killed at every step writes nothing that could be lost."""
MAX_DELAY_SECONDS = 0.3  # seconds
CLOCK_STEPS = (-3_600.0, -5.0, -0.5, 0.5, 5.0, 3_600.0)


class Second(NamedTuple):
    """What is to happen in one second: faults at boundaries, and perhaps an operation on servers, lines or workers."""

    faults: tuple[Fault, ...]
    operation: str | None


class Watch(NamedTuple):
    """So many seconds of load on scripts of their own."""

    scripts: int
    window: int
    seconds: tuple[Second, ...]


def plan_of(seed: int, seconds: int) -> list[Watch]:
    """The plan of a run, from its seed and nothing else: a longer run begins like a shorter one."""
    dice = random.Random(seed)
    return [_watch(dice, number) for number in range(max(1, round(seconds / WATCH_SECONDS)))]


def _watch(dice: random.Random, number: int) -> Watch:
    limit = FAULTS_A_SECOND * 3 // 2
    first = 1 + number * WATCH_SECONDS * limit
    seconds = [_second(dice, first + second * limit) for second in range(WATCH_SECONDS)]
    return Watch(dice.randint(8, 24), dice.randint(1, 4), tuple(seconds))


def _second(dice: random.Random, first: int) -> Second:
    count = dice.randint(FAULTS_A_SECOND // 2, FAULTS_A_SECOND * 3 // 2)
    faults = tuple(_fault(dice, first + place) for place in range(count))
    return Second(faults, dice.choice(list(OPERATIONS)) if dice.random() < 1 / OPERATION_EVERY else None)


def _fault(dice: random.Random, number: int) -> Fault:
    [action] = dice.choices(list(WEIGHTS), list(WEIGHTS.values()))
    boundary = dice.choice(BOUNDARIES)
    passage = dice.choice((1, 1, 1, 2, 5))
    who = "producer" if boundary.partition(" ")[2] in BY_PRODUCERS else "node"
    if action == "set clock":
        return Fault(number, boundary, action, passage, dice.choice(CLOCK_STEPS), who)
    if who == "producer" and action.startswith("kill") and dice.random() < SPARED:
        action = "delay"
    return Fault(number, boundary, action, passage, round(dice.uniform(0.01, MAX_DELAY_SECONDS), 3), who)
