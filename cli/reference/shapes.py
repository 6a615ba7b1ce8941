"""The JSON shapes that the program accepts: fields and types, read from the schema of the classes."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, NamedTuple

import msgspec

from domain.commands.base import KINDS
from domain.submissions.submission import Submission

# Longer lists of alternatives are shown once, under their own name.
MAX_CHOICES = 6


class Field(NamedTuple):
    """One field: its type in words; `default` is JSON, None if the field has no default."""

    name: str
    type: str
    required: bool
    default: str | None


class Shape(NamedTuple):
    """A JSON object: the name of its class, its description and its fields."""

    name: str
    about: str
    fields: tuple[Field, ...]


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of a submission, for producers and for tools that validate before sending."""
    return msgspec.json.schema(Submission)


def shape_of_kind(kind: str) -> Shape:
    """The shape of a command kind."""
    return shape(KINDS[kind].__name__)


def shape(name: str) -> Shape:
    """The shape of the JSON for a class."""
    definition = schema()["$defs"][name]
    required = definition.get("required", [])
    fields = (
        Field(field, type_name(value), field in required, _default(value))
        for field, value in definition.get("properties", {}).items()
        if field != "kind"
    )
    return Shape(name, unwrapped(definition.get("description", "")), tuple(fields))


def type_name(value: dict[str, Any]) -> str:  # noqa: PLR0911 - one return a form of schema
    """A JSON type in a few words."""
    match value:
        case {"$ref": str(reference)}:
            return reference.rpartition("/")[2].lower()
        case {"enum": list(choices)}:
            return " or ".join(f"`{each}`" for each in choices) if len(choices) <= MAX_CHOICES else "line format"
        case {"anyOf": list(choices)}:
            names = [type_name(each) for each in choices]
            return " or ".join(names) if len(names) <= MAX_CHOICES else "command"
        case {"type": "array", "items": dict(items)}:
            return f"list of {type_name(items)}"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"object of {type_name(values)}"
        case {"type": "boolean"}:
            return "true or false"
        case {"type": "integer"}:
            return "number"
        case {"type": str(name)}:
            return name
        case _:
            return "any"


def unwrapped(docstring: str) -> str:
    """A docstring without the line breaks of the source."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in docstring.strip().split("\n\n"))


def _default(value: dict[str, Any]) -> str | None:
    return json.dumps(value["default"]) if "default" in value else None
