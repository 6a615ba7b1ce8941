"""Write the reference pages into a folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from cli.reference import command_line, commands, documents, refusals, settings, submission_schema
from cli.rendering.diff_json import schema

PAGES: dict[str, Callable[[], str]] = {
    "command-line.md": command_line.page,
    "commands.md": commands.page,
    "json.md": documents.page,
    "refusals.md": refusals.page,
    "settings.md": settings.page,
}
SCHEMA = "submission.schema.json"
MARK = "<!-- Made by `make docs`; change the program instead. -->\n"


def text_of(name: str) -> str:
    """A page, or the schema, as it is in the folder."""
    if name == SCHEMA:
        return submission_schema.text()
    return f"{MARK}\n{PAGES[name]()}".rstrip() + "\n"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for page_name in (*PAGES, SCHEMA):
        (folder / page_name).write_text(text_of(page_name), encoding="utf-8")
    (folder / "diff.schema.json").write_text(json.dumps(schema(), indent=2) + "\n", encoding="utf-8")
