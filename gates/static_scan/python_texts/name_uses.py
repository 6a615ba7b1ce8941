"""The uses of names, members and results of functions: in their function or class, their file, and its importers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ast_grep_py import SgNode

from gates.static_scan.code.name_words import words_of
from gates.static_scan.code.syntax import Function, owner_of_parameter
from gates.static_scan.python_texts.declarations import (
    PATTERNS,
    bases_of,
    decorators_of,
    enclosing,
    is_definition,
    is_shown_by_decorator,
    knows_subclasses,
    metaclasses_of,
    name_of,
)
from gates.static_scan.python_texts.passed_on import is_passed_on, is_read_by_name
from gates.static_scan.python_texts.tree_names import MAX_FILES, MAX_USES, ParsedFile, TreeNames
from gates.static_scan.word_lists import word_lists

_SCOPES = (
    "function_definition",
    "lambda",
    "class_definition",
    "list_comprehension",
    "set_comprehension",
    "dictionary_comprehension",
    "generator_expression",
)


class Use(NamedTuple):
    """An expression whose value holds the text."""

    file: ParsedFile
    node: SgNode


class NotFollowedError(Exception):
    """The text may be run."""


class NameUses:
    """Finds the uses of the names that get one text; a name is followed once.

    Its methods raise NotFollowedError where code that is not seen may get the text, or a name has too many uses.
    """

    def __init__(self, tree: TreeNames) -> None:
        self._tree = tree
        self._words = word_lists("python_texts")
        self._names: set[tuple[str, ...]] = set()
        self._is_for_people = False
        # How many places were looked at.
        self.looked_at = 0

    def of_target(self, file: ParsedFile, target: SgNode | None) -> Iterable[Use]:
        """The uses of what gets the value: names, a member of the own object, a container."""
        if target is None:
            raise NotFollowedError
        kind = target.kind()
        if kind == "subscript":
            key = target.field("subscript")
            if key is not None and file.source.slice(key).strip("'\"") in self._words["run_by_drivers"]:
                raise NotFollowedError
            return self.of_target(file, target.field("value"))
        if kind == "call":  # `found.setdefault(key, [])`
            function = target.field("function")
            return self.of_target(file, function.field("object") if function is not None else None)
        if kind == "attribute":
            owner, member = target.field("object"), target.field("attribute")
            name = file.source.name(member) if member is not None else ""
            if name in self._words["shown"] or name == "__doc__":
                return self.of_members(file, name) if owner is not None and owner.text() in ("self", "cls") else ()
            if owner is None or owner.text() not in ("self", "cls"):
                raise NotFollowedError
            made = enclosing(target, ("class_definition",))
            if made is not None and not self.has_known_bases(file, made):
                raise NotFollowedError
            return self.of_members(file, name)
        if kind in PATTERNS:
            return [use for each in target.children() if each.is_named() for use in self.of_target(file, each)]
        if kind != "identifier":
            raise NotFollowedError
        return self._name(file, target, file.source.name(target))

    def _name(self, file: ParsedFile, node: SgNode, name: str) -> list[Use]:
        """The uses of a name that gets the value: in its function, its class, or everywhere."""
        self._is_for_people = self._is_for_people or bool({*words_of(name)} & self._words["for_people"])
        scope = enclosing(node, _SCOPES)
        if scope is not None and "comprehension" in scope.kind() and _is_walrus(node):
            scope = enclosing(node, ("function_definition", "class_definition"))
        if scope is not None and (declared := _declared_outside(file, name, scope)):
            outer = (each for each in node.ancestors() if each.kind() == "function_definition")
            scope = None if declared == "global_statement" else list(outer)[-1]
        if scope is None:
            return self._everywhere(file, name)
        if scope.kind() != "class_definition":
            return self.in_range(file, name, scope)
        if name not in self._words["shown"] and not self._is_own_class(file, scope):
            raise NotFollowedError
        found = [*self.in_range(file, name, scope), *self.of_members(file, name)]
        if self._is_enumeration(file, scope):
            found += [*self.in_range(file, "self", scope), *self._everywhere(file, name_of(scope, "name", file))]
        return found

    def _is_own_class(self, file: ParsedFile, made: SgNode) -> bool:
        """Whether only code of the tree that names a member of a class takes it."""
        outer = enclosing(made, ("class_definition",))
        if outer is not None and not self.has_known_bases(file, outer):
            return False  # `class Meta`
        name = name_of(made, "name", file)
        if name in self._tree.taken_apart or not self.has_known_bases(file, made):
            return False
        return self._is_enumeration(file, made) or not is_passed_on(self._tree, file, name)

    def _is_enumeration(self, file: ParsedFile, made: SgNode) -> bool:
        return any(each.endswith(("Enum", "Flag", "Choices")) for each in bases_of(made, file))

    def of_members(self, file: ParsedFile, name: str) -> list[Use]:
        """The uses of a member of a name, of any object of the tree."""
        if not self._is_new("member", name):
            return []
        if file.takes_any_member or name in self._tree.quoted:
            raise NotFollowedError
        found = []
        for other in self._few(name):
            found += [Use(other, each) for each in self._few_of(other.attributes(name)) if not is_definition(each)]
        return found

    def _everywhere(self, file: ParsedFile, name: str) -> list[Use]:
        """The uses of a name of a module, in its file and in those that import it."""
        if not self._is_new("name", file.source.file, name):
            return []
        is_taken = file.takes_any_name or name in self._tree.quoted or file.module in self._tree.taken_apart
        is_taken = is_taken or file.module in self._tree.loaded
        if is_taken or not name.isascii() or is_read_by_name(file) or is_passed_on(self._tree, file, file.module):
            raise NotFollowedError
        local = {each.function for each in file.syntax.assignments.get(name, []) if each.function is not None}
        if f"global {name}" in file.source.text:
            local.clear()
        identifiers = self._few_of(file.identifiers(name))
        found = [Use(file, each) for each in identifiers if _is_of_module(file, each, name, local)]
        others = [*self._few(name), *map(self._tree.file, self._tree.takers_of_all[:MAX_FILES])]
        for other in others:
            if other.source.file != file.source.file:
                found += self._imported(file, other, name)
        if not found and self._tree.loads_modules:
            raise NotFollowedError
        return found

    def _imported(self, file: ParsedFile, other: ParsedFile, name: str) -> list[Use]:
        found: list[Use] = []
        for alias, imported in other.imported:
            if imported.name == name and file.gives(imported):
                found += self._everywhere(other, alias)
        if any(map(file.gives, other.everything)):
            found += self._everywhere(other, name)
        found += [Use(other, each) for each in other.attributes(name) if not is_definition(each)]
        return found

    def _is_new(self, *key: str) -> bool:
        is_new = key not in self._names
        self._names.add(key)
        return is_new

    def _few_of(self, found: list[SgNode]) -> list[SgNode]:
        self.looked_at += len(found)
        if len(found) > MAX_USES:
            raise NotFollowedError
        return found

    def in_range(self, file: ParsedFile, name: str, scope: SgNode) -> list[Use]:
        """The uses of a name within a function, a class or a comprehension."""
        start, end = scope.range().start.index, scope.range().end.index
        found = [each for each in self._few_of(file.identifiers(name)) if start <= each.range().start.index < end]
        return [Use(file, each) for each in found if not is_definition(each) and not _is_member(each)]

    def of_result(self, file: ParsedFile, statement: SgNode) -> list[Use]:
        """The uses of what a function returns or yields."""
        function = enclosing(statement, ("function_definition", "lambda"))
        if function is None or function.kind() == "lambda":
            raise NotFollowedError
        name = name_of(function, "name", file)
        if name in self._words["special_methods"] or (file.is_test and name.startswith("test")):
            return []
        if not self.is_plain(file, function):
            raise NotFollowedError
        scope = enclosing(function, ("function_definition", "class_definition"))
        is_shown = bool({*words_of(name)} & self._words["for_people"])
        is_shown = is_shown or is_shown_by_decorator(function, file)
        if scope is not None and scope.kind() == "function_definition":
            return self.in_range(file, name, scope)
        if scope is not None and not is_shown and not self.has_known_bases(file, scope):
            raise NotFollowedError
        is_new = (("name", file.source.file, name) if scope is None else ("member", name)) not in self._names
        found = self._everywhere(file, name) if scope is None else self.of_members(file, name)
        if is_new and not found and not (is_shown or self._is_for_people):
            raise NotFollowedError  # others call it
        return found

    def is_plain(self, file: ParsedFile, function: SgNode) -> bool:
        """Whether nothing but its callers gets what a function returns."""
        known = self._words["decorators"] | self._words["showing_decorators"]
        return all(each in known for each in decorators_of(function, file))

    def has_known_bases(self, file: ParsedFile, made: SgNode, depth: int = 0) -> bool:
        """Whether all that a class extends is in the tree, or uses none of its members."""
        if any(each not in self._words["metaclasses"] for each in metaclasses_of(made, file)):
            return False
        for base in bases_of(made, file):
            if base in self._words["bases"] or base.endswith(("Error", "Exception", "Warning", "Enum", "Choices")):
                continue
            found = list(self.declared(file, (base,)))
            if not found or depth > 4 or any(knows_subclasses(other, each) for other, each in found):
                return False
            if not all(self.has_known_bases(other, each, depth + 1) for other, each in found):
                return False
        return all(each in self._words["decorators"] for each in decorators_of(made, file))

    def declared(self, file: ParsedFile, called: tuple[str, ...]) -> Iterator[tuple[ParsedFile, SgNode]]:
        """The functions and classes that a call may mean, with their files: of this file, or else of its imports."""
        name = called[-1]
        if len(called) == 1 or called[0] in ("self", "cls"):
            own = [*file.functions(name), *(file.classes(name) if len(called) == 1 else ())]
            if own:
                yield from ((file, each) for each in own)
                return
        if len(called) == 1 and name in file.imports:
            imported = file.imports[name]
        elif len(called) == 2 and called[0] in file.imports:
            module = file.imports[called[0]]
            imported = module._replace(module=f"{module.module}.{module.name}".rstrip("."), name=name)
        else:
            return
        for other in self._few(imported.name or name):
            if other.gives(imported):
                for each in (*other.functions(imported.name or name), *other.classes(imported.name or name)):
                    yield other, each

    def _few(self, name: str) -> Iterable[ParsedFile]:
        paths = self._tree.paths_with(name)
        if len(paths) > MAX_FILES:
            raise NotFollowedError
        return map(self._tree.file, paths)


def _is_of_module(file: ParsedFile, node: SgNode, name: str, local: set[Function]) -> bool:
    """Whether an identifier is a use of the name of the module, and not of another one of a function."""
    if is_definition(node) or _is_member(node):
        return False
    function = file.syntax.function_at(node.range().start.index)
    if owner_of_parameter(function, name) is not None:
        return False
    return not any(each in local for each in _outward(function))


def _outward(function: Function | None) -> Iterator[Function]:
    while function is not None:
        yield function
        function = function.outer


def _is_member(node: SgNode) -> bool:
    parent = node.parent()
    return parent is not None and parent.kind() == "attribute" and parent.field("attribute") == node


def _declared_outside(file: ParsedFile, name: str, scope: SgNode) -> str:
    """The kind of statement by which a function takes a name of the module, or of a function around it."""
    start, end = scope.range().start.index, scope.range().end.index
    for node in file.identifiers(name)[:MAX_USES]:
        parent = node.parent() if start <= node.range().start.index < end else None
        if parent is not None and parent.kind() in ("global_statement", "nonlocal_statement"):
            return parent.kind()
    return ""


def _is_walrus(node: SgNode) -> bool:
    parent = node.parent()
    return parent is not None and parent.kind() == "named_expression"
