"""Runs of a paragraph: split into lines, and encoded in an attribute of each line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from domain.formats.fdx.xml.xml_text import is_name, is_writable
from domain.formats.runs import Run, decoded, fitted, loaded
from domain.script.line import Attr

_LINE_END = re.compile(r"\r\n|\n|\r")


def lines_of(runs: Iterable[Run]) -> Iterator[list[Run]]:
    """The runs of each line of a paragraph: a run may hold line ends, and a line many runs."""
    line: list[Run] = []
    for text, attributes in runs:
        start = 0
        for end in _LINE_END.finditer(text):
            line.append((text[start : end.start()], attributes))
            yield merged(line)
            line, start = [], end.end()
        line.append((text[start:], attributes))
    yield merged(line)


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
    return fitted(text, ((length, _attributes(attributes)) for length, attributes in decoded(runs)))


def load_attributes(stored: Attr | None) -> dict[str, str]:
    """Attributes from the JSON in a line, without those that cannot be written as XML."""
    value = loaded(stored)
    return _attributes(value) if isinstance(value, dict) else {}


def dump(value: Any) -> str:
    """JSON in pure ASCII, without control characters."""
    return json.dumps(value, separators=(",", ":"))


def merged(runs: list[Run]) -> list[Run]:
    """The runs with text; neighbours with the same attributes are one."""
    parts = [run for run in runs if run[0]]
    return [(text_of(group), attributes) for attributes, group in groupby(parts, key=itemgetter(1))]


def _attributes(value: Mapping[Any, Any]) -> dict[str, str]:
    return {name: text for name, text in value.items() if is_name(name) and isinstance(text, str) and is_writable(text)}
