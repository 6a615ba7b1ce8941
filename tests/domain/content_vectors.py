"""The published fields and test vectors for the content hash of a submission.

``python -m tests.domain.content_vectors`` writes
docs/vectors/content_hash.json.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from msgspec import NODEFAULT, inspect

from domain.submissions.submission import Submission, content_hash, decode_submission, encode_submission

FILE = Path(__file__).parents[2] / "docs" / "vectors" / "content_hash.json"

SPLICE = {"kind": "line.splice", "line": "l1", "at": 3, "insert": "x", "expect": "66f7401153ef"}
HEAD = {"script_id": 7, "submission_id": "s1", "author": "user", "base_version": 12}
LINE = {"id": "l1", "format": "action", "text": "É 🎬"}

# Submissions as a producer may write them: fields in any order, defaults written or omitted.
SENT: dict[str, dict[str, Any]] = {
    "a keystroke": {**HEAD, "commands": [SPLICE]},
    "fields in another order": {"commands": [dict(reversed(SPLICE.items()))], **dict(reversed(HEAD.items()))},
    "defaults written out": {
        **HEAD,
        "commands": [{**SPLICE, "delete": 0}],
        **{"actor": "", "cause": {}, "apply_rest": False, "after_submission": None, "occurred_at": None},
    },
    "every field of the frame": {
        **HEAD,
        "commands": [SPLICE],
        **{"actor": "Ann “the pen”", "after_submission": "s0", "apply_rest": True},
        "occurred_at": 1_796_000_000_000_000,
        "cause": {"run_id": "r1", "model": "m", "prompt": "Cut it.\nShort.", "chat_message_id": 9},
    },
    "an escape for every kind of character": {
        **HEAD,
        "commands": [{**SPLICE, "insert": '"\\/\t\u00a0\u2028é🎬'}],
    },
    "lines, with and without their defaults": {
        **HEAD,
        "commands": [
            {
                "kind": "lines.insert",
                "after": None,
                "before": "l0",
                "lines": [
                    {**LINE, "sep": "\n", "attrs": {}},
                    {**LINE, "id": "l2", "sep": "", "attrs": {"b": 1, "a": True}},
                ],
            }
        ],
    },
    "targets, whose content hash may be omitted": {
        **HEAD,
        "commands": [
            {"kind": "lines.delete", "lines": [["l1", "66f7401153ef"], ["l2", None], ["l3"]]},
            {"kind": "line.edit", "line": "l4", "expect": None, "text": ""},
        ],
    },
    "a payload with keys of every length and plane": {
        **HEAD,
        "commands": [
            {
                "kind": "element.add",
                "element": {
                    "source": "user",
                    "id": "e1",
                    "type": "beat",
                    "payload": {"z": [1, {"b": None, "a": -1}], "\ufffd": 1, "\U0001f3ac": 2, "aa": False, "é": 0},
                },
            }
        ],
    },
    "a payload with fractions": {
        **HEAD,
        "commands": [
            {
                "kind": "persona.add",
                "persona": {"id": "p1", "name": "N", "payload": {"n": [0.5, -2.25, 1e-5, 9e-6, 1e-6, 2.5e-7]}},
            }
        ],
    },
    "a new script": {
        **HEAD,
        "base_version": 0,
        "commands": [{"kind": "script.create", "title": "T", "owner": 3, "metadata": {"b": "1", "a": 2}, "lines": []}],
    },
}


def fields() -> dict[str, list[dict[str, Any]]]:
    """The fields of every object of a submission, in canonical order; commands are listed by their kind."""
    found: dict[str, list[dict[str, Any]]] = {}
    _collect(inspect.type_info(Submission), found)
    return dict(sorted(found.items()))


def _collect(kind: inspect.Type, found: dict[str, list[dict[str, Any]]]) -> None:
    if isinstance(kind, inspect.StructType):
        name = _name(kind)
        if name in found:
            return
        found[name] = [{"name": "kind"}] if kind.tag else []
        found[name] += [_field(field, kind.array_like) for field in kind.fields]
        for field in kind.fields:
            _collect(field.type, found)
    for part in _parts(kind):
        _collect(part, found)


def _field(field: inspect.Field, array_like: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": field.encode_name}
    structs = [part for part in (field.type, *_parts(field.type)) if isinstance(part, inspect.StructType)]
    if isinstance(field.type, inspect.VarTupleType):
        items = field.type.item_type
        structs = [part for part in (items, *_parts(items)) if isinstance(part, inspect.StructType)]
        if structs:
            entry["each"] = True
    if structs:
        entry["of"] = "command" if structs[0].tag else _name(structs[0])
    if array_like:
        entry["place"] = True
    elif isinstance(field.type, inspect.StructType) and field.default_factory is not NODEFAULT:
        entry["always"] = True
    elif field.default_factory is dict:
        entry["default"] = {}
    elif field.default in (None, False, 0, "", ()) or (
        # A default of free text, such as the line feed of `sep`, is written if it was given.
        isinstance(field.type, inspect.LiteralType) and field.default is not NODEFAULT
    ):
        entry["default"] = field.default
    return entry


def _parts(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    if isinstance(kind, inspect.UnionType):
        return tuple(kind.types)
    return (kind.item_type,) if isinstance(kind, inspect.VarTupleType) else ()


def _name(kind: inspect.StructType) -> str:
    return str(kind.tag) if kind.tag else kind.cls.__name__.lower()


def vectors() -> list[dict[str, Any]]:
    """The published vectors: a submission as sent, its canonical form and the hash of that."""
    found = []
    for name, sent in SENT.items():
        submission = decode_submission(json.dumps(sent).encode())
        canonical = encode_submission(submission).decode()
        found.append({"name": name, "sent": sent, "canonical": canonical, "sha256": content_hash(submission).hex()})
    return found


def published() -> str:
    """The text of the file."""
    return json.dumps({"fields": fields(), "vectors": vectors()}, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(published(), encoding="ascii")
