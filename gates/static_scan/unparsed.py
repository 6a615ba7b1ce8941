"""Places of a file that the parser does not read."""

from __future__ import annotations

from gates.static_scan.code.syntax import Syntax
from gates.static_scan.touchpoint import Unread


def unparsed(syntax: Syntax) -> list[Unread]:
    """The places of a file where the parser gave up."""
    source = syntax.source
    sentence = "This part does not parse: what it does to the database is not known."
    lines = dict.fromkeys(source.line_of(index) for index in syntax.errors())
    names = dict.fromkeys(source.line_of(index) for index in syntax.escaped_names()[:100])
    escaped = "A name is written with escapes: what it reaches is not known."
    return [
        *(Unread(source.file, line, "unparsed", sentence) for line in lines),
        *(Unread(source.file, line, "escaped_name", escaped) for line in names),
    ]
