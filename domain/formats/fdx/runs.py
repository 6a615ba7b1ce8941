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
    found = []
    at = 0
    for length, attributes in _decoded(runs):
        found.append((text[at : at + length], attributes))
        at += length
    if at < len(text):
        tail = text[at:]
        found = [*found[:-1], (found[-1][0] + tail, found[-1][1])] if found else [(tail, {})]
    return [run for run in found if run[0]]


def load_attributes(kept: Attr | None) -> dict[str, str]:
    """Attributes from the JSON in a line, without those that cannot be written as XML."""
    value = _loaded(kept)
    return _attributes(value) if isinstance(value, dict) else {}


def dump(value: Any) -> str:
    """JSON in pure ASCII, without control characters."""
    return json.dumps(value, separators=(",", ":"))


def _merged(runs: list[Run]) -> list[Run]:
    parts = [run for run in runs if run[0]]
    return [(text_of(group), attributes) for attributes, group in groupby(parts, key=itemgetter(1))]


def _decoded(runs: Attr | None) -> Iterator[tuple[int, dict[str, str]]]:
    value = _loaded(runs)
    for each in value if isinstance(value, list) else ():
        match each:
            case [int(length), dict(attributes)] if length > 0:
                yield length, _attributes(attributes)


def _loaded(kept: Attr | None) -> Any:
    try:
        return json.loads(kept) if isinstance(kept, str) else None
    except (ValueError, RecursionError):
        return None


def _attributes(value: Mapping[Any, Any]) -> dict[str, str]:
    return {name: text for name, text in value.items() if is_name(name) and isinstance(text, str) and is_writable(text)}
