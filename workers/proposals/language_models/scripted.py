"""The scripted model: no intelligence, only rules. It does what quoted words in the instruction tell it.

    replace "these words" with "those"
    cut "these words"
    after "these words" add dialogue "a new line"

Several such, one behind the other, each a hunk of its own. Words name the first line that holds them. The same prompt
has the same answer, for ever: for tests, demos and a first look, and clearly named as what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from workers.proposals.language_models.interface import Completion, Message

NAME = "scripted-no-ai"

_RULE = re.compile(
    r'replace "(?P<old>[^"]+)" with "(?P<new>[^"]*)"'
    r'|cut "(?P<cut>[^"]+)"'
    r'|after "(?P<after>[^"]+)" add (?P<format>\w+) "(?P<text>[^"]*)"'
)
_WISH = "What the writer asks for:\n"


class ScriptedModel:
    """Follows rules."""

    name = NAME

    def complete(self, messages: Sequence[Message]) -> Completion:
        """What the rules in the instruction come to."""
        shown, _, wish = next(each.content for each in messages if each.role == "user").rpartition(_WISH)
        lines = [msgspec.json.decode(row) for row in shown.split("\n") if row.startswith('["')]
        answer = msgspec.json.encode({"hunks": list(_hunks(lines, wish))})
        asked = sum(len(each.content.split()) for each in messages)
        return Completion(answer, NAME, tokens_in=asked, tokens_out=len(answer.split()), latency_ms=0)


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
        return {"edit": "delete", "lines": [[name, expect]]}
    return {"edit": "insert", "after": name, "lines": [{"format": rule["format"], "text": rule["text"]}]}
