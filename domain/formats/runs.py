"""Runs: the text of a line in stretches, each with attributes of Final Draft.

The attribute `runs` of a line is a JSON list of [length in code points, {attribute: value}] with Final Draft's names
(Style, Font, Size, Color, RevisionID, …). A line without styles has no such attribute.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from domain.formats.emphasis import STYLES, Style, Styled, stretches
from domain.script.line import Attr

# A stretch of text, and its attributes.
Run: TypeAlias = tuple[str, dict[str, str]]

RUNS = "runs"
STYLE = "Style"


def decoded(runs: Attr | None) -> Iterator[tuple[int, dict[str, Any]]]:
    """The lengths of the runs, and their attributes; nothing where the JSON is damaged."""
    value = loaded(runs)
    for run in value if isinstance(value, list) else ():
        match run:
            case [int(length), dict(attributes)] if length > 0:
                yield length, attributes


def fitted(text: str, runs: Iterable[tuple[int, dict[str, str]]]) -> list[Run]:
    """A text in runs: cut off or extended where the text was changed since."""
    fitted_runs = []
    at = 0
    for length, attributes in runs:
        fitted_runs.append((text[at : at + length], attributes))
        at += length
    if at < len(text):
        tail = text[at:]
        fitted_runs = (
            [*fitted_runs[:-1], (fitted_runs[-1][0] + tail, fitted_runs[-1][1])] if fitted_runs else [(tail, {})]
        )
    return [run for run in fitted_runs if run[0]]


def emphasis_of(text: str, runs: Attr | None, *, literal: bool) -> list[Styled]:
    """A text with the styles of its runs; unless it is literal, also with those of its marks, and without these."""
    fitted_runs = fitted(text, decoded(runs))
    return [
        Styled(part, styles_in(attributes.get(STYLE)))
        for part, attributes in (fitted_runs if literal else without_marks(text, fitted_runs))
    ]


def without_marks(text: str, runs: list[Run]) -> Iterator[Run]:
    """The runs of a text without its marks of emphasis, and with their styles."""
    remaining = iter(runs)
    attributes: dict[str, str] = {}
    run_end = 0
    for start, end, styles in stretches(text):
        position = start
        while position < end:
            while run_end <= position:
                part, attributes = next(remaining)
                run_end += len(part)
            stop = min(end, run_end)
            yield text[position:stop], with_styles(attributes, styles)
            position = stop


def styles_in(names: object) -> frozenset[Style]:
    """The styles in a value like `Bold+Italic`."""
    found = set(names.split("+")) if isinstance(names, str) else set()
    return frozenset(style for style in STYLES if style in found)


def with_styles(attributes: dict[str, str], styles: frozenset[Style]) -> dict[str, str]:
    """The attributes of a run with these styles added."""
    if not styles:
        return attributes
    stored = attributes.get(STYLE, "")
    names = [name for name in stored.split("+") if name] if isinstance(stored, str) else []
    known = [style for style in STYLES if style in styles or style in names]
    return {**attributes, STYLE: "+".join([*known, *(name for name in names if name not in STYLES)])}


def loaded(stored: Attr | None) -> Any:
    """The value of the JSON in an attribute of a line; None where it is damaged."""
    try:
        return json.loads(stored) if isinstance(stored, str) else None
    except (ValueError, RecursionError):
        return None
