"""Methods of a database that code passes on or renames, without a call: `map(cursor.execute, statements)`."""

from __future__ import annotations

from typing import NamedTuple

from ast_grep_py import SgNode

from gates.static_scan.calls.mentions import is_mention
from gates.static_scan.calls.pass_through import last_name
from gates.static_scan.code.call_chain import Link, chain_of
from gates.static_scan.code.syntax import Part, Syntax

_TAKEN_APART = ("shorthand_property_identifier_pattern", "pair_pattern")


class Reference(NamedTuple):
    """Where a method is passed on: the other arguments of the calls around it, and the name that it gets."""

    given: list[SgNode]
    alias: str


def chain_of_reference(node: SgNode, syntax: Syntax) -> list[Link]:
    """The chain of names to the method: of `pool.query`, `pool.query.bind(pool)` and `const { query } = pool`."""
    if node.kind() in _TAKEN_APART:
        part = syntax.part_at(node.range().start.index)
        value = part.node.field("value") if part is not None else None
        name = node.field("key") or node
        return [*chain_of(value, syntax.source, syntax.grammar), Link(name.text(), None)] if value is not None else []
    chain = chain_of(node, syntax.source, syntax.grammar)
    return chain[:-1] if node.kind() in syntax.grammar.calls else chain


def reference_at(node: SgNode, syntax: Syntax) -> Reference | None:
    """How a method is passed on; None where it is only compared or talked about."""
    grammar, place = syntax.grammar, node.range()
    start, end = place.start.index, place.end.index
    if node.kind() in _TAKEN_APART:
        alias = node.field("value") or node
        return Reference([], alias.text())
    part = syntax.part_at(start)
    while part is not None and ((part.start == start and part.end == end) or _is_choice(part)):
        part = part.parent
    if part is None or part.kind in grammar.functions or part.kind == "expression_statement":
        given_name = _given_by_text(syntax.source.text[max(0, start - 80) : start].rstrip())
        if given_name is not None:
            return Reference([], given_name)
    if part is None:
        return None
    if part.kind in grammar.calls and (listed := part.node.field("arguments")) is not None:
        inside = listed.range().start.index <= start < listed.range().end.index
        function = part.node.field("function")
        method = function.field("property") if function is not None else None
        if not inside and method is not None and method.text().startswith(("mock", "returns", "resolves", "rejects")):
            return None  # `(pool.query as Mock).mockReset()`
        if inside and is_mention(Part(node, place, part), syntax):
            return None
    given: list[SgNode] = []
    outer: Part | None = part
    while outer is not None and (outer.kind in grammar.calls or outer.kind == "keyword_argument"):
        arguments = outer.node.field("arguments")
        if arguments is not None:
            given += [each for each in arguments.children()[:50] if each.is_named() and each.range().start.index > end]
        outer = outer.parent
    if outer is None or outer.kind not in grammar.assignments:
        body = part.node.field("body") if part.kind in grammar.functions else None
        is_result = body is not None and body.range().start.index == start
        passed_on = part.kind in grammar.calls or part.kind in ("keyword_argument", "return_statement") or is_result
        return Reference(given, "") if passed_on else None
    value = outer.node.field("value") or outer.node.field("right")
    if value is None or not value.range().start.index <= start < value.range().end.index:
        return None
    named = outer.node.field("name") or outer.node.field("left") or outer.node.field("key")
    return Reference(given, syntax.source.slice(named)[:80].rpartition(".")[2] if named is not None else "")


def _is_choice(part: Part) -> bool:
    """Whether a part is `custom || pool.query`."""
    operator = part.node.field("operator") if part.kind == "binary_expression" else None
    return operator is not None and operator.text() in ("||", "??", "&&")


def _given_by_text(before: str) -> str | None:
    """The name that a default of a parameter gives, empty for a result or an export; None for anything else."""
    if before.endswith(("yield", "export default")):
        return ""
    if before.endswith("=") and before[-2:-1] not in ("=", "!", "<", ">"):
        return last_name(before[:-1].rstrip())
    return None
