"""The page of command kinds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cli.reference.shapes import Field, shape, shape_of_kind
from domain.commands.base import KINDS, Command
from domain.script.line import LINE_FORMATS

HEAD = """# Command kinds

Every kind of command there is, from the registry of the program; `scriptledger kinds --schema` prints the same as JSON
Schema. A command is a JSON object with its `kind` and the fields below. How commands travel, and what the answers
mean, is in [submissions.md](../submissions.md).

`expect` is the first 12 hex digits of the SHA-256 over a line's content: `scriptledger show SCRIPT --ids` prints it.
"""
SHAPES = ("Line", "Target", "Element", "Persona")


def page() -> str:
    """The page, as Markdown."""
    return "\n".join([HEAD, *_kinds(), *_shapes()])


def flags(kind: type[Command]) -> list[str]:
    """What is special about a kind, in sentences."""
    said = []
    if kind.needs_head:
        said.append("Needs the head as its base version.")
    if kind.absolute:
        said.append("Says what the result is: where the script already says so, a stale one is a no-op, not refused.")
    if not kind.for_ai:
        said.append("An AI may not send it.")
    if kind.on_archived:
        said.append("An archived script takes it.")
    return said


def _kinds() -> Iterator[str]:
    for kind in sorted(KINDS):
        found = shape_of_kind(kind)
        yield f"## {kind}\n\n{found.about}\n"
        if said := flags(KINDS[kind]):
            yield " ".join(said) + "\n"
        yield _table(found.fields) if found.fields else "No fields.\n"


def _shapes() -> Iterator[str]:
    yield "## Shapes\n"
    for name in SHAPES:
        found = shape(name) if name != "Target" else None
        if found is None:
            yield '### target\n\nA line and the content it is touched for: `["id", "expect"]`.\n'
        else:
            yield f"### {name.lower()}\n\n{found.about}\n\n{_table(found.fields)}"
    yield f"### line format\n\n{', '.join(f'`{each}`' for each in LINE_FORMATS)}.\n"


def _table(fields: Iterable[Field]) -> str:
    rows = ["| field | type | |", "| --- | --- | --- |"]
    for field in fields:
        if field.required:
            note = "required"
        else:
            note = "may be left out" if field.default in (None, "null") else f"default `{field.default}`"
        rows.append(f"| `{field.name}` | {field.type} | {note} |")
    return "\n".join(rows) + "\n"
