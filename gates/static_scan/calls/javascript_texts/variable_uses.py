"""The uses of the variables and functions of one JavaScript file, and where a name is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ast_grep_py import SgNode

from gates.static_scan.code.syntax import Syntax

MAX_PLACES = 400
FUNCTIONS = frozenset({"arrow_function", "function_expression", "function_declaration", "generator_function"})
_SCOPES = FUNCTIONS | {
    "statement_block",
    "for_in_statement",
    "method_definition",
    "program",
    "switch_body",
    "class_body",
}
_DECLARES = ("lexical_declaration", "formal_parameters", "for_in_statement", "arrow_function")
_VARIABLES = ("identifier", "shorthand_property_identifier")
_MEMBERS = ("private_property_identifier", "property_identifier")


class VariableUses:
    """Finds the uses of names; it reads the file when it is asked first.

    A name that stands in very many places has none: nothing is known of what uses it.
    """

    def __init__(self, syntax: Syntax) -> None:
        self._syntax = syntax
        self._source = syntax.source
        self._functions: dict[str, SgNode | None] = {}
        self._found: dict[tuple[str, ...], dict[str, list[SgNode]]] = {}

    def of_variable(self, name: SgNode) -> list[SgNode]:
        """The uses of a variable, a parameter or a function, by one of its places."""
        found = self._of(self._source.name(name))
        if len(found) > MAX_PLACES:
            return []
        scope = _scope(name)
        return [each for each in found if each.range().start.index in scope and not is_declared(each)]

    def is_unused(self, name: SgNode) -> bool:
        """Whether a variable has no use in the file."""
        return len(self._of(self._source.name(name))) <= MAX_PLACES and not self.of_variable(name)

    def is_exported(self, name: SgNode) -> bool:
        """Whether a variable is exported where it is declared."""
        declared = [each for each in self._of(self._source.name(name))[: MAX_PLACES + 1] if is_declared(each)]
        return any(around.kind() == "export_statement" for each in declared for around in each.ancestors()[:4])

    def is_own_container(self, owner: SgNode) -> bool:
        """Whether a name is that of a list, a set or a map that the file makes, and does not export."""
        if owner.kind() != "identifier":
            return False
        values = self._syntax.assignments.get(self._source.name(owner), [])
        made = [self._source.slice(each.value)[:12].removeprefix("new ") for each in values]
        is_own = bool(made) and all(text.startswith(("[", "Map", "Set", "WeakMap", "WeakSet")) for text in made)
        return is_own and not self.is_exported(owner)

    def of_member(self, name: str) -> list[SgNode]:
        """The expressions that name a member: `this.hint`, `Help.hint`."""
        found = self._of(name, _MEMBERS)
        parents = (each.parent() for each in (found if len(found) <= MAX_PLACES else ()))
        return [parent for parent in parents if parent is not None and parent.kind() == "member_expression"]

    def function(self, name: str) -> SgNode | None:
        """The function that a name stands for; None if it is another one, or if it takes what it gets as a list."""
        if name not in self._functions:
            self._functions[name] = self._function(name)
        return self._functions[name]

    def _function(self, name: str) -> SgNode | None:
        declared = [each.parent() for each in self._of(name)[: MAX_PLACES + 1] if is_declared(each)]
        function = declared[0] if len(declared) == 1 else None
        if function is not None and function.kind() == "variable_declarator":
            function = function.field("value")
        if function is None or function.kind() not in FUNCTIONS or "arguments" in self._source.slice(function):
            return None
        return function

    def _of(self, name: str, kinds: tuple[str, ...] = _VARIABLES) -> list[SgNode]:
        if kinds not in self._found:
            by_name: dict[str, list[SgNode]] = defaultdict(list)
            given = {"any": [{"kind": kind} for kind in kinds]}
            for node in self._source.root.find_all({"rule": given}):  # type: ignore[call-overload]
                by_name[self._source.name(node)].append(node)
            self._found[kinds] = by_name
        return self._found[kinds].get(name, [])


def parameter_of(function: SgNode, place: int) -> SgNode | None:
    """The name or pattern of a parameter, without its type and default."""
    listed = function.field("parameters") or function.field("parameter")
    if listed is None or listed.kind() == "identifier":
        return listed if place == 0 else None
    given = [each for each in listed.children() if each.is_named() and each.kind() != "comment"]
    parameter = given[place] if place < len(given) else None
    return None if parameter is None else parameter.field("pattern") or parameter.field("left") or parameter


def is_declared(use: SgNode) -> bool:
    """Whether a name gets its meaning there."""
    parent = use.parent()
    if parent is None:
        return False
    named = parent.field("name") or parent.field("pattern") or parent.field("parameter")
    if named is not None and named == use:
        return not parent.kind().startswith(("jsx_", "export_"))
    if parent.kind() in ("formal_parameters", "array_pattern", "rest_pattern"):
        return True
    return parent.kind() in ("assignment_pattern", "for_in_statement") and parent.field("left") == use


def _scope(name: SgNode) -> range:
    """Where a name that is declared there may be used; everywhere, if it is declared elsewhere."""
    around = name.ancestors()
    kinds = [each.kind() for each in around]
    first = next((at for at, kind in enumerate(kinds) if kind in _DECLARES), None)
    block = around[-1]
    if first is not None and not any(kind.endswith(("statement", "body", "block")) for kind in kinds[:first]):
        block = next((each for each in around[first:] if each.kind() in _SCOPES), block)
    place = block.range()
    return range(place.start.index, place.end.index)


def is_export(around: Sequence[SgNode], within: int = 2) -> bool:
    """Whether one of the innermost nodes around a declaration exports it."""
    return any(each.kind() == "export_statement" for each in around[:within])


def text_of(node: SgNode, field: str) -> str:
    """The text of a field of a node; empty without one."""
    found = node.field(field)
    return found.text() if found is not None else ""


def is_in_clause(name: SgNode) -> bool:
    """Whether a name stands in an import, or is exported again."""
    parent = name.parent()
    return parent is not None and parent.kind().startswith(("import_", "export_", "namespace_import"))
