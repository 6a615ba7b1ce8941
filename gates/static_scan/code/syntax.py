"""The parts of a file that matter here, as a sparse tree: calls, strings, assignments and functions, with what
encloses each. It is made in one pass: the parser's own way from a node to its parent starts at the root each time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

from ast_grep_py import Range, SgNode

from gates.static_scan.code.languages import Grammar, grammar_of
from gates.static_scan.code.source_text import SourceText

_TAKEN_APART = ("object_pattern", "array_pattern", "pattern_list", "tuple_pattern")
# Names within names of a loop; parts of a node that are looked at.
_MAX_PATH = 4
MAX_PARTS = 2_000
# An empty file; and what the parser of TypeScript adds to what is right: "sql<Row[]>`…`", `global { … }`.
_MAY_BE_EMPTY = frozenset({"module", "program", "!", ";"})


class Part:
    """A node of the sparse tree."""

    __slots__ = ("end", "function", "kind", "node", "parent", "start")

    def __init__(self, node: SgNode, place: Range, parent: Part | None) -> None:
        self.node = node
        self.kind = node.kind()
        self.start = place.start.index
        self.end = place.end.index
        self.parent = parent
        self.function: Function | None = parent.function if parent is not None else None


class Function:
    """A function: its name and parameters."""

    __slots__ = ("name", "outer", "parameters", "start")

    def __init__(self, name: str, parameters: list[str], start: int, outer: Function | None) -> None:
        self.name = name
        self.parameters = parameters
        self.start = start
        self.outer = outer


class Assignment(NamedTuple):
    """A value that a name gets, or that is added to it."""

    value: SgNode
    function: Function | None
    added: bool
    start: int
    taken_apart: bool = False
    # Of a name of a loop, the way to its part of each value: of `for name, text in …`, that of `text` is `(1,)`.
    loop: tuple[int, ...] | None = None


class Syntax:
    """The sparse tree of one file."""

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.grammar: Grammar = grammar_of(source.language)
        self.parts: list[Part] = []
        self.assignments: dict[str, list[Assignment]] = defaultdict(list)
        # The names of loops of Python, with what the loops go over.
        self.loops: dict[str, list[Assignment]] = defaultdict(list)
        self.fields: dict[str, list[SgNode]] = defaultdict(list)
        self.module_words: set[str] = set()
        # Whether a class of the file, by its name, has a method and no base: filled when it is asked for.
        self.own_methods: dict[tuple[str, str], bool] = {}
        # The module of each name that an import of JavaScript gives; the scan of a file sets it.
        self.module_of: Mapping[str, str] = {}
        # `import`, and what it imports on the next line, which is an error.
        self._split_imports: list[int] = []
        self._build()
        self._starts = [part.start for part in self.parts]

    @cached_property
    def fetches_records(self) -> bool:
        """Whether the file gets the records of a model; each match of a rule needs it."""
        return ".findAll(" in self.source.text

    def errors(self) -> list[int]:
        """Where the parser gave up, or put in what is missing (`def f(:`): a node without a text."""
        broken = self.source.root.find_all(kind="ERROR")[:20]
        empty = self.source.root.find_all(regex="^$")
        missing = [node for node in empty if node.kind() not in _MAY_BE_EMPTY][:20]
        return sorted([node.range().start.index for node in [*broken, *missing]] + self._split_imports[:20])

    def escaped_names(self) -> list[int]:
        """Where a name of JavaScript is written with escapes, which no rule matches: `db.\\u0071uery(text)`."""
        if self.source.is_python or "\\u" not in self.source.text:
            return []
        kinds = [{"kind": kind, "regex": r"\\u"} for kind in ("identifier", "property_identifier")]
        found = self.source.root.find_all({"rule": {"any": kinds}})  # type: ignore[call-overload]
        return [node.range().start.index for node in found]

    def function_at(self, index: int) -> Function | None:
        """The innermost function around a position."""
        part = self.part_at(index)
        return None if part is None else part.function

    def values_at(self, name: str, index: int) -> list[Assignment]:
        """The values that a name gets in the innermost function that gives it one."""
        found = self.assignments.get(name, [])[:50]
        if name in self.loops:
            found = [*found, *self.loops[name][:50]]
        function = self.function_at(index) if found else None
        while found:
            inside = [each for each in found if each.function is function]
            if inside or function is None:
                return inside
            if name in function.parameters:
                return []
            function = function.outer
        return []

    def part_at(self, index: int) -> Part | None:
        """The innermost part around a position."""
        place = bisect_right(self._starts, index) - 1
        part = self.parts[place] if place >= 0 else None
        while part is not None and part.end < index:
            part = part.parent
        return part

    def _build(self) -> None:
        grammar = self.grammar
        stack: list[Part] = []
        for node in self.source.root.find_all(any=[{"kind": kind} for kind in grammar.kinds]):
            place = node.range()
            while stack and stack[-1].end <= place.start.index:
                stack.pop()
            part = Part(node, place, stack[-1] if stack else None)
            if part.kind in grammar.functions:
                part.function = self._function(node, part)
            stack.append(part)
            self.parts.append(part)
            if part.kind in grammar.assignments:
                self._assignment(node, part.kind, part)
            elif part.kind in grammar.loops:
                self._loop(node.field("left"), node.field("right"), part, ())
            elif part.kind in grammar.imports:
                text = self.source.text[part.start : part.end]
                self.module_words |= {*grammar.words(text)}
                if self.source.is_python and "\n" in text and "(" not in text and "\\" not in text:
                    self._split_imports.append(part.start)

    def _function(self, node: SgNode, part: Part) -> Function:
        name, parent = node.field("name"), part.parent
        if name is not None:
            label = self.source.name(name)
        elif parent is not None and (owner := parent.node.field("name") or parent.node.field("key")) is not None:
            label = self.source.name(owner)
        elif parent is not None and parent.kind == "assignment_expression":  # `exports.up = async (k) => …`
            left = parent.node.field("left")
            label = self.source.name(left).rpartition(".")[2] if left is not None else ""
        else:
            label = ""
        return Function(label[:80], self.grammar.parameters(node, self.source.name), part.start, part.function)

    def _assignment(self, node: SgNode, kind: str, part: Part) -> None:
        left = node.field("name") or node.field("left") or node.field("key") or node.field("property")
        value = node.field("value") or node.field("right")
        if kind == "as_pattern":
            alias = node.field("alias")
            left, value = (alias.child(0) if alias is not None else None), node.child(0)
        if left is None or value is None:
            return
        left_kind = left.kind()
        if left_kind in ("identifier", "shorthand_property_identifier_pattern") and kind not in (
            "pair",
            "keyword_argument",
        ):
            added = kind in ("augmented_assignment", "augmented_assignment_expression")
            self.assignments[self.source.name(left)].append(Assignment(value, part.function, added, part.start))
        elif left_kind in ("array_pattern", "pattern_list", "tuple_pattern") and self._one_by_one(left, value, part):
            return
        elif left_kind in _TAKEN_APART or (kind == "as_pattern" and left_kind in ("tuple", "list")):
            for name in left.find_all(any=[{"kind": each} for each in self.grammar.pattern_names]):
                self.assignments[self.source.name(name)].append(
                    Assignment(value, part.function, added=False, start=part.start, taken_apart=True)
                )
        if left_kind != "identifier" or kind in ("pair", "assignment", "field_definition", "public_field_definition"):
            self.fields[self.source.name(left).strip("'\"").rpartition(".")[2][:80]].append(value)

    def _loop(self, target: SgNode | None, value: SgNode | None, part: Part, path: tuple[int, ...]) -> None:
        if target is None or value is None or len(path) > _MAX_PATH:
            return
        if target.kind() == "identifier":
            self.loops[self.source.name(target)].append(
                Assignment(value, part.function, added=False, start=target.range().start.index, loop=path)
            )
        elif target.kind() in _TAKEN_APART:
            for place, each in enumerate(named_parts(target)):
                self._loop(each, value, part, (*path, place))

    def _one_by_one(self, left: SgNode, value: SgNode, part: Part) -> bool:
        """Give each name of a list its own value, if there are as many values."""
        names = [child for child in left.children()[:100] if child.is_named()]
        values = [child for child in value.children()[:100] if child.is_named()]
        if value.kind() not in ("expression_list", "tuple", "list", "array") or len(names) != len(values):
            return False
        if any(name.kind() != "identifier" for name in names):
            return False
        for name, each in zip(names, values, strict=True):
            start = each.range().start.index
            self.assignments[self.source.name(name)].append(Assignment(each, part.function, added=False, start=start))
        return True


def named_parts(node: SgNode) -> list[SgNode]:
    """The parts of a node that are no comments."""
    return [child for child in node.children()[: 2 * MAX_PARTS] if child.is_named() and child.kind() != "comment"]


def owner_of_parameter(function: Function | None, name: str) -> Function | None:
    """The innermost function around a place that has a parameter of a name."""
    while function is not None:
        if name in function.parameters or any(_is_part(parameter, name) for parameter in function.parameters):
            return function
        function = function.outer
    return None


def _is_part(parameter: str, name: str) -> bool:
    return parameter.startswith("{") and name in parameter.strip("{} ").replace(",", " ").replace("=", " ").split()
