"""The log of a script as a table, and a short summary of how much a version changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from rich.console import RenderableType

from cli.terminal import screen
from cli.terminal.screen import Text
from domain.log.entry import LogEntry
from domain.log.head import Head
from domain.script.delta import (
    Change,
    Delta,
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
    decode_delta,
)
from domain.submissions.submission import Cause, decode_cause
from domain.submissions.writer import writer_of
from repos.unit_of_work import RecordsTransaction

# The signs mean added, removed, changed and moved.
SIGNS = "+−~>"
AUTHOR_STYLES = {"ai": "magenta", "user": "cyan"}


class Logged(NamedTuple):
    """One version: its command, cause and changes."""

    entry: LogEntry
    cause: Cause
    delta: Delta


def read_log(tx: RecordsTransaction, head: Head, after: int, limit: int) -> Iterator[Logged]:
    """The log of a script after a version."""
    upto = min(after + limit, head.version)
    versions = tx.versions.read(head.script_id, generation=head.generation, after=after, upto=upto)
    for entry, row in zip(tx.commands.read(head.script_id, after=after, upto=upto), versions, strict=True):
        yield Logged(entry, decode_cause(entry.cause), decode_delta(row.delta))


def log_table(logged: Iterable[Logged]) -> RenderableType:
    """The log for people: consecutive commands of one kind and one submission share a row."""
    runs = [list(run) for _, run in groupby(logged, key=lambda row: (row.entry.submission_id, row.entry.kind))]
    return screen.table(
        ("version", "when", "author", "by", "command", "changed"), [_row(run) for run in runs], right=("version",)
    )


def _row(run: Sequence[Logged]) -> tuple[str | Text, ...]:
    first, last = run[0].entry, run[-1].entry
    writer = writer_of(first.author, first.actor, run[0].cause)
    return (
        str(first.version) if len(run) == 1 else f"{first.version}-{last.version}",
        screen.moment(first.occurred_at),
        Text(writer.author, AUTHOR_STYLES.get(writer.author, "")),
        ", ".join(part for part in (writer.actor, writer.model) if part),
        first.kind if len(run) == 1 else f"{first.kind} ({len(run)})",
        ", ".join(filter(None, [extent([change for row in run for change in row.delta]), _reference(run[0].cause)])),
    )


def _reference(cause: Cause) -> str:
    if cause.origin is not None:
        return f"from {cause.origin.name}"
    return "" if cause.undoes is None else f"undoes {cause.undoes}"


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
