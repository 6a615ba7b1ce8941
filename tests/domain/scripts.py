"""Small scripts for tests, written the way one reads them."""

from __future__ import annotations

from domain.commands.kinds.script_create import ScriptCreate
from domain.script.delta import advance
from domain.script.line import Line, LineFormat
from domain.script.state import State


def lines(text: str, ids: str = "") -> tuple[Line, ...]:
    """One line for each line of text, all action; with ids a, b, c, … or those given."""
    texts = text.split("\n")
    names = list(ids) or [chr(ord("a") + at) for at in range(len(texts))]
    return tuple(line(name, text) for name, text in zip(names, texts, strict=True))


def line(name: str, text: str, form: LineFormat = "action") -> Line:
    return Line(id=name, format=form, text=text)


def script(*given: Line) -> State:
    """A script of these lines at version 1."""
    state = State.empty()
    return advance(state, ScriptCreate(title="Untitled", lines=given).apply(state))


def shown(state: State) -> str:
    """The lines of a script as `id:text`, one by one."""
    return " ".join(f"{line.id}:{line.text}" for line in state.lines())
