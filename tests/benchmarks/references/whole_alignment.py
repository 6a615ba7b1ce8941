"""Saves without ids as an import does them: each read whole, and aligned with the whole one before."""

from __future__ import annotations

import time
from collections.abc import Iterable
from itertools import count

from domain.commands.line_matching import align
from domain.formats.registry import FORMATS
from domain.script.line import Line


def aligned_saves(contents: Iterable[str]) -> float:
    """The seconds of processor time that reading and aligning take."""
    numbers = count(1)
    old: tuple[Line, ...] = ()
    began = time.process_time()
    for content in contents:
        new = FORMATS["fountain"].read(content.encode(), lambda: f"l{next(numbers)}").lines
        by_id = {line.id: line for line in old}
        old = tuple(by_id[entry] if isinstance(entry, str) else entry for entry in align(old, new))
    return time.process_time() - began
