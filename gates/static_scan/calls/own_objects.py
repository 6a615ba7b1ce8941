"""Objects of classes that a file declares: their methods are read there, and called like those of a database."""

from __future__ import annotations

from collections.abc import Sequence

from ast_grep_py import SgNode

from gates.static_scan.code.call_chain import Link
from gates.static_scan.code.syntax import Syntax

_CONTAINERS = frozenset(
    "list dictionary set tuple list_comprehension dictionary_comprehension set_comprehension".split()
)


def is_own_object(root: str, chain: Sequence[Link], syntax: Syntax) -> bool:
    """Whether a chain of Python begins with an object of a class of this file, without bases, that has the method."""
    if not syntax.source.is_python:
        return False
    if any(link.name == "objects" for link in chain) and _is_container(syntax):
        return True
    values = syntax.assignments.get(root, [])
    return bool(values) and all(_is_made(each.value, chain[-1].name, syntax) for each in values[:4])


def _is_made(value: SgNode, method: str, syntax: Syntax) -> bool:
    function = value.field("function") if value.kind() == "call" else None
    if function is None or function.kind() != "identifier" or not method.isidentifier():
        return False
    text, name = syntax.source.text, syntax.source.name(function)
    ends = (":", "():", "(object):")
    start = next((place for end in ends if (place := f"\n{text}".find(f"\nclass {name}{end}")) >= 0), -1)
    if start < 0:
        return False
    end = text.find("\nclass ", start + 1)
    return f"def {method}(" in text[start : end if end > 0 else len(text)]


def _is_container(syntax: Syntax) -> bool:
    """Whether `objects` of a class is a list, and no manager."""
    values = [*syntax.fields.get("objects", []), *(each.value for each in syntax.assignments.get("objects", []))]
    return bool(values) and all(each.kind() in _CONTAINERS for each in values[:20])
