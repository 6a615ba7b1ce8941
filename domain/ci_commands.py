"""Commands that a CI system reads off the output of a job, and untrusted text that holds none.

GitHub Actions takes a line that begins with `::name::` for a command, and `##[name]` anywhere; Azure Pipelines takes
`##vso[name]` and TeamCity `##teamcity[name]` anywhere in a line. Code that is only read must not give commands to the
job that reads it.
"""

from __future__ import annotations

import re

_MARKER = re.compile(r"##(?=[\w.-]{0,60}\[)")
_LINE = re.compile(r"^([^\S\n]*)::", re.MULTILINE)


def without_commands(text: str) -> str:
    """A text in which a CI system finds no command."""
    if "::" in text:
        text = _LINE.sub(r"\1. ::", text)
    return _MARKER.sub("# #", text) if "##" in text else text


def json_without_commands(json: str) -> str:
    """An equivalent JSON document: the second sign of `##`, which only texts hold, is escaped."""
    return json.replace("##", "#\\u0023")
