"""The frame of a benchmark: ours and a reference, measured in turn, and the goal their ratio has to reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from typing import Literal, NamedTuple

Figures = Mapping[str, float]
"""What one run of one side measured, by the names that the goals use."""


class Goal(NamedTuple):
    """What a figure has to reach. `of` says whether the ratio of ours to the reference is meant, or ours alone."""

    figure: str
    unit: str
    bound: Literal["at least", "at most"]
    limit: float
    of: Literal["ratio", "ours"] = "ratio"

    def met_by(self, value: float) -> bool:
        """Whether a value reaches it."""
        return value >= self.limit if self.bound == "at least" else value <= self.limit

    def __str__(self) -> str:
        sign = {"at least": "≥", "at most": "≤"}[self.bound]
        return f"{sign} {self.limit:,g} ×" if self.of == "ratio" else f"{sign} {self.limit:,g} {self.unit}"


class Pair(NamedTuple):
    """Two ways to do the same, measured in turn: ours, reference, ours, reference, …

    `reference` is None where there is nothing to compare with. `rounds` limits the turns of what takes long.
    """

    key: str
    what: str
    ours: Callable[[], Figures]
    reference: Callable[[], Figures] | None
    goals: tuple[Goal, ...]
    rounds: int = 5
    warm_up: bool = True


class Result(NamedTuple):
    """What became of one goal of a pair. The ratio is the median over the turns; `spread` its least and greatest."""

    key: str
    what: str
    goal: Goal
    ours: float
    reference: float | None
    ratio: float | None
    spread: tuple[float, float]
    ratios: tuple[float, ...]

    @property
    def met(self) -> bool:
        """Whether the goal was reached."""
        value = self.ours if self.goal.of == "ours" else self.ratio
        return value is not None and self.goal.met_by(value)


def measure(pair: Pair, *, quick: bool = False) -> list[Result]:
    """Measure both sides in turn, and say of each goal what became of it. `quick` takes one turn."""
    if pair.warm_up and not quick:
        _turn(pair)
    turns = [_turn(pair) for _ in range(1 if quick else pair.rounds)]
    return [_result(pair, goal, turns) for goal in pair.goals]


def _turn(pair: Pair) -> tuple[Figures, Figures | None]:
    return pair.ours(), pair.reference() if pair.reference else None


def _result(pair: Pair, goal: Goal, turns: list[tuple[Figures, Figures | None]]) -> Result:
    ours = [mine[goal.figure] for mine, _ in turns]
    theirs = [its[goal.figure] for _, its in turns if its is not None and goal.figure in its]
    ratios = [mine / its for mine, its in zip(ours, theirs, strict=True)] if theirs else []
    spread = ratios if goal.of == "ratio" else ours
    return Result(
        key=pair.key,
        what=pair.what,
        goal=goal,
        ours=median(ours),
        reference=median(theirs) if theirs else None,
        ratio=median(ratios) if ratios else None,
        spread=(min(spread), max(spread)),
        ratios=tuple(spread),
    )
