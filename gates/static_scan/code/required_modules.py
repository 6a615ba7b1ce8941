"""What a file uses without an import: the modules that `require` of JavaScript loads, a cursor of Python."""

from __future__ import annotations

from gates.static_scan.code.syntax import Syntax


def required_words(syntax: Syntax) -> set[str]:
    """The words in the names of the modules that a file requires; `.cursor` if it has a cursor of its own."""
    source = syntax.source
    if source.is_python:
        return {".cursor"} if ".cursor(" in source.text else set()
    if "require" not in source.text:
        return set()
    found: set[str] = set()
    for node in source.root.find_all(kind="call_expression", has={"field": "function", "regex": "^require$"}):
        found |= {*syntax.grammar.words(source.slice(node)[:200])}
    return found
