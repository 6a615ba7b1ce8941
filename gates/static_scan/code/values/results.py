"""What the functions of a file of Python return."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from ast_grep_py import SgNode

from gates.static_scan.code.syntax import Function, Part, Syntax, named_parts

MAX_FUNCTIONS = 8
# Decorators that leave the result of a function as it is.
_PLAIN = frozenset(
    """property staticmethod classmethod cached_property cache lru_cache override final abstractmethod overload
    typechecked beartype""".split()
)
_PROPERTIES = frozenset({"property", "cached_property"})


class Result(NamedTuple):
    """A function with the expressions that it returns."""

    function: Function
    node: SgNode
    returned: list[SgNode]
    is_property: bool = False


class Results:
    """The results of the functions of one file."""

    def __init__(self, syntax: Syntax) -> None:
        self._syntax = syntax

    def of(self, name: str) -> list[Result] | None:
        """The functions of a name with what they return; None if that is not known of all of them."""
        functions = self._functions.get(name, [])
        if not 0 < len(functions) <= MAX_FUNCTIONS:
            return None
        found: list[Result] = []
        for part in functions:
            marks = self._decorators(part)
            returned = self._returned.get(part.start, [])
            if part.function is None or not returned or not marks <= _PLAIN:
                return None
            found.append(Result(part.function, part.node, returned, bool(marks & _PROPERTIES)))
        return found

    def _decorators(self, part: Part) -> set[str]:
        outer = part.node.parent() if "@" in self._syntax.source.text else None
        if outer is None or outer.kind() != "decorated_definition":
            return set()
        marks = (self._syntax.source.slice(each)[1:120] for each in outer.children() if each.kind() == "decorator")
        return {mark.partition("(")[0].strip().rpartition(".")[2] for mark in marks}

    @cached_property
    def _functions(self) -> Mapping[str, list[Part]]:
        found: dict[str, list[Part]] = defaultdict(list)
        for part in self._syntax.parts:
            if part.kind == "function_definition" and part.function is not None:
                found[part.function.name].append(part)
        return found

    @cached_property
    def _returned(self) -> Mapping[int, list[SgNode]]:
        """What functions return, by their places."""
        found: dict[int, list[SgNode]] = defaultdict(list)
        for part in self._syntax.parts:
            if part.kind == "return_statement" and part.function is not None and (values := named_parts(part.node)):
                found[part.function.start].append(values[0])
        return found


def given_to_parameters(result: Result, given: Sequence[SgNode]) -> dict[str, SgNode]:
    """The value that each parameter of a function gets from a call."""
    found: dict[str, SgNode] = {}
    for place, each in enumerate(given):
        if each.kind() == "keyword_argument":
            name, value = each.field("name"), each.field("value")
            if name is not None and value is not None:
                found[name.text()] = value
        elif each.kind() in ("list_splat", "dictionary_splat"):
            break
        elif place < len(result.function.parameters):
            found[result.function.parameters[place]] = each
    return found


def defaults_of(result: Result) -> dict[str, SgNode]:
    """The defaults of the parameters of a function."""
    listed = result.node.field("parameters")
    found: dict[str, SgNode] = {}
    for each in named_parts(listed) if listed is not None else ():
        name, value = each.field("name"), each.field("value")
        if name is not None and value is not None:
            found[name.text()] = value
    return found
