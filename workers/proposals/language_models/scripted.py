"""The scripted model: a rule-based stand-in for an AI. It follows the quoted rules in the instruction.

    replace "these words" with "those"
    cut "these words"
    after "these words" add dialogue "a new line"

An instruction may hold several rules; each becomes one hunk. Quoted words select the first line that contains them.
The same prompt always has the same answer. It is for tests and demos, and its name states that it is not an AI.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from workers.proposals.language_models.interface import UNWATCHED, Completion, Message, Watch
from workers.proposals.language_models.prompt import REQUEST

NAME = "scripted-no-ai"

_RULE = re.compile(
    r'replace "(?P<old>[^"]+)" with "(?P<new>[^"]*)"'
    r'|cut "(?P<cut>[^"]+)"'
    r'|after "(?P<after>[^"]+)" add (?P<format>\w+) "(?P<text>[^"]*)"'
)


class ScriptedModel:
    """A model that follows the rules in the instruction."""

    name = NAME

    def complete(self, messages: Sequence[Message], watch: Watch = UNWATCHED) -> Completion:
        """The hunks that the rules in the instruction produce."""
        shown, _, wish = next(message.content for message in messages if message.role == "user").partition(REQUEST)
        lines = [msgspec.json.decode(row) for row in shown.split("\n") if row.startswith('["')]
        answer = msgspec.json.encode({"hunks": list(_hunks(lines, wish))})
        watch.written(len(answer))
        tokens_in = sum(len(message.content.split()) for message in messages)
        return Completion(answer, NAME, tokens_in=tokens_in, tokens_out=len(answer.split()), latency_ms=0)


def _hunks(lines: Sequence[Sequence[str]], wish: str) -> Iterator[dict[str, Any]]:
    for rule in _RULE.finditer(wish):
        words = rule["old"] or rule["cut"] or rule["after"]
        line = next((line for line in lines if words in line[3]), None)
        if line is not None:
            yield {"why": rule[0][:1_000], "edits": [_edit(rule, line)]}


def _edit(rule: re.Match[str], line: Sequence[str]) -> dict[str, Any]:
    name, expect, _, text = line
    if rule["old"]:
        return {"edit": "rewrite", "line": name, "expect": expect, "text": text.replace(rule["old"], rule["new"], 1)}
    if rule["cut"]:
        return {"edit": "delete", "lines": [{"line": name, "expect": expect}]}
    return {"edit": "insert", "after": name, "expect": expect, "lines": [_new_line(rule)]}


def _new_line(rule: re.Match[str]) -> dict[str, str]:
    return {"format": rule["format"], "text": rule["text"]}
