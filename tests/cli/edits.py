"""Submissions about a small script, as JSON."""

from __future__ import annotations

import json
from typing import Any

from domain.script.hashing import expect_hash
from domain.script.line import Line

LINES = (
    Line("h1", "scene_heading", "INT. FERRY - NIGHT", "\n\n"),
    Line("c1", "character", "ADA"),
    Line("d1", "dialogue", "You could have called.", "\n\n"),
    Line("c2", "character", "BEN"),
    Line("d2", "dialogue", "I did.", "\n"),
)
EXPECT = {line.id: expect_hash(line) for line in LINES}


def creation(script_id: int, **more: Any) -> dict[str, Any]:
    """The script itself."""
    lines = [{"id": line.id, "format": line.format, "text": line.text, "sep": line.sep} for line in LINES]
    command = {"kind": "script.create", "title": "The Ferry", "lines": lines}
    return submission(script_id, f"create-{script_id}", command, base_version=0, **more)


def creation_as_json(script_id: int) -> str:
    """The same as JSON."""
    return json.dumps(creation(script_id))


def edit(script_id: int, submission_id: str, line: str, text: str, **more: Any) -> dict[str, Any]:
    """New text for a line, made for its text after the creation."""
    command = {"kind": "line.edit", "line": line, "expect": EXPECT[line], "text": text}
    return submission(script_id, submission_id, command, **more)


def submission(script_id: int, submission_id: str, *commands: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A submission by a person."""
    return {
        "script_id": script_id,
        "submission_id": submission_id,
        "author": "user",
        "actor": "Rosa",
        "base_version": 1,
        "commands": list(commands),
        **more,
    }
