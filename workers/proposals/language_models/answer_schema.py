"""The JSON schema of an answer, for servers that can hold a model to one.

It is the strictest subset that servers take: every field required, none besides, no lengths.
"""

from __future__ import annotations

from typing import Any

FORMATS = (
    "scene_heading",
    "action",
    "character",
    "parenthetical",
    "dialogue",
    "lyric",
    "transition",
    "shot",
    "centered",
    "note",
    "general",
)


def _object(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _kind(name: str) -> dict[str, Any]:
    return {"type": "string", "enum": [name]}


_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"anyOf": [_TEXT, {"type": "null"}]}
_FORMAT = {"type": "string", "enum": list(FORMATS)}
_LINE = _object(line=_TEXT, expect=_TEXT)
_NEW_LINES = _list(_object(format=_FORMAT, text=_TEXT))
_EDIT = {
    "anyOf": [
        _object(
            edit=_kind("rewrite"),
            line=_TEXT,
            expect=_TEXT,
            text=_TEXT,
            format={"anyOf": [_FORMAT, {"type": "null"}]},
        ),
        _object(edit=_kind("insert"), after=_TEXT_OR_NULL, expect=_TEXT_OR_NULL, lines=_NEW_LINES),
        _object(edit=_kind("delete"), lines=_list(_LINE)),
        _object(edit=_kind("replace"), first=_LINE, last=_LINE, lines=_NEW_LINES),
    ]
}
SCHEMA = _object(hunks=_list(_object(why=_TEXT, edits=_list(_EDIT))))
RESPONSE_FORMAT = {"type": "json_schema", "json_schema": {"name": "edits", "strict": True, "schema": SCHEMA}}
