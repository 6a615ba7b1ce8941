"""Bad submissions: by refusal class, the input and a part of its message."""

from __future__ import annotations

import json
from typing import Any

from domain.script.validation import MAX_TEXT_BYTES
from domain.submissions.submission import MAX_COMMANDS, MAX_SUBMISSION_BYTES

ORIGIN = {"table": "script_versions", "key": "17"}
EDIT = {"kind": "line.edit", "line": "a", "text": "x"}


def sent(*commands: Any, **frame: Any) -> bytes:
    """A submission as bytes, valid except for the given fields."""
    given = {"script_id": 1, "submission_id": "s1", "author": "user", "base_version": 1} | frame
    return json.dumps(given | {"commands": list(commands)}).encode()


def edit(**fields: Any) -> bytes:
    return sent(EDIT | fields)


def beat(payload: Any) -> bytes:
    return sent({"kind": "element.add", "element": {"id": "e", "type": "beat", "payload": payload}})


def new_lines(*given: dict[str, Any]) -> bytes:
    return sent({"kind": "lines.insert", "after": "a", "before": "b", "lines": list(given)})


def backfilled(**fields: Any) -> bytes:
    return sent(EDIT, author="backfill", cause={"origin": ORIGIN | fields})


AT_THE_DOOR: dict[str, list[tuple[bytes, str]]] = {
    "Undecodable": [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (edit() + b"x", "trailing"),
        (b"\xef\xbb\xbf" + edit(), "byte 0"),
        (edit().replace(b'"x"', b'"\xff"'), "utf-8"),
        (edit().replace(b'"x"', b'"\xed\xa0\x80"'), "utf-8"),
        (beat({"a": 0}).replace(b"0", b"NaN"), "malformed"),
        (beat({"a": 0}).replace(b"0", b"-Infinity"), "malformed"),
    ],
    "UnknownField": [
        (edit(colour="red"), "commands[0]: Object contains unknown field `colour`"),
        (sent(EDIT, colour="red"), "the submission: Object contains unknown field `colour`"),
        (new_lines({"id": "x", "format": "action", "text": "", "bold": True}), "commands[0].lines[0]"),
        (sent(EDIT, cause={"mood": "bad"}), "cause"),
        (backfilled(column="text"), "cause.origin: Object contains unknown field `column`"),
    ],
    "MissingField": [
        (sent({"kind": "line.edit"}), "commands[0]: Object missing required field `line`"),
        (sent({"line": "a"}), "commands[0]: Object missing required field `kind`"),
        (b"{}", "the submission: Object missing required field `script_id`"),
    ],
    "WrongType": [
        (edit(text=5), "commands[0].text has the wrong type or value: Expected `str`, got `int`"),
        (edit(text=None), "commands[0].text"),
        (edit(format="haiku"), "commands[0].format"),
        (edit(attrs={"dual": 1.5}), "commands[0].attrs"),
        (edit(attrs={"dual": None}), "commands[0].attrs"),
        (edit(kind=5), "commands[0].kind"),
        (sent({"kind": "line.splice", "line": "a", "at": True}), "commands[0].at"),
        (sent({"kind": "line.splice", "line": "a", "at": 1.0}), "commands[0].at"),
        (sent({"kind": "line.splice", "line": "a", "at": -1}), "commands[0].at"),
        (sent({"kind": "line.splice", "line": "a", "at": 1 << 53}), "commands[0].at"),
        (sent({"kind": "line.splice", "line": "a", "at": 10**300}), "commands[0].at"),
        (
            sent({"kind": "line.splice", "line": "a", "at": 0}).replace(b": 0}", b": " + b"9" * 5_000 + b"}"),
            "commands[0].at",
        ),
        (beat({"a": 0}).replace(b"0", b"1e999"), "commands[0].element.payload"),
        (beat([]), "commands[0].element.payload"),
        (sent({"kind": "lines.delete", "lines": [[]]}), "commands[0].lines[0]"),
        (sent({"kind": "script.create", "title": "x", "owner": 1 << 53}), "commands[0].owner"),
        (backfilled(number=1 << 53), "cause.origin.number"),
        (backfilled(author="backfill"), "cause.origin.author"),
        (sent(EDIT, base_version=-1), "base_version"),
        (sent(EDIT, author="robot"), "author"),
        (b"null", "the submission"),
        (b"[" * 1_000_000, "the submission"),
    ],
    "UnknownKind": [
        (
            edit(kind="line.paint"),
            "commands[0].kind names no known kind of command: Invalid value 'line.paint'",
        ),
        (edit(kind="Object contains unknown field"), "commands[0].kind"),
        (edit().replace(b'"line": "a"', b'"kind": "lines.delete", "line": "a"'), "commands[0].kind"),
    ],
    "LoneSurrogate": [
        (edit(text="\ud800"), "the submission holds half of a surrogate pair"),
        (edit(text="\udc00 and more text behind it"), "the submission"),
        (edit(text="\ud800\ud800"), "the submission"),
        (edit(text="\\\ud83d"), "the submission"),
    ],
    "SubmissionTooLarge": [(b" " * (MAX_SUBMISSION_BYTES + 1), f"has {MAX_SUBMISSION_BYTES + 1} bytes")],
    "TooManyCommands": [(sent(*[EDIT] * (MAX_COMMANDS + 1)), f"has {MAX_COMMANDS + 1} commands")],
    "NoCommands": [(sent(), "no commands")],
    "BadId": [
        (new_lines({"id": "a b", "format": "action", "text": ""}), "commands[0].lines[0].id is 'a b'"),
        (new_lines({"id": "", "format": "action", "text": ""}), "commands[0].lines[0].id is ''"),
        (new_lines({"id": "x" * 65, "format": "action", "text": ""}), "commands[0].lines[0].id"),
        (new_lines({"id": "é", "format": "action", "text": ""}), "commands[0].lines[0].id"),
        (edit(line="x" * 100_000), "commands[0].line is"),
        (
            sent(
                {
                    "kind": "lines.insert",
                    "after": "",
                    "before": None,
                    "lines": [{"id": "x", "format": "note", "text": ""}],
                }
            ),
            "commands[0].after is ''",
        ),
        (sent({"kind": "lines.delete", "lines": [["a/b"]]}), "commands[0].lines is 'a/b'"),
        (sent({"kind": "element.remove", "element": "a/b"}), "commands[0].element is 'a/b'"),
        (sent(EDIT, submission_id="no spaces"), "submission_id is 'no spaces'"),
        (sent(EDIT, after_submission=""), "after_submission is ''"),
    ],
    "DuplicateId": [
        (new_lines(*[{"id": "x", "format": "action", "text": ""}] * 2), "commands[0].lines names 'x' twice"),
        (sent({"kind": "lines.delete", "lines": [["a"], ["a"]]}), "commands[0].lines names 'a' twice"),
        (
            sent({"kind": "script.replace", "lines": ["a", {"id": "a", "format": "note", "text": ""}]}),
            "commands[0].lines",
        ),
        (
            sent(
                {
                    "kind": "script.restore",
                    "version": 1,
                    "lines": [],
                    "metadata": {"title": "x", "status": "draft"},
                    "elements": [{"id": "e", "type": "beat", "payload": {}}] * 2,
                }
            ),
            "commands[0].elements names 'e' twice",
        ),
    ],
    "TextTooLong": [
        (edit(text="x" * (MAX_TEXT_BYTES + 1)), f"commands[0].text has {MAX_TEXT_BYTES + 1} bytes"),
        (edit(text="é" * (MAX_TEXT_BYTES // 2 + 1)), "commands[0].text"),
        (beat({"a": ["x" * 600_000, "x" * 600_000]}), "commands[0].element.payload"),
    ],
    "ControlCharacter": [
        (edit(text="a\x00b"), "commands[0].text holds the control character U+0000 at position 1"),
        (edit(text="\x7f"), "U+007F"),
        (edit(text="\x85"), "U+0085"),
        (edit(attrs={"note": "\x1b"}), "commands[0].attrs.note"),
        (beat({"a": [{"b": "\x0b"}]}), "commands[0].element.payload.a[0].b"),
        (sent(EDIT, actor="\x08"), "actor"),
        (sent(EDIT, cause={"prompt": "say\x00"}), "cause.prompt"),
        (backfilled(actor="\x1b[2J"), "cause.origin.actor"),
    ],
    "LineEndInText": [
        (edit(text="one\ntwo"), "commands[0].text holds a line end at position 3"),
        (edit(text="one\r"), "commands[0].text"),
        (sent({"kind": "line.splice", "line": "a", "at": 0, "insert": "\n"}), "commands[0].insert"),
        (sent(EDIT, cause={"run_id": "a\nb"}), "cause.run_id"),
    ],
    "BadSeparator": [
        (edit(sep=" "), "commands[0].sep"),
        (edit(sep="\n" * 1_001), "commands[0].sep"),
        (edit(sep="\u2028"), "commands[0].sep"),
    ],
    "BadMetadata": [
        (
            sent({"kind": "script.set_metadata", "fields": {"title": None}}),
            "'title': must be text",
        ),
        (sent({"kind": "script.set_metadata", "fields": {"status": "burnt"}}), "'status': must be one of draft"),
        (sent({"kind": "script.set_metadata", "fields": {"archived": True}}), "'archived': is set by other commands"),
        (sent({"kind": "script.set_metadata", "fields": {"title": "x" * 501}}), "'title': has 501 characters"),
        (sent({"kind": "script.set_metadata", "fields": {"pages": 1 << 53}}), "'pages'"),
        (sent({"kind": "script.set_metadata", "fields": {"Draft Date": "x"}}), "'Draft Date'"),
        (sent({"kind": "script.set_metadata", "fields": {"title": "a\nb"}}), "'title'"),
        (sent({"kind": "script.set_metadata", "fields": {"tags": ["a\u0000b"]}}), "'tags'"),
        (sent({"kind": "script.set_metadata", "fields": {"tags": [""] * 1001}}), "'tags': has 1001 entries"),
        (sent({"kind": "script.restore", "version": 1, "lines": [], "metadata": {}}), "'title': cannot be missing"),
    ],
    "BadPayload": [
        (beat({"a": 1 << 53}), "commands[0].element.payload.a: numbers"),
        (beat({"a": -1e300}), "commands[0].element.payload.a: numbers"),
        (beat({"a": 10**300}), "commands[0].element.payload.a: numbers"),
        (beat({"x" * 201: 1}), "commands[0].element.payload: names"),
        (beat({"a": json.loads("[" * 40 + "]" * 40)}), "nested more than 32 deep"),
        (beat({"a": json.loads("[" * 900 + "]" * 900)}), "nested more than 32 deep"),
        (beat({"a": []}).replace(b"[]", b"[" * 5_000 + b"]" * 5_000), "nested more than 32 deep"),
        (edit(attrs={"Dual": 1}), "commands[0].attrs: 'Dual'"),
        (edit(attrs={"dual": 1 << 53}), "commands[0].attrs.dual"),
        (edit(attrs={f"a{number}": 1 for number in range(33)}), "commands[0].attrs: at most 32"),
        (edit(expect="ABCDEF012345"), "commands[0].expect: 'ABCDEF012345' is not a hash"),
        (edit(expect="0" * 64), "commands[0].expect"),
        (new_lines(), "commands[0].lines: nothing to insert"),
        (sent({"kind": "lines.delete", "lines": []}), "commands[0].lines: nothing to delete"),
        (sent({"kind": "lines.move", "lines": [], "after": None, "before": "a"}), "commands[0].lines: nothing to move"),
        (sent({"kind": "version.label", "name": " ", "version": 1}), "commands[0].name"),
        (
            sent({"kind": "script.create", "title": "x", "metadata": {f"a{n}": n for n in range(63)}}),
            "at most 64 fields",
        ),
        (sent(EDIT, script_id=0), "script_id"),
        (sent(EDIT, script_id=1 << 53), "script_id"),
        (sent(EDIT, actor="x" * 121), "actor"),
        (sent(EDIT, cause={"prompt_sha256": "abc"}), "cause.prompt_sha256"),
        (sent(EDIT, cause={"model": "x" * 121}), "cause.model: has more than 120 characters"),
        (sent(*[EDIT] * 1_000, cause={"prompt": "x" * 20_000}), "cause.prompt: too long to store with each of 1000"),
        (sent(EDIT, cause={"origin": ORIGIN}), "cause.origin: may be sent by the author backfill only"),
        (backfilled(table=""), "cause.origin.table: must not be empty"),
        (backfilled(key=""), "cause.origin.key: must not be empty"),
        (backfilled(table="t" * 65), "cause.origin.table: has more than 64 characters"),
        (backfilled(key="k" * 201), "cause.origin.key: has more than 200 characters"),
        (backfilled(actor="a" * 121), "cause.origin.actor: has more than 120 characters"),
    ],
    "AuthorIncomplete": [
        (sent(EDIT, author="ai"), "must name model, run_id, and prompt"),
        (sent(EDIT, author="ai", cause={"model": "m", "run_id": "r"}), "must name"),
    ],
    "NotForAi": [
        (
            sent({"kind": "script.archive"}, author="ai", cause={"model": "m", "run_id": "r", "prompt": "p"}),
            "may not send 'script.archive'",
        ),
        (
            sent(
                {"kind": "version.label", "name": "White", "version": 1, "unlock": True},
                author="ai",
                cause={"model": "m", "run_id": "r", "prompt": "p"},
            ),
            "may not send 'version.label'",
        ),
    ],
    "MoveIntoItself": [
        (
            sent({"kind": "lines.move", "lines": [["a"]], "after": "a", "before": None}),
            "Line 'a' cannot be both moved and the place to move to",
        )
    ],
}
