"""True, 1 and 1.0 are equal in Python, and three values in a script."""

from __future__ import annotations

from typing import Any

import pytest

from domain.commands.base import Command
from domain.commands.kinds.element import ElementAdd, ElementUpdate
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.persona import PersonaAdd, PersonaUpdate
from domain.commands.kinds.script_create import ScriptCreate
from domain.commands.kinds.script_set_metadata import ScriptSetMetadata
from domain.commands.whole_script.script_restore import restore_to
from domain.commands.whole_script.state_diff import commands_between
from domain.refusals import StaleMetadata
from domain.script.hashing import canonical_json
from domain.script.line import Line
from domain.script.state import Element, Persona, State
from tests.domain.folding import run, take


def holding(value: Any) -> State:
    """A script that holds a value in every place that allows one."""
    create = ScriptCreate(
        title="x", metadata={"pages": value}, lines=(Line("a", "character", "ANNA", attrs={"dual": value}),)
    )
    things: list[Command] = [
        create,
        ElementAdd(element=Element("e", "beat", {"at": [value]})),
        PersonaAdd(persona=Persona("p", "P", payload={"age": {"now": value}})),
    ]
    state = State.empty()
    for command in things:
        state = take(state, command).after
    return state


def edits(value: Any) -> list[Command]:
    """Edits that replace the value in each place."""
    return [
        LineEdit(line="a", attrs={"dual": value}),
        ElementUpdate(element=Element("e", "beat", {"at": [value]})),
        PersonaUpdate(persona=Persona("p", "P", payload={"age": {"now": value}})),
        ScriptSetMetadata(fields={"pages": value}),
    ]


@pytest.mark.parametrize("at", range(4))
def test_another_value_is_a_change(at: int) -> None:
    step = take(holding(1), edits(value=True)[at])

    assert step.delta
    assert step.after.hash != step.before.hash


@pytest.mark.parametrize("at", range(4))
def test_the_same_value_is_no_change(at: int) -> None:
    assert take(holding(value=True), edits(value=True)[at]).delta == ()


def test_a_whole_number_is_not_a_fraction() -> None:
    assert take(holding(1), edits(1.0)[1]).delta


def test_an_expected_one_is_not_a_true() -> None:
    with pytest.raises(StaleMetadata):
        ScriptSetMetadata(fields={"pages": 2}, expect={"pages": True}).apply(holding(1))


def test_a_restore_and_an_undo_restore_the_exact_value() -> None:
    one = goal = holding(1)
    for command in edits(value=True):
        one = take(one, command).after

    for back in (take(one, restore_to(one, goal)).after, run(one, commands_between(one, goal))):
        assert back.hash == goal.hash
        assert canonical_json(list(back.lines())) == canonical_json(list(goal.lines()))
