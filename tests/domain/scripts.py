"""Small scripts for tests, in a readable notation."""

from __future__ import annotations

from domain.commands.kinds.script_create import ScriptCreate
from domain.script.delta import advance
from domain.script.line import Line, LineFormat
from domain.script.state import State


def lines(text: str, ids: str = "") -> tuple[Line, ...]:
    """One action line for each line of text, with the ids a, b, c, … or the given ones."""
    texts = text.split("\n")
    names = list(ids) or [chr(ord("a") + at) for at in range(len(texts))]
    return tuple(line(name, text) for name, text in zip(names, texts, strict=True))


def line(name: str, text: str, form: LineFormat = "action") -> Line:
    return Line(id=name, format=form, text=text)


def script(*given: Line) -> State:
    """A script with these lines at version 1."""
    state = State.empty()
    return advance(state, ScriptCreate(title="Untitled", lines=given).apply(state))


def shown(state: State) -> str:
    """The lines of a script as `id:text`."""
    return " ".join(f"{line.id}:{line.text}" for line in state.lines())
