"""The JSON Schema of a submission, from the registry: the allowed values of each field, as far as a schema can express.

It rejects nothing that the program accepts. Rules that it cannot express, such as unique ids, the program checks.
"""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cache
from typing import Any

from cli.reference.shapes import schema, unwrapped
from domain.commands.base import KINDS
from domain.script.hashing import EXPECT_DIGITS
from domain.script.validation import MAX_SEPARATOR_ENDS
from domain.submissions.submission import MAX_COMMANDS, MAX_SCRIPT_ID, MAX_WORD

Schema = dict[str, Any]

ID = {"pattern": "^[A-Za-z0-9_.:-]{1,64}$"}
EXPECT = {"pattern": f"^[0-9a-f]{{{EXPECT_DIGITS}}}$"}
TEXT = {"pattern": r"^[^\u0000-\u0008\u000a-\u001f\u007f-\u009f]*$"}
SEPARATOR = {"pattern": r"^(\r\n|\n|\r)*$", "maxLength": MAX_SEPARATOR_ENDS}
WORD = {"maxLength": MAX_WORD}

# These constraints hold for every field of the name, in any object. A pattern constrains strings only, not null.
FIELDS = {
    **dict.fromkeys(("id", "line", "next", "new_id", "after", "before", "element", "persona"), ID),
    **dict.fromkeys(("submission_id", "after_submission"), ID),
    **dict.fromkeys(("expect", "expect_next"), EXPECT),
    **dict.fromkeys(("text", "insert"), TEXT),
    **dict.fromkeys(("actor", "model", "run_id", "replays"), WORD),
    "sep": SEPARATOR,
    "prompt_sha256": {"pattern": "^[0-9a-f]{64}$"},
    "script_id": {"minimum": 1, "maximum": MAX_SCRIPT_ID},
    "commands": {"minItems": 1, "maxItems": MAX_COMMANDS},
}


@cache
def submission_schema() -> Schema:
    """The JSON Schema (2020-12) of a submission."""
    complete = deepcopy(schema())
    for part in complete["$defs"].values():
        part["description"] = unwrapped(part.get("description", ""))
        for name, field in part.get("properties", {}).items():
            field.update(FIELDS.get(name, {}))
    complete["$defs"]["Target"]["prefixItems"][0].update(ID)
    complete["$defs"]["Target"]["prefixItems"][1].update(EXPECT)
    complete["$defs"]["Submission"].update(_of_an_ai())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A submission", **complete}


def text() -> str:
    """The schema as the text of its file in the reference."""
    return json.dumps(submission_schema(), indent=2, ensure_ascii=False) + "\n"


def _of_an_ai() -> Schema:
    """The constraints for an AI only: it must give the cause, and may send only certain kinds."""
    named = {"type": "string", "minLength": 1}
    cause = {
        "required": ["model", "run_id"],
        "properties": {"model": named, "run_id": named},
        "anyOf": [
            {"required": ["prompt"], "properties": {"prompt": named}},
            {"required": ["prompt_sha256"], "properties": {"prompt_sha256": named}},
        ],
    }
    kinds = sorted(name for name, kind in KINDS.items() if kind.for_ai)
    denied = {name: {"const": False} for _, kind in sorted(KINDS.items()) for name in kind.only_people}
    commands = {"items": {"properties": {"kind": {"enum": kinds}, **denied}}}
    return {
        "if": {"properties": {"author": {"const": "ai"}}, "required": ["author"]},
        "then": {"required": ["cause"], "properties": {"cause": cause, "commands": commands}},
    }
