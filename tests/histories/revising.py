"""Revisions of a script by saved files: each file as commands on lines that keep their ids."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

from domain.commands.base import Command
from domain.commands.kinds.script_create import ScriptCreate
from domain.commands.line_matching import align
from domain.commands.whole_script.state_diff import commands_to
from domain.formats.fountain import read
from domain.script.delta import advance
from domain.script.state import State
from tests.histories.history import History

# A script begins empty, so that its first revision can be undone like any other.
CREATE = ScriptCreate(title="A screenplay")


class Revised(NamedTuple):
    """One revision: the script before it, its commands, and the script after it."""

    before: State
    commands: tuple[Command, ...]
    after: State


def revised(history: History) -> Iterator[Revised]:
    """The revisions of a history, one after the other, without a ledger."""
    numbers = itertools.count(1)
    state = advance(State.empty(), CREATE.apply(State.empty()))
    for data in history.revisions:
        before = state
        commands = commands_of(state, data, numbers)
        for command in commands:
            state = advance(state, command.apply(state))
        yield Revised(before, commands, state)


def commands_of(state: State, data: bytes, numbers: Iterator[int]) -> tuple[Command, ...]:
    """The commands of a saved file; the numbers make the ids of new lines."""
    imported = read(data, lambda: f"line-{next(numbers)}")
    return commands_to(state, align(list(state.lines()), imported.lines))
