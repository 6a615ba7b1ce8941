"""The prompt: the instruction, and lines of the script, each with its number and a short hash."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from domain.errors import Rejected
from domain.proposals.model_output import MAX_EDITS, MAX_HUNKS
from domain.proposals.shown_lines import ShownLines
from workers.proposals.language_models.interface import Message

MAX_SHOWN_AGAIN_BYTES = 64 << 10
# What the instruction of a writer begins after.
REQUEST = "What the writer asks for:\n"

SYSTEM = f"""You edit screenplays. You are shown lines of a script, one per row, as a JSON array:
["number", "hash", "format", "text"]. Answer with one JSON object and nothing else: no prose, no code fence.

{{"hunks": [{{"why": "one sentence for the writer", "edits": [
  {{"edit": "rewrite", "line": "12", "expect": "hash", "text": "the new text", "format": null}},
  {{"edit": "insert", "after": "12", "expect": "hash", "lines": [{{"format": "dialogue", "text": "new"}}]}},
  {{"edit": "delete", "lines": [{{"line": "12", "expect": "hash"}}]}},
  {{"edit": "replace", "first": {{"line": "12", "expect": "hash"}}, "last": {{"line": "19", "expect": "hash"}},
   "lines": [{{"format": "action", "text": "the new lines from the first to the last"}}]}}
]}}]}}

A hunk is what the writer takes or refuses as a whole: one idea each, and no two hunks touch the same line. Edits that
only make sense together, such as all of a rename, are one hunk. There are at most {MAX_HUNKS} hunks, {MAX_EDITS} edits
in all of them together and {MAX_EDITS} lines in an edit; "why" has at most 1000 characters. Name lines by their numbers
and copy each hash as it is shown; numbers stay as they are while you edit. "after" and its "expect" are null for the
place before the first row. Rewrite only lines that change. "replace" is for a passage that you write anew, up to a
whole scene. A text holds no line end. A rewrite may change the format; null keeps it. Formats: scene_heading, action,
character, parenthetical, dialogue, lyric, transition, shot, centered, note, general. Do only what you are asked to. No
hunks where there is nothing to do."""


def prompt(shown: ShownLines, version: int, instruction: str) -> list[Message]:
    """The messages for a model: the lines that it may edit, and the instruction."""
    rows = b"\n".join(msgspec.json.encode(row) for row in shown.rows()).decode()
    request = f"The script, at version {version}:\n{rows}\n\n{REQUEST}{instruction}"
    return [Message("system", SYSTEM), Message("user", request)]


def correction(output: bytes, refusal: Rejected, hunk: int | None) -> list[Message]:
    """The messages that return an unusable answer to a model for correction."""
    where = "" if hunk is None else f" in hunk {hunk} (counted from 0)"
    request = f"That cannot be taken{where}: {refusal.message} ({refusal.code}) Send the whole answer again, corrected."
    shown = output[:MAX_SHOWN_AGAIN_BYTES].decode(errors="replace")
    return [Message("assistant", shown), Message("user", request)]


def prompt_sha256(messages: list[Message]) -> str:
    """A digest that identifies a prompt: 64 hex digits."""
    return sha256(msgspec.json.encode(messages)).hexdigest()
