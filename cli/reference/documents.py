"""The reference page of JSON documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from cli.json_documents.base import Failed
from cli.json_documents.catalog import DOCUMENTS
from cli.reference.shapes import type_name, unwrapped

HEAD = """# JSON

With `--json` a verb prints one document on standard output, and nothing else there: indented on a terminal, on one line
in a pipe. Fields are only ever added. A verb that fails prints `Failed` instead; a wrong command line (exit status 2)
may print nothing.
"""


def page() -> str:
    """The page, as Markdown."""
    return "\n".join([HEAD, *_verbs(), *_shapes()])


def _verbs() -> Iterator[str]:
    rows = ["| verb | prints |", "| --- | --- |"]
    for verb, kinds in DOCUMENTS.items():
        links = " or ".join(f"[{kind.__name__}](#{kind.__name__.lower()})" for kind in kinds)
        rows.append(f"| `scriptledger {verb}` | {links} |")
    yield "\n".join(rows) + "\n"


def _shapes() -> Iterator[str]:
    kinds = {kind for kinds in DOCUMENTS.values() for kind in kinds} | {Failed}
    _, shapes = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    for name in sorted(shapes):
        yield f"## {name}\n\n{unwrapped(shapes[name].get('description', ''))}\n"
        yield _table(shapes[name])


def _table(shape: dict[str, Any]) -> str:
    required = shape.get("required", [])
    rows = ["| field | type | |", "| --- | --- | --- |"]
    for field, value in shape.get("properties", {}).items():
        rows.append(f"| `{field}` | {type_name(value)} | {'' if field in required else 'may be left out'} |")
    return "\n".join(rows) + "\n"
