"""The texts that an expression can have: literals, templates, concatenations and names put together, with holes for
what is only known at run time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ast_grep_py import SgNode

from gates.static_scan.code.changed_text import MAX_CHARACTERS, changed, filled, unescaped
from gates.static_scan.code.syntax import MAX_PARTS, Assignment, Syntax, named_parts, owner_of_parameter
from gates.static_scan.code.text_alternatives import MAX_ALTERNATIVES, UNKNOWN, Folded, either, joined
from gates.static_scan.code.values.folded_results import FoldedResults, Imports
from gates.static_scan.code.values.listed_values import ListedValues
from gates.static_scan.sql.sql_words import HOLE

MAX_DEPTH = 12
# Longer lists are not known.
MAX_VALUES = 500
# The expressions that one text is put together from, and those of all texts of a file. More are not known.
MAX_STEPS, MIN_STEPS, MAX_STEPS_OF_FILE = 20_000, 100, 200_000
# Calls that give back their text, or that of what they are called on.
_OF_RECEIVER = frozenset(
    """format format_map strip lstrip rstrip trim trimStart trimEnd lower upper toLowerCase toUpperCase encode decode
    toString replace replaceAll expandtabs bindparams columns slice""".split()
)
_OF_ARGUMENT = frozenset(
    """await text raw sql SQL dedent cleandoc String
    str unsafe literal Literal TextClause literal_column inline which""".split()
)
_PREFIX = re.compile(r"[A-Za-z]{0,3}")


class Folder:
    """Folds the expressions of one file."""

    def __init__(self, syntax: Syntax, aliases: Mapping[str, str] | None = None) -> None:
        self._syntax = syntax
        self._aliases = aliases or {}
        self._source = syntax.source
        self._grammar = syntax.grammar
        self._lists = ListedValues(syntax)
        self.results = FoldedResults(self, syntax)
        self._steps_left = self._steps_left_of_file = MAX_STEPS_OF_FILE
        # What the file imports from others of its tree, if that is known.
        self.imports: Imports | None = None

    def fold(self, node: SgNode, depth: int = 0, seen: frozenset[int] = frozenset()) -> Folded:
        """What the text of an expression can be."""
        if depth == 0:
            self._steps_left = max(MIN_STEPS, min(MAX_STEPS, self._steps_left_of_file))
        self._steps_left -= 1
        self._steps_left_of_file -= 1
        if depth > MAX_DEPTH or self._steps_left < 0:
            return UNKNOWN
        kind = node.kind()
        depth += 1
        if kind in ("string", "template_string"):
            return self._string(node, depth, seen)
        if kind == "concatenated_string":
            return joined([self.fold(child, depth, seen) for child in named_parts(node)])
        if kind in ("binary_expression", "binary_operator", "boolean_operator"):
            return self._binary(node, depth, seen)
        if kind in ("call", "call_expression", "new_expression"):
            return self._call(node, depth, seen)
        if kind in ("identifier", "shorthand_property_identifier"):
            return self._name(self._source.name(node), node.range().start.index, depth, seen)
        if kind in self._grammar.members or kind in self._grammar.subscripts:
            return self._member(node, depth, seen)
        if kind in ("ternary_expression", "conditional_expression"):
            choices = node.named_children()
            ends = choices[1:] if kind == "ternary_expression" else [choices[0], choices[-1]]
            return either([self.fold(each, depth, seen) for each in ends])
        if kind == "type_assertion":
            return self.fold(node.named_children()[-1], depth, seen)
        if kind in self._grammar.wrappers and (inner := named_parts(node)):
            return self.fold(inner[0], depth, seen)
        if kind in ("array", "list", "tuple", "object", "dictionary", "number", "true", "false", "null", "none"):
            return Folded(())
        return UNKNOWN

    def _string(self, node: SgNode, depth: int, seen: frozenset[int]) -> Folded:
        place = node.range()
        start, end = place.start.index, place.end.index
        raw = self._source.text[start:end]
        holes = [
            each for each in node.children()[:MAX_PARTS] if each.kind() in ("template_substitution", "interpolation")
        ]
        prefix = _PREFIX.match(raw)[0].lower() if self._source.is_python else ""  # type: ignore[index]
        quotes = 3 if raw[len(prefix) : len(prefix) + 3] in ('"""', "'''") and self._source.is_python else 1
        plain = "r" in prefix
        inside_start, inside_end = start + len(prefix) + quotes, max(end - quotes, start + len(prefix) + quotes)
        if not holes:
            text = self._source.text[inside_start : min(inside_end, inside_start + MAX_CHARACTERS)]
            return Folded((text if plain else unescaped(text),), literals=(start,))
        parts: list[Folded] = []
        position = inside_start
        for hole in holes:
            where = hole.range()
            parts.append(Folded((unescaped(self._source.text[position : where.start.index]),)))
            inner = named_parts(hole)
            known = self.fold(inner[0], depth, seen) if inner else UNKNOWN
            parts.append(known if known.texts else UNKNOWN)
            position = where.end.index
        parts.append(Folded((unescaped(self._source.text[position:inside_end]),)))
        return joined(parts)._replace(literals=(start,))

    def _binary(self, node: SgNode, depth: int, seen: frozenset[int]) -> Folded:
        operator = node.field("operator")
        sign = operator.text() if operator is not None else ""
        left, right = node.field("left"), node.field("right")
        if left is None or right is None:
            return UNKNOWN
        if sign in ("||", "??", "or", "&&"):
            return either([self.fold(left, depth, seen), self.fold(right, depth, seen)])
        if sign == "%":
            values = named_parts(right) if right.kind() in ("tuple", "dictionary") else [right]
            return self._filled(self.fold(left, depth, seen), "%", values, depth, seen)
        if sign != "+":
            return UNKNOWN
        parts = [right]
        while left.kind() == node.kind() and len(parts) < MAX_PARTS:
            inner, last = left.field("left"), left.field("right")
            if inner is None or last is None:
                break
            parts.append(last)
            left = inner
        parts.append(left)
        return joined([self.fold(part, depth, seen) for part in reversed(parts)])

    def _call(self, node: SgNode, depth: int, seen: frozenset[int]) -> Folded:
        function = node.field("function") or node.field("constructor")
        arguments = node.field("arguments")
        if function is None or arguments is None:
            return UNKNOWN
        if arguments.kind() == "template_string":
            return self.fold(arguments, depth, seen)
        given = named_parts(arguments)
        name, receiver = self._callee(function)
        if receiver is not None and name == "join":
            return self._join(receiver, given, depth, seen)
        if receiver is not None and name == "concat":
            return joined([self.fold(each, depth, seen) for each in (receiver, *given)])
        if self._aliases.get(name, name) in _OF_ARGUMENT and given:
            return self.fold(given[0], depth, seen)
        if name == "split" and receiver is not None and receiver.text() == "shlex" and given:
            return self.fold(given[0], depth, seen)
        if name in ("format", "sprintf") and given and not self._source.is_python:
            return self.fold(given[0], depth, seen)
        if self._source.is_python and (folded := self.results.called(function, name, receiver, given, depth, seen)):
            return folded
        if self._source.is_python and name == "get" and receiver is not None and given:
            chosen = self._any_of(self._lists.of_container(receiver), depth, seen)
            return either([chosen, *(self.fold(each, depth, seen) for each in given[1:2])])
        if receiver is not None and name in _OF_RECEIVER:
            folded = self.fold(receiver, depth, seen)
            if name == "format":
                return self._filled(folded, "{", given, depth, seen)
            constants = [self._constant(each, depth, seen) for each in given[:3]]
            texts = [changed(name, text, constants) for text in folded.texts]
            return folded._replace(texts=tuple(texts))
        return UNKNOWN

    def _any_of(self, values: Sequence[SgNode] | None, depth: int, seen: frozenset[int]) -> Folded:
        """One of several values, which are texts of their own; unknown if they are not all there."""
        if not values or len(values) > MAX_VALUES:
            return UNKNOWN
        folded = [self.fold(each, depth, seen | {each.range().start.index}) for each in values]
        return either([each if each.texts else UNKNOWN for each in folded])._replace(literals=())

    def constant(self, name: str, depth: int) -> Folded:
        """The text of a name of this file, for another file."""
        return Folded(self._name(name, -1, depth, frozenset()).texts)

    def _filled(self, folded: Folded, sign: str, given: Sequence[SgNode], depth: int, seen: frozenset[int]) -> Folded:
        """A text with the values that `%` or `format` puts in, where they are known."""
        if not self._source.is_python or not any(sign in text for text in folded.texts):
            return folded
        values: list[tuple[str, str | None]] = []
        for each in given[:20]:
            is_named = each.kind() in ("keyword_argument", "pair")
            name, value = (each.field("name") or each.field("key"), each.field("value")) if is_named else (None, each)
            texts = self.fold(value, depth, seen).texts if value is not None else ()
            known = texts[0] if len(texts) == 1 and HOLE not in texts[0] else None
            values.append((name.text().strip("'\"") if name is not None else "", known))
        return folded._replace(texts=tuple(filled(text, sign, values) for text in folded.texts))

    def _constant(self, node: SgNode, depth: int, seen: frozenset[int]) -> str | int | None:
        """A literal text or number, or a regular expression as it is written; None for anything else."""
        kind, text = node.kind(), node.text()
        if kind == "regex":
            return text
        if kind == "string" and self._source.is_python | (text[:1] in "'\""):
            folded = self.fold(node, depth, seen)
            return folded.texts[0] if len(folded.texts) == 1 and HOLE not in folded.texts[0] else None
        number = text.replace(" ", "")
        is_number = kind in ("number", "integer", "unary_expression", "unary_operator")
        return int(number) if is_number and number.removeprefix("-").isdecimal() and len(number) < 8 else None

    def _join(self, receiver: SgNode, given: Sequence[SgNode], depth: int, seen: frozenset[int]) -> Folded:
        """`", ".join([…])` of Python and `[…].join(", ")` of JavaScript."""
        listed, between = (given[0], receiver) if self._source.is_python and given else (receiver, None)
        if not self._source.is_python:
            between = given[0] if given else None
        items = self.listed(listed)
        if items is None:
            return UNKNOWN
        separator = self.fold(between, depth, seen) if between is not None else Folded((",",))
        parts: list[Folded] = []
        for each in items:
            parts += [separator, self.fold(each, depth, seen)]
        return joined(parts[1:])

    def listed(self, node: SgNode) -> list[SgNode] | None:
        """The values of the list that an expression is, also by its name, with those of lists put into it."""
        return self._lists.listed(node)

    def _name(self, name: str, index: int, depth: int, seen: frozenset[int]) -> Folded:
        function = self._syntax.function_at(index)
        found = self._syntax.values_at(name, index)
        owner = owner_of_parameter(function, name)
        given = self.results.bound.get((owner, name), Folded((HOLE,), frozenset({(owner, name)}))) if owner else UNKNOWN
        if not found and owner is None and self.imports is not None and (target := self.imports.named(name)):
            return target[0].constant(target[1], depth)
        if owner is not None and not any(each.function is owner for each in found):
            return given
        fresh = [each for each in found if each.start not in seen]
        values = [self._value(name, each, depth, seen | {each.start}) for each in fresh if not each.added]
        value = either(values) if values else given
        for each in fresh:
            if each.added:
                value = joined([value, self.fold(each.value, depth, seen | {each.start})])
        return value

    def _value(self, name: str, given: Assignment, depth: int, seen: frozenset[int]) -> Folded:
        """A value that a name gets; of an object that is taken apart, its part of that name."""
        if given.loop is not None:
            return self._any_of(self._lists.of_loop(given), depth, seen)
        folded = self.fold(given.value, depth, seen)
        if not given.taken_apart or folded.texts:
            return folded
        parts = self._syntax.fields.get(name, [])[:MAX_ALTERNATIVES]
        known = [self.fold(value, depth, seen | {value.range().start.index}) for value in parts]
        return either([each for each in known if each.is_known] or [UNKNOWN])

    def _member(self, node: SgNode, depth: int, seen: frozenset[int]) -> Folded:
        """A constant of an object or class in this file, by its name; any value of a list or dictionary, by others."""
        name, owner = self._callee(node)
        if owner is not None and self.imports is not None and owner.kind() == "identifier":
            module = self.imports.module(self._source.name(owner))
            if module is not None:
                return module.constant(name, depth)
        if not name and owner is not None and self._source.is_python:
            return self._any_of(self._lists.of_container(owner), depth, seen)
        values = self._syntax.fields.get(name, []) if name else []
        fresh = [value for value in values[:MAX_ALTERNATIVES] if value.range().start.index not in seen]
        folded = [self.fold(value, depth, seen | {value.range().start.index}) for value in fresh]
        known = [each for each in folded if each.is_known]
        return either(known) if known else UNKNOWN

    def table_named(self, name: str) -> str:
        """The table that a constant stands for: `const TABLE = "users"`, `mysqlTable("scripts", …)`; else its name."""
        values = self._syntax.assignments.get(name, []) if name and not self._source.is_python else []
        if len(values) != 1 or values[0].taken_apart:
            return name
        value = values[0].value
        function, given = value.field("function"), value.field("arguments")
        if function is not None and given is not None and self._source.slice(function)[-60:].endswith("Table"):
            value = next(iter(named_parts(given)), value)
        texts = self.fold(value).texts
        is_name = len(texts) == 1 and texts[0].isidentifier() and HOLE not in texts[0]
        return texts[0] if is_name else name

    def _callee(self, function: SgNode) -> tuple[str, SgNode | None]:
        kind = function.kind()
        if kind in self._grammar.members:
            name = function.field("property") or function.field("attribute")
            return (self._source.name(name) if name is not None else ""), function.field("object")
        if kind in self._grammar.subscripts:
            index = function.field("index") or function.field("subscript")
            text = self._source.slice(index) if index is not None else ""
            return text.strip("'\"`") if text[:1] in "'\"`" else "", function.field("object") or function.field("value")
        return (self._source.name(function) if kind == "identifier" else ""), None
