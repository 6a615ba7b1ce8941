"""Runs: the text of a paragraph in stretches of one style each, and their encoding in an attribute of the line.

The attribute `runs` of a line is a JSON list of [length in code points, {attribute: value}] with Final Draft's names
(Style, Font, Size, Color, RevisionID, …). A line without styles has no such attribute.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias

from domain.formats.fdx.xml_text import is_name, is_writable
from domain.script.line import Attr

# A stretch of text, and its attributes.
Run: TypeAlias = tuple[str, dict[str, str]]

_LINE_END = re.compile(r"\r\n|\n|\r")


def lines_of(runs: Iterable[Run]) -> Iterator[list[Run]]:
    """The runs of each line of a paragraph: a run may hold line ends, and a line many runs."""
    line: list[Run] = []
    for text, attributes in runs:
        start = 0
        for end in _LINE_END.finditer(text):
            line.append((text[start : end.start()], attributes))
            yield _merged(line)
            line, start = [], end.end()
        line.append((text[start:], attributes))
    yield _merged(line)


def text_of(runs: Iterable[Run]) -> str:
    """The text of some runs."""
    return "".join(text for text, _ in runs)


def encode_runs(runs: list[Run]) -> str | None:
    """The styles of a line as JSON; None where it has none."""
    if not any(attributes for _, attributes in runs):
        return None
    return dump([[len(text), attributes] for text, attributes in runs])


def styled(text: str, runs: Attr | None) -> list[Run]:
    """A text with the styles of its line: truncated or extended where the text was changed since."""
    styled_runs = []
    at = 0
    for length, attributes in _decoded(runs):
        styled_runs.append((text[at : at + length], attributes))
        at += length
    if at < len(text):
        tail = text[at:]
        styled_runs = (
            [*styled_runs[:-1], (styled_runs[-1][0] + tail, styled_runs[-1][1])] if styled_runs else [(tail, {})]
        )
    return [run for run in styled_runs if run[0]]


def load_attributes(stored: Attr | None) -> dict[str, str]:
    """Attributes from the JSON in a line, without those that cannot be written as XML."""
    value = _loaded(stored)
    return _attributes(value) if isinstance(value, dict) else {}


def dump(value: Any) -> str:
    """JSON in pure ASCII, without control characters."""
    return json.dumps(value, separators=(",", ":"))


def _merged(runs: list[Run]) -> list[Run]:
    parts = [run for run in runs if run[0]]
    return [(text_of(group), attributes) for attributes, group in groupby(parts, key=itemgetter(1))]


def _decoded(runs: Attr | None) -> Iterator[tuple[int, dict[str, str]]]:
    value = _loaded(runs)
    for run in value if isinstance(value, list) else ():
        match run:
            case [int(length), dict(attributes)] if length > 0:
                yield length, _attributes(attributes)


def _loaded(stored: Attr | None) -> Any:
    try:
        return json.loads(stored) if isinstance(stored, str) else None
    except (ValueError, RecursionError):
        return None


def _attributes(value: Mapping[Any, Any]) -> dict[str, str]:
    return {name: text for name, text in value.items() if is_name(name) and isinstance(text, str) and is_writable(text)}
