"""The part of SARIF 2.1.0 that reports use, as a JSON Schema: its properties, types and bounds are the standard's.

A property that is not listed here is refused, so that a new one is looked up in the standard (sections 3.13 to 3.52)
before it is added.
"""

from __future__ import annotations

from typing import Any

TEXT = {"type": "string"}
LINE = {"type": "integer", "minimum": 1}


def _object(required: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def _list_of(item: dict[str, Any], **bounds: Any) -> dict[str, Any]:
    return {"type": "array", "items": item, **bounds}


MESSAGE = _object("text", text=TEXT)
REGION = _object("startLine endLine", startLine=LINE, endLine=LINE)
FILE = _object("uri", uri={"type": "string", "format": "uri-reference"})
LOCATION = _object(
    "physicalLocation", physicalLocation=_object("artifactLocation", artifactLocation=FILE, region=REGION)
)
RESULT = _object(
    "ruleId message locations",
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": -1},
    level={"enum": ["none", "note", "warning", "error"]},
    message=MESSAGE,
    locations=_list_of(LOCATION),
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
)
RULE = _object("id", id=TEXT, shortDescription=MESSAGE)
DRIVER = _object("name", name=TEXT, version=TEXT, rules=_list_of(RULE, uniqueItems=True))
RUN = _object(
    "tool results",
    tool=_object("driver", driver=DRIVER),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results=_list_of(RESULT),
)
LOG = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    **_object(
        "version runs",
        **{"$schema": {"type": "string", "format": "uri"}},
        version={"const": "2.1.0"},
        runs=_list_of(RUN, minItems=1),
    ),
}
