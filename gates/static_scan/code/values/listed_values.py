"""The values in lists and dictionaries, also by their names, and what a loop gives to its names."""

from __future__ import annotations

from functools import cached_property

from ast_grep_py import SgNode

from gates.static_scan.code.syntax import MAX_PARTS, Assignment, Syntax, named_parts

# Lists in lists, by names and signs.
MAX_LISTS = 4
_SAME_VALUES = frozenset("sorted reversed list tuple set iter frozenset".split())
_CHANGES = frozenset("append extend insert update setdefault add appendleft pop clear remove".split())


class ListedValues:
    """The lists of one file."""

    def __init__(self, syntax: Syntax) -> None:
        self._syntax = syntax
        self._source = syntax.source
        # The values of lists that names stand for, by the place of the list and the depth.
        self._lists: dict[tuple[int, int], list[SgNode] | None] = {}
        # The values of lists and the keys of dictionaries as they are written, by the place of the list.
        self._written: dict[int, list[SgNode] | None] = {}

    def listed(self, node: SgNode, depth: int = 0) -> list[SgNode] | None:
        """The values of the list that an expression is, also by its name, with those of lists put into it."""
        kind = node.kind()
        if kind == "identifier" and depth < MAX_LISTS:
            found = self._syntax.values_at(self._source.name(node), node.range().start.index)
            if not found or found[0].taken_apart or found[0].loop is not None:
                return None
            key = (found[0].start, depth)
            if key not in self._lists:
                self._lists[key] = self.listed(found[0].value, depth + 1)
            return self._lists[key]
        if kind == "binary_operator" and depth < MAX_LISTS and (left := node.field("left")) is not None:
            right = node.field("right")
            before, after = self.listed(left, depth + 1), self.listed(right, depth + 1) if right is not None else None
            return [*(before or ()), *(after or ())] if before is not None or after is not None else None
        if kind not in ("array", "list", "tuple"):
            return None
        values: list[SgNode] = []
        for each in named_parts(node):
            if len(values) > MAX_PARTS:
                break
            inner = each.named_children() if each.kind() in ("list_splat", "spread_element") else []
            values += (self.listed(inner[0], depth + 1) if inner and depth < MAX_LISTS else None) or [each]
        return values

    def of_loop(self, given: Assignment) -> list[SgNode] | None:
        """The values that a name of a loop gets, one after another; None if the file does not show them all."""
        return self._items(given.value, given.loop or (), 0)

    def of_container(self, node: SgNode) -> list[SgNode] | None:
        """The values of a list or dictionary that nothing changes; None if the file does not show them all."""
        made = self._made(node, 0)
        if made is None:
            return None
        return self._items_of(made) if made.kind() != "dictionary" else _values(made, "value")

    def _items(self, node: SgNode, path: tuple[int, ...], depth: int) -> list[SgNode] | None:
        if depth > MAX_LISTS:
            return None
        if node.kind() == "call":
            return self._of_call(node, path, depth)
        made = self._made(node, depth)
        if made is None:
            return None
        return _taken(self._items_of(made), path)

    def _items_of(self, made: SgNode) -> list[SgNode] | None:
        """What a loop over a list or a dictionary gets; many loops may go over a long one."""
        place = made.range().start.index
        if place not in self._written:
            is_dictionary = made.kind() == "dictionary"
            self._written[place] = _values(made, "key") if is_dictionary else _without_splats(named_parts(made))
        return self._written[place]

    def _of_call(self, call: SgNode, path: tuple[int, ...], depth: int) -> list[SgNode] | None:
        function, listed = call.field("function"), call.field("arguments")
        if function is None or listed is None:
            return None
        given = named_parts(listed)
        if function.kind() == "identifier" and given:
            name = self._source.name(function)
            if name in _SAME_VALUES:
                return self._items(given[0], path, depth + 1)
            if name == "enumerate" and path[:1] == (1,):
                return self._items(given[0], path[1:], depth + 1)
            if name == "zip" and path and path[0] < len(given):
                return self._items(given[path[0]], path[1:], depth + 1)
            return None
        owner, method = function.field("object"), function.field("attribute")
        made = self._made(owner, depth + 1) if owner is not None and not given else None
        if made is None or method is None or made.kind() != "dictionary":
            return None
        match self._source.name(method):
            case "values":
                return _taken(_values(made, "value"), path)
            case "keys":
                return _taken(_values(made, "key"), path)
            case "items" if path:
                return _taken(_values(made, "value" if path[0] == 1 else "key"), path[1:])
        return None

    def _made(self, node: SgNode, depth: int) -> SgNode | None:
        """The list or dictionary that an expression is, if its name stands for nothing else and nothing changes it."""
        kind = node.kind()
        if kind in ("list", "tuple", "set", "dictionary"):
            return node
        if depth > MAX_LISTS:
            return None
        if kind == "parenthesized_expression" and (inner := named_parts(node)):
            return self._made(inner[0], depth + 1)
        if kind == "identifier":
            name = self._source.name(node)
            found = self._syntax.values_at(name, node.range().start.index)
            is_one = len(found) == 1 and not found[0].taken_apart and not found[0].added and found[0].loop is None
            return self._made(found[0].value, depth + 1) if is_one and name not in self._changed else None
        if kind == "attribute" and (member := node.field("attribute")) is not None:
            name = self._source.name(member)
            values = self._syntax.fields.get(name, [])
            return self._made(values[0], depth + 1) if len(values) == 1 and name not in self._changed else None
        return None

    @cached_property
    def _changed(self) -> frozenset[str]:
        """The last names of lists and dictionaries that get further values: `found.append(text)`."""
        found: set[str] = set()
        for part in self._syntax.parts:
            if part.kind == "call":
                function = part.node.field("function")
                method = function.field("attribute") if function is not None else None
                if function is None or method is None or method.text() not in _CHANGES:
                    continue
                owner = function.field("object")
            elif part.kind in ("assignment", "augmented_assignment"):
                left = part.node.field("left")
                owner = left.field("value") if left is not None and left.kind() == "subscript" else left
                if left is None or (left.kind() != "subscript" and part.kind == "assignment"):
                    continue
            else:
                continue
            if owner is not None:
                found.add(self._source.slice(owner)[-80:].rpartition(".")[2])
        return frozenset(found)


def _values(made: SgNode, field: str) -> list[SgNode] | None:
    parts = named_parts(made)
    found = [each.field(field) for each in parts if each.kind() == "pair"]
    return [each for each in found if each is not None] if len(found) == len(parts) else None


def _without_splats(items: list[SgNode]) -> list[SgNode] | None:
    return None if any(each.kind() == "list_splat" for each in items) else items


def _taken(items: list[SgNode] | None, path: tuple[int, ...]) -> list[SgNode] | None:
    """The parts of values that a path leads to: of `for name, text in …`, the second ones are `text`."""
    for place in path:
        if items is None or any(each.kind() not in ("tuple", "list") for each in items):
            return None
        parts = [named_parts(each) for each in items]
        if any(place >= len(each) for each in parts):
            return None
        items = [each[place] for each in parts]
    return items
