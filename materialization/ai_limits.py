"""What an AI may do to a script without a person's consent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from domain.delta import LineChanged, LineMerged, LineSpliced, LineSplit, LinesRemoved
from domain.proposal_refusals import AiDeletesTooMuch
from domain.state import State
from materialization.decide import Verdict

DELETE_PERCENT = 20


class AiLimits(NamedTuple):
    """The share of a script's lines that one submission of an AI may take away; one line it always may."""

    delete_percent: int = DELETE_PERCENT


USUAL = AiLimits()


def require_within(limits: AiLimits, start: State, verdict: Verdict) -> None:
    """Refuse a verdict that takes more lines away than an AI may.

    Raises:
        AiDeletesTooMuch: that needs a person, who accepts it as a proposal.
    """
    lost = lines_lost(start, verdict)
    if lost > 1 and lost * 100 > limits.delete_percent * start.line_count:
        raise AiDeletesTooMuch(lost=lost, lines=start.line_count, percent=limits.delete_percent)


def lines_lost(start: State, verdict: Verdict) -> int:
    """How many lines with text in them are gone or empty behind a verdict: O(what it touches)."""
    end = verdict.state
    return sum(_has_text(start, line) and not _has_text(end, line) for line in set(_touched(start, verdict)))


def _touched(start: State, verdict: Verdict) -> Iterator[str]:
    """The lines that may have lost their text."""
    before = start
    for _, step in verdict.accepted:
        for change in step.delta:
            match change:
                case LinesRemoved():
                    yield from change.lines
                case LineMerged():
                    # Its text lives on in the line before; that one may be emptied next.
                    yield before.nodes[change.line].after
                case LineChanged() | LineSpliced() | LineSplit():
                    yield change.line
        before = step.state


def _has_text(state: State, line: str) -> bool:
    return state.has_line(line) and bool(state.line(line).text.strip())
