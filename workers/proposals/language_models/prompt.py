"""The prompt: the instruction, and every line of the script with its id and hash."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from domain.errors import Rejected
from domain.proposals.refusals import ScriptTooLongForModel
from domain.script.state import State
from workers.proposals.language_models.interface import Message

MAX_SHOWN_BYTES = 2 << 20
MAX_SHOWN_AGAIN_BYTES = 64 << 10

SYSTEM = """You edit screenplays. You are shown a script, one line of it per row, as a JSON array:
["id", "hash", "format", "text"]. Answer with one JSON object and nothing else: no prose, no code fence.

{"hunks": [{"why": "one sentence for the writer", "edits": [
  {"edit": "rewrite", "line": "id", "expect": "hash", "text": "the new text"},
  {"edit": "insert", "after": "id, or null for the start", "lines": [{"format": "dialogue", "text": "a new line"}]},
  {"edit": "delete", "lines": [["id", "hash"]]}
]}]}

A hunk is what the writer takes or refuses as a whole: keep it small, one idea each, and let no two hunks touch the same
line. Name lines by their ids and copy each hash as it is shown; never count lines. A text holds no line end. A rewrite
may change the format by a field "format". Formats: scene_heading, action, character, parenthetical, dialogue, lyric,
transition, shot, centered, note, general. Do only what you are asked to. No hunks where there is nothing to do."""


def prompt(state: State, instruction: str) -> list[Message]:
    """The messages for a model: the script and the instruction.

    Raises:
        ScriptTooLongForModel: the script exceeds MAX_SHOWN_BYTES.
    """
    rows = [
        msgspec.json.encode((line.id, state.content_hash("line", line.id), line.format, line.text))
        for line in state.lines()
    ]
    size = sum(map(len, rows)) + len(rows)
    if size > MAX_SHOWN_BYTES:
        raise ScriptTooLongForModel(size=size, limit=MAX_SHOWN_BYTES)
    shown = b"\n".join(rows).decode()
    asked = f"The script, at version {state.version}:\n{shown}\n\nWhat the writer asks for:\n{instruction}"
    return [Message("system", SYSTEM), Message("user", asked)]


def correction(output: bytes, refusal: Rejected, hunk: int | None) -> list[Message]:
    """The messages that return an unusable answer to a model for correction."""
    where = "" if hunk is None else f" in hunk {hunk} (counted from 0)"
    request = f"That cannot be taken{where}: {refusal.message} ({refusal.code}) Send the whole answer again, corrected."
    shown = output[:MAX_SHOWN_AGAIN_BYTES].decode(errors="replace")
    return [Message("assistant", shown), Message("user", request)]


def prompt_sha256(messages: list[Message]) -> str:
    """A digest that identifies a prompt: 64 hex digits."""
    return sha256(msgspec.json.encode(messages)).hexdigest()
