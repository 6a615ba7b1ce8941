"""A short summary of how much a version changed, for the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from domain.script.delta import (
    Change,
    ElementPut,
    ElementRemoved,
    LabelMarked,
    LineChanged,
    LineMerged,
    LinesInserted,
    LinesMoved,
    LineSpliced,
    LineSplit,
    LinesRemoved,
    MetadataSet,
    PersonaPut,
    PersonaRemoved,
    VersionLabelled,
)

# The signs mean added, removed, changed and moved.
SIGNS = "+−~>"


def extent(changes: Iterable[Change]) -> str:
    """What changed, like ``+3 −1 lines``, or ``title`` if no line did."""
    counts: Counter[str] = Counter()
    other: list[str] = []
    for change in changes:
        counts.update(_lines(change))
        other += _other(change)
    signs = [f"{sign}{counts[sign]}" for sign in SIGNS if counts[sign]]
    if signs:
        return f"{' '.join(signs)} {'line' if counts.total() == 1 else 'lines'}"
    return ", ".join(dict.fromkeys(other))


def _lines(change: Change) -> dict[str, int]:  # noqa: PLR0911 - one return a change
    match change:
        case LinesInserted(lines=lines):
            return {"+": len(lines)}
        case LinesRemoved(lines=names):
            return {"−": len(names)}
        case LinesMoved(lines=names):
            return {">": len(names)}
        case LineChanged() | LineSpliced():
            return {"~": 1}
        case LineSplit():
            return {"~": 1, "+": 1}
        case LineMerged():
            return {"~": 1, "−": 1}
    return {}


def _other(change: Change) -> list[str]:
    match change:
        case MetadataSet(fields=fields):
            return [f"{len(fields)} fields"] if len(fields) > 1 else list(fields)
        case ElementPut(element=element):
            return [element.type]
        case PersonaPut(persona=persona):
            return [persona.name]
        case ElementRemoved(element=name) | PersonaRemoved(persona=name):
            return [f"−{name}"]
        case VersionLabelled(name=name) | LabelMarked(name=name):
            return [f"“{name}”"]
    return []
