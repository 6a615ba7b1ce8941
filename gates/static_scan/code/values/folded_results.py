"""The texts that functions of Python return, in the same file or in one that it imports from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ast_grep_py import SgNode

from gates.static_scan.code.syntax import Function, Syntax
from gates.static_scan.code.text_alternatives import UNKNOWN, Folded, either
from gates.static_scan.code.values.results import Result, Results, defaults_of, given_to_parameters

MAX_BOUND = 60


class Texts(Protocol):
    """The texts of the expressions of one file."""

    results: FoldedResults
    imports: Imports | None

    def fold(self, node: SgNode, depth: int = 0, seen: frozenset[int] = frozenset()) -> Folded:
        """What the text of an expression can be."""

    def constant(self, name: str, depth: int) -> Folded:
        """The text of a name of the file, for another file."""


class Imports(Protocol):
    """What a file imports from others of its tree."""

    def named(self, name: str) -> tuple[Texts, str] | None:
        """The texts of the file that declares a name, and its name there."""

    def module(self, name: str) -> Texts | None:
        """The texts of the file that is a module with a name here."""

    def handles(self) -> Mapping[str, str]:
        """The functions that give a handle of a database, with its words."""

    def members(self) -> Mapping[str, str]:
        """The members that hold one, with its words."""


class FoldedResults:
    """The results of the functions of one file, as texts."""

    def __init__(self, folder: Texts, syntax: Syntax) -> None:
        self._folder = folder
        self._syntax = syntax
        self._results = Results(syntax)
        # What parameters get from the call whose result is folded.
        self.bound: dict[tuple[Function, str], Folded] = {}

    def called(  # noqa: PLR0913, PLR0917 - a call and where it stands
        self,
        function: SgNode,
        name: str,
        receiver: SgNode | None,
        given: Sequence[SgNode],
        depth: int,
        seen: frozenset[int],
    ) -> Folded | None:
        """What a call returns, if it means functions of this file, or one of another that this one imports."""
        owner = self._syntax.source.name(receiver) if receiver is not None and receiver.kind() == "identifier" else ""
        if receiver is None and (function.kind() != "identifier" or self._syntax.assignments.get(name)):
            return None
        if (receiver is None or owner in ("self", "cls")) and (results := self._results.of(name)):
            return self._returned(results, given, depth, seen, self._folder)
        imports = self._folder.imports
        if imports is None:
            return None
        if receiver is None:
            target = imports.named(name)
        else:
            module = imports.module(owner) if owner else None
            target = (module, name) if module is not None else None
        return target[0].results.for_another(target[1], given, depth, self._folder) if target is not None else None

    def for_another(self, name: str, given: Sequence[SgNode], depth: int, caller: Texts) -> Folded | None:
        """What a function of this file returns to a call in another one."""
        results = self._results.of(name)
        return self._returned(results, given, depth, frozenset(), caller) if results else None

    def _returned(
        self, results: Sequence[Result], given: Sequence[SgNode], depth: int, seen: frozenset[int], caller: Texts
    ) -> Folded:
        values: list[Folded] = []
        for each in results:
            place = each.function.start
            if place in seen or len(self.bound) > MAX_BOUND:
                return UNKNOWN
            inside = seen | {place}
            bound = {name: self._folder.fold(value, depth, inside) for name, value in defaults_of(each).items()}
            for name, value in given_to_parameters(each, given).items():
                bound[name] = caller.fold(value, depth, seen)
            before = self.bound
            known = {(each.function, name): value if value.texts else UNKNOWN for name, value in bound.items()}
            self.bound = {**before, **known}
            try:
                folded = either([self._folder.fold(value, depth, inside) for value in each.returned])
            finally:
                self.bound = before
            own = {parameter for parameter in folded.parameters if parameter[0] is each.function}
            # Texts of the function are found by themselves where they stand; those that the call gives are run by it.
            is_here = caller is self._folder
            given_texts = {place for value in known.values() for place in value.literals} if is_here else set()
            literals = tuple(place for place in folded.literals if place in given_texts)
            values.append(folded._replace(parameters=folded.parameters - own, literals=literals))
        return either([each if each.texts else UNKNOWN for each in values])
