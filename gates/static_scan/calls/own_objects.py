"""Objects of classes that a file declares: their methods are read there, and called like those of a database."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ast_grep_py import SgNode

from gates.static_scan.code.call_chain import Link
from gates.static_scan.code.languages import PYTHON_CONTAINERS
from gates.static_scan.code.syntax import Syntax

# A name with more values may be anything.
_MAX_VALUES = 4


def is_own_object(root: str, chain: Sequence[Link], syntax: Syntax) -> bool:
    """Whether a chain begins with an object of a class of this file, without bases, that has the method."""
    if not syntax.source.is_python:
        return _is_own_in_javascript(root, chain, syntax)
    if any(link.name == "objects" for link in chain) and _is_container(syntax):
        return True
    values = syntax.assignments.get(root, [])[: _MAX_VALUES + 1]
    return 0 < len(values) <= _MAX_VALUES and all(_is_made(each.value, chain[-1].name, syntax) for each in values)


def _is_own_in_javascript(root: str, chain: Sequence[Link], syntax: Syntax) -> bool:
    """Whether the method is called on an object of such a class, by its name or as a member of `this`."""
    if not chain[-1].name.isidentifier():
        return False
    if root == "this" and len(chain) == 3:
        values = syntax.fields.get(chain[1].name.partition(" ")[0].lstrip("#"), [])
    else:
        given = syntax.assignments.get(root, [])[: _MAX_VALUES + 1]
        values = [each.value for each in given if not each.taken_apart]
        values = values if chain[0].arguments is None or chain[0].is_new else []
    return 0 < len(values) <= _MAX_VALUES and all(_has_method(each, chain[-1].name, syntax) for each in values)


def _has_method(value: SgNode, method: str, syntax: Syntax) -> bool:
    made = value.field("constructor") if value.kind() == "new_expression" else None
    name = syntax.source.name(made) if made is not None and made.kind() == "identifier" else ""
    if not name:
        return False
    if (name, method) not in syntax.own_methods:
        syntax.own_methods[name, method] = _declares(name, method, syntax)
    return syntax.own_methods[name, method]


def _declares(name: str, method: str, syntax: Syntax) -> bool:
    """Whether a class of JavaScript without a base has a method."""
    if f"class {name}" not in syntax.source.text:
        return False
    named = {"has": {"field": "name", "regex": f"^{re.escape(name)}$"}}
    own = syntax.source.root.find({"rule": {"kind": "class_declaration", **named}})  # type: ignore[call-overload]
    if own is None or any(child.kind() == "class_heritage" and "extends" in child.text() for child in own.children()):
        return False
    body = own.field("body")
    members = body.named_children()[:200] if body is not None else []
    names = (each.field("name") or each.field("property") for each in members)
    return any(each is not None and syntax.source.name(each) == method for each in names)


def _is_made(value: SgNode, method: str, syntax: Syntax) -> bool:
    function = value.field("function") if value.kind() == "call" else None
    if function is None or function.kind() != "identifier" or not method.isidentifier():
        return False
    name = syntax.source.name(function)
    if (name, method) not in syntax.own_methods:
        syntax.own_methods[name, method] = _declares_in_python(name, method, f"\n{syntax.source.text}")
    return syntax.own_methods[name, method]


def _declares_in_python(name: str, method: str, text: str) -> bool:
    ends = (":", "():", "(object):")
    start = next((place for end in ends if (place := text.find(f"\nclass {name}{end}")) >= 0), -1)
    if start < 0:
        return False
    end = text.find("\nclass ", start + 1)
    return f"def {method}(" in text[start : end if end > 0 else len(text)]


def _is_container(syntax: Syntax) -> bool:
    """Whether `objects` of a class is a list, and no manager."""
    values = [*syntax.fields.get("objects", []), *(each.value for each in syntax.assignments.get("objects", []))]
    return bool(values) and all(each.kind() in PYTHON_CONTAINERS for each in values[:20])
