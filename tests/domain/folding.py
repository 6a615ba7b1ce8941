"""Minimal fold: applies commands as later layers do, for tests of the domain alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from domain.commands.base import Command
from domain.script.delta import Delta, advance
from domain.script.state import State


class Step(NamedTuple):
    """One command that changed something: the state before, the delta, the state after."""

    before: State
    command: Command
    delta: Delta
    after: State


def take(state: State, command: Command) -> Step:
    """Apply one command; the step of a no-op ends in the state it began in."""
    command.check()
    delta = command.apply(state)
    return Step(state, command, delta, advance(state, delta) if delta else state)


def run(state: State, commands: Iterable[Command]) -> State:
    """Apply commands as one submission, with the current hash as the guard of each line's first touch."""
    touched: set[tuple[str, str]] = set()
    for command in commands:
        for guard in command.guards():
            if (guard.kind, guard.id) not in touched:
                assert guard.expect == state.content_hash(guard.kind, guard.id), (command, guard)
            touched.add((guard.kind, guard.id))
        state = take(state, command).after
    return state


def content(state: State) -> tuple[object, ...]:
    """The content of a script, without versions and removed ids."""
    return (
        list(state.lines()),
        dict(state.metadata),
        dict(state.elements),
        dict(state.personas),
        dict(state.labels),
        dict(state.marks),
        state.hash,
    )


def backwards(state: State) -> list[str]:
    """The ids of the lines from last to first, along the `before` links of the ring."""
    ids = []
    here = state.nodes[""].before
    while here:
        ids.append(here)
        here = state.nodes[here].before
    return ids


def inverses(steps: Sequence[Step]) -> list[Command]:
    """The inverses of the steps, last to first."""
    return [command for step in reversed(steps) for command in step.command.inverse(step.before, step.after)]
