"""Texts of JavaScript that code only shows, logs or compares, also by the names that they get.

`const HINT = "ALTER TABLE …"` and `throw new Error(HINT)` run nothing. A text is shown only if each use of its name is
known to be harmless: what an export, a field of an object elsewhere or an unknown function gets may be run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ast_grep_py import SgNode

from gates.static_scan.calls.javascript_texts.shown_values import (
    ANY,
    CALLBACKS,
    HARMLESS,
    ITEM,
    SAME,
    Path,
    is_prose,
    of_call,
    of_list,
    of_member,
    of_operation,
    of_text,
)
from gates.static_scan.calls.javascript_texts.variable_uses import (
    FUNCTIONS,
    VariableUses,
    is_export,
    parameter_of,
    text_of,
)
from gates.static_scan.calls.mentions import only_mentions
from gates.static_scan.calls.showing_calls import is_display_key, is_display_member, is_display_name
from gates.static_scan.code.call_chain import chain_of
from gates.static_scan.code.syntax import Syntax

# Nodes looked at in one file; a text that needs more is taken for one that may be run.
MAX_STEPS = 20_000
MAX_DEPTH = 12
_ADDING = frozenset({"push", "unshift", "add", "set"})
_MEMBERS = ("member_expression", "subscript_expression")


class ShownTexts:
    """Finds out what becomes of the texts of one file."""

    def __init__(self, syntax: Syntax) -> None:
        self._syntax = syntax
        self._source = syntax.source
        self._uses = VariableUses(syntax)
        self._steps_left = MAX_STEPS
        self._known: dict[tuple[int, Path, bool], bool] = {}
        self._for_people = False
        self._kept_as: set[tuple[str, Path]] = set()
        # The names for people under which shown texts are kept, which other files may import, and the texts' lines.
        self.kept: list[tuple[str, Path, int]] = []

    def is_shown(self, text: SgNode) -> bool:
        """Whether a text is only shown, logged or compared, wherever its value goes."""
        if self._source.is_python:
            return False
        if self._kept_as:  # what is known already would not say again under which names
            self._known.clear()
            self._kept_as.clear()
        is_shown = "storybook" in self._syntax.module_words or self._flows(text, (), 0)
        if is_shown and self._kept_as:
            line = self._source.line_of(text.range().start.index)
            self.kept += [(*each, line) for each in sorted(self._kept_as)]
        return is_shown

    def are_shown(self, uses: Sequence[SgNode], path: Path) -> bool:
        """Whether no use of a value does more than to show the text to which `path` leads."""
        return all(self._flows(each, path, 0) for each in uses)

    def _flows(self, node: SgNode, path: Path, depth: int) -> bool:
        """Whether a value goes only to people; `path` leads to the text, where the value is a list or an object."""
        if node.kind() == "shorthand_property_identifier":
            path = (self._source.name(node), *path)
        inner, around, position = node, node.ancestors(), 0
        while position < len(around):
            outer, kind = around[position], around[position].kind()
            position += 1
            self._steps_left -= 1
            if self._steps_left < 0 or depth > MAX_DEPTH or len(path) > MAX_DEPTH:
                return False
            if kind == "arguments":
                continue  # the call says what becomes of `inner`
            taken: Path | bool = path
            if kind in HARMLESS:
                taken = True
            elif kind in ("call_expression", "new_expression"):
                taken = self._called(outer, inner, path, depth)
            elif kind in _MEMBERS:
                call = around[position] if position < len(around) else None
                if call is not None and call.kind() == "call_expression" and call.field("function") == outer:
                    taken = self._method(outer, call, path, depth)
                    outer, position = call, position + 1
                else:
                    taken = of_member(outer, inner, path)
            elif kind not in SAME:
                taken = self._through(outer, inner, around[position:], path, depth)
            if isinstance(taken, bool):
                return taken
            inner, path = outer, taken
        return False

    def _through(self, outer: SgNode, inner: SgNode, around: list[SgNode], path: Path, depth: int) -> Path | bool:
        """What becomes of a value in an operation, a list, an object, a function, or where it gets a name."""
        match outer.kind():
            case "binary_expression":
                return of_operation(outer, inner, self._source, path)
            case "template_string":
                before = self._source.text[outer.range().start.index + 1 : inner.range().start.index]
                return is_prose(before[:200]) or path
            case "ternary_expression":
                return outer.field("condition") == inner or path
            case "array":
                return path if inner.kind() == "spread_element" else (ITEM, *path)
            case "spread_element":
                return path[1:] if around and around[0].kind() == "arguments" else path
            case "pair":
                key = outer.field("key")
                if key is None or key == inner or is_display_key(outer):
                    return True
                return ("*" if key.kind() == "computed_property_name" else key.text().strip("'\"`"), *path)
            case "switch_case":
                return outer.field("value") == inner
            case "return_statement":
                return self._returned(around, path, depth)
            case kind if kind in FUNCTIONS:
                return outer.field("body") == inner and self._result(outer, around, path, depth)
        return self._bound(outer, inner, around, path, depth)

    def _bound(self, outer: SgNode, inner: SgNode, around: list[SgNode], path: Path, depth: int) -> bool:
        """Whether the names to which a value is bound are only shown."""
        match outer.kind():
            case "variable_declarator" if outer.field("value") == inner:
                name = outer.field("name")
                if name is None:
                    return False
                if name.kind() == "identifier" and is_display_name(self._source.name(name)[:80]):
                    return self._kept(name, path, depth)
                return not is_export(around) and self._pattern(name, path, depth)
            case "assignment_expression" | "augmented_assignment_expression":
                left = outer.field("left")
                if left is None or left == inner:
                    return left is not None
                if left.kind() == "member_expression":
                    is_kept = self._for_people and "exports" in left.text()[:40]
                    return is_kept or (not path and is_display_member(text_of(left, "property")))
                return left.kind() == "identifier" and self._pattern(left, path, depth)
            case "assignment_pattern" | "required_parameter" | "optional_parameter":
                name = outer.field("left") or outer.field("pattern")
                return name is not None and name != inner and self._pattern(name, path, depth)
            case "for_in_statement" if outer.field("right") == inner:
                left = outer.field("left")
                is_keys = text_of(outer, "operator") == "in"
                return is_keys or (left is not None and self._pattern(left, path[1:], depth))
            case "field_definition" | "public_field_definition":
                name = outer.field("name") or outer.field("property")
                text = name.text() if name is not None else ""
                is_private = text.startswith("#") or "private " in self._source.slice(outer)[:40]
                return is_private and self._all(self._uses.of_member(text), path, depth)
            case "enum_assignment":
                key = text_of(outer, "name").strip("'\"")
                owner = around[1].field("name") if len(around) > 1 else None
                is_own = owner is not None and not is_export(around[1:])
                return is_own and owner is not None and self._pattern(owner, (key, *path), depth)
            case "export_specifier" | "export_statement":
                return self._for_people
        return False

    def _kept(self, name: SgNode, path: Path, depth: int) -> bool:
        """Whether a text for people is only shown or exported: what runs it elsewhere is found there."""
        self._kept_as.add((self._source.name(name), path))
        before, self._for_people = self._for_people, True
        found = self._uses.is_unused(name) or self._pattern(name, path, depth)
        self._for_people = before
        return found

    def _pattern(self, pattern: SgNode, path: Path, depth: int) -> bool:
        """Whether what a name or a pattern takes of a value is only shown."""
        kind = pattern.kind()
        if kind in ("identifier", "shorthand_property_identifier_pattern"):
            return self._name(pattern, path, depth)
        if kind == "array_pattern" and path:
            return all(self._pattern(each, path[1:], depth) for each in pattern.named_children())
        if kind != "object_pattern" or not path:
            return False
        for each in pattern.named_children():
            key = each.field("key") or each
            if each.kind() not in ("pair_pattern", "shorthand_property_identifier_pattern"):
                return False
            value = each.field("value") or each
            if path[0] in (key.text(), "*") and not self._pattern(value, path[1:], depth):
                return False
        return True

    def _name(self, name: SgNode, path: Path, depth: int) -> bool:
        """Whether every use of a name is harmless; without any, it may be used elsewhere: a list of migrations."""
        return self._once(name, path, lambda: self._all(self._uses.of_variable(name), path, depth))

    def _results(self, name: SgNode, path: Path, depth: int) -> bool:
        """Whether what the calls of a function give is only shown."""

        def shown() -> bool:
            uses = self._uses.of_variable(name)
            calls = [each.parent() for each in uses]
            called = [call for call, use in zip(calls, uses, strict=True) if call and call.field("function") == use]
            return len(called) == len(uses) and self._all(called, path, depth)

        return self._once(name, ("()", *path), shown)

    def _once(self, name: SgNode, path: Path, shown: Callable[[], bool]) -> bool:
        key = (name.range().start.index, path, self._for_people)
        if key not in self._known:
            self._known[key] = True  # a use that leads back here adds nothing
            self._known[key] = shown()
        return self._known[key]

    def _all(self, uses: Sequence[SgNode], path: Path, depth: int) -> bool:
        return bool(uses) and all(self._flows(each, path, depth + 1) for each in uses)

    def _called(self, call: SgNode, given: SgNode, path: Path, depth: int) -> Path | bool:
        """What becomes of an argument of a call: the path by which the call's value leads to it, if that is all."""
        links = chain_of(call, self._source, self._syntax.grammar)
        function, listed = call.field("function") or call.field("constructor"), call.field("arguments")
        if not links or function is None or listed is None or function == given:
            return function == given  # no text is called
        if only_mentions(call, links, self._syntax):
            return True
        arguments = [each for each in listed.children() if each.is_named() and each.kind() != "comment"]
        name, receiver = links[-1].name, links[-2].name if len(links) > 1 else ""
        through = of_call(name, receiver, arguments, path)
        if through is not None:
            return through
        owner = function.field("object") if function.kind() == "member_expression" and name in _ADDING else None
        if owner is not None:
            held = (ANY if name == "set" else ITEM, *path)
            return self._uses.is_own_container(owner) and self._pattern(owner, held, depth)
        place = next((at for at, each in enumerate(arguments) if each == given), None)
        if function.kind() != "identifier" or place is None or any(a.kind() == "spread_element" for a in arguments):
            return False
        local = self._uses.function(self._source.name(function))
        parameter = parameter_of(local, place) if local is not None else None
        return parameter is not None and self._pattern(parameter, path, depth)

    def _method(self, member: SgNode, call: SgNode, path: Path, depth: int) -> Path | bool:
        """What becomes of a value on which a method is called."""
        name = text_of(member, "property")
        listed = call.field("arguments")
        given = [each for each in listed.children() if each.is_named()] if listed is not None else []
        if not path:
            return of_text(name, given)
        if path[0] not in (ITEM, "*"):
            return path[0] != name
        if name in CALLBACKS and not (given and self._callback(given[0], path, depth)):
            return False
        return of_list(name, path)

    def _callback(self, function: SgNode, path: Path, depth: int) -> bool:
        """Whether the function that a method of a list calls only shows its values."""
        if function.kind() not in FUNCTIONS or "arguments" in self._source.slice(function):
            return False
        parameter = parameter_of(function, 0)
        if parameter is None:
            return True
        if parameter.kind() == "rest_pattern" or parameter_of(function, 2 if path[0] == ITEM else 1) is not None:
            return False
        is_unused = parameter.kind() == "identifier" and self._uses.is_unused(parameter)
        return is_unused or self._pattern(parameter, path[1:], depth)

    def _returned(self, around: list[SgNode], path: Path, depth: int) -> bool:
        """What becomes of a value that a function returns."""
        kinds = [each.kind() for each in around]
        place = next((at for at, kind in enumerate(kinds) if kind in FUNCTIONS or kind == "method_definition"), None)
        if place is None or kinds[place] == "method_definition":
            return self._for_people
        return self._result(around[place], around[place + 1 :], path, depth)

    def _result(self, function: SgNode, around: list[SgNode], path: Path, depth: int) -> bool:
        """Whether what a function gives is only shown."""
        outer = around[0] if around else None
        owner = outer if outer is not None and outer.kind() == "variable_declarator" else function
        if (name := owner.field("name")) is not None:
            if is_export(around, within=3):
                return self._for_people
            return self._results(name, path, depth)
        if outer is not None and outer.kind() == "assignment_expression":
            return self._for_people and "exports" in text_of(outer, "left")
        if len(around) < 2 or around[0].kind() != "arguments" or around[1].kind() != "call_expression":
            return False
        callee = around[1].field("function")
        method = text_of(callee, "property") if callee is not None else ""
        if method in ("map", "flatMap"):
            return self._flows(around[1], (ITEM, *path), depth + 1)
        return method in CALLBACKS
