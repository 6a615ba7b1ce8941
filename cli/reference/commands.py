"""The reference page of command kinds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cli.reference.shapes import Field, shape, shape_of_kind
from domain.commands.base import KINDS, Command
from domain.script.line import LINE_FORMATS

HEAD = """# Command kinds

Every kind of command in the registry of the program; `scriptledger kinds --schema` prints the same as JSON Schema. A
command is a JSON object with its `kind` and the fields below. How commands are sent, and what the answers mean, is in
[submissions.md](../submissions.md).

`expect` is the first 12 hex digits of the SHA-256 over a line's content: `scriptledger show SCRIPT --ids` prints it.
"""
SHAPES = ("Line", "Target", "Element", "Persona")


def page() -> str:
    """The page, as Markdown."""
    return "\n".join([HEAD, *_kinds(), *_shapes()])


def flags(kind: type[Command]) -> list[str]:
    """The special properties of a kind, one sentence each."""
    notes = []
    if kind.needs_head:
        notes.append("Needs the head as its base version.")
    if kind.absolute:
        notes.append("States the result: if the script already has it, a stale command is a no-op, not refused.")
    if not kind.for_ai:
        notes.append("An AI may not send it.")
    if kind.on_archived:
        notes.append("Allowed on an archived script.")
    return notes


def _kinds() -> Iterator[str]:
    for kind in sorted(KINDS):
        documented = shape_of_kind(kind)
        yield f"## {kind}\n\n{documented.about}\n"
        if notes := flags(KINDS[kind]):
            yield " ".join(notes) + "\n"
        yield _table(documented.fields) if documented.fields else "No fields.\n"


def _shapes() -> Iterator[str]:
    yield "## Shapes\n"
    for name in SHAPES:
        documented = shape(name) if name != "Target" else None
        if documented is None:
            yield '### target\n\nA line and the content that it must have: `["id", "expect"]`.\n'
        else:
            yield f"### {name.lower()}\n\n{documented.about}\n\n{_table(documented.fields)}"
    yield f"### line format\n\n{', '.join(f'`{line_format}`' for line_format in LINE_FORMATS)}.\n"


def _table(fields: Iterable[Field]) -> str:
    rows = ["| field | type | |", "| --- | --- | --- |"]
    for field in fields:
        if field.required:
            note = "required"
        else:
            note = "may be left out" if field.default in (None, "null") else f"default `{field.default}`"
        rows.append(f"| `{field.name}` | {field.type} | {note} |")
    return "\n".join(rows) + "\n"
