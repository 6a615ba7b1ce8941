"""Findings of `scriptledger doctor` for people: the worst first, each with what to change."""

from __future__ import annotations

from collections.abc import Sequence

from cli.terminal import screen
from cli.terminal.screen import Text, counted
from workers.checks.finding import Result

_STYLES = {"fault": "bold red", "warning": "yellow", "fine": "green"}
_LEVEL_WIDTH = 9
_NAME_WIDTH = 27


def print_diagnosis(results: Sequence[Result]) -> None:
    """Print what was found, and a line that counts it."""
    for area, check, finding in results:
        level = (f"{finding.level:<{_LEVEL_WIDTH}}", _STYLES[finding.level])
        screen.print_unwrapped(Text.assemble(level, f"{f'{area} {check}':<{_NAME_WIDTH}}", finding.sentence))
        if finding.change:
            screen.print_unwrapped(Text(" " * (_LEVEL_WIDTH + _NAME_WIDTH) + finding.change))
    screen.print_unwrapped(summary(results))


def summary(results: Sequence[Result]) -> str:
    """How many faults and warnings there are."""
    faults = sum(result.finding.level == "fault" for result in results)
    warnings = sum(result.finding.level == "warning" for result in results)
    checked = counted(len(results), "check")
    if not faults and not warnings:
        return f"{checked}: everything is fine."
    return f"{checked}: {counted(faults, 'fault')}, {counted(warnings, 'warning')}."
