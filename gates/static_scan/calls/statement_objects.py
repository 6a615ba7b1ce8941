"""What is given to a call that runs SQL: a text, an object with a text, or a statement that a builder made."""

from __future__ import annotations

from collections.abc import Sequence

from ast_grep_py import SgNode

from gates.static_scan.calls.pass_through import name_of
from gates.static_scan.code.call_chain import chain_of
from gates.static_scan.code.origins import Origins
from gates.static_scan.code.syntax import Syntax

# Statements that SQLAlchemy and the like build: the call that makes one is found by itself.
_BUILDERS = frozenset(
    """select insert update delete union union_all exists mysql_insert pg_insert sqlite_insert with_entities selectFrom
    insertInto""".split()
)


_WRITING = frozenset("insert update delete mysql_insert pg_insert sqlite_insert merge insertInto".split())
_STATEMENTS = ("query", "sql", "operation", "statement", "stmt", "command", "clauseelement")
_TEXT_KEYS = ("sql", "text", "queryString", "statement")


def statement_of(given: Sequence[SgNode], position: int) -> SgNode:
    """The argument that is the statement: by its name, where arguments have names, or by its place."""
    named = (each for each in given if each.kind() == "keyword_argument" and name_of(each) in _STATEMENTS)
    return next(named, given[position])


def text_argument(node: SgNode, syntax: Syntax, depth: int = 0) -> SgNode | None:
    """The argument, or of an object its `sql` or `text`; None for a query of another kind, like GraphQL."""
    kind = node.kind()
    if kind in syntax.grammar.wrappers and kind not in ("await_expression", "await"):
        inner = [child for child in node.named_children() if child.kind() != "comment"]
        if inner and inner[0].kind() in ("object", "dictionary"):
            return text_argument(inner[0], syntax, depth)
    if kind == "identifier":
        values = syntax.assignments.get(syntax.source.name(node), [])
        if len(values) == 1 and values[0].value.kind() in ("object", "dictionary") and not values[0].taken_apart:
            return text_argument(values[0].value, syntax, depth + 1) if depth < 4 else node
    if kind == "keyword_argument":
        return node.field("value")
    if kind not in ("object", "dictionary"):
        return node
    for child in node.children()[:50]:
        if child.kind() == "shorthand_property_identifier" and child.text() in _TEXT_KEYS:
            return child
        key = child.field("key")
        if key is not None and key.text().strip("[]'\"`") in _TEXT_KEYS:
            return child.field("value")
    spread = next((child for child in node.children()[:50] if child.kind() == "spread_element"), None)
    inside = spread.named_children() if spread is not None else []
    return text_argument(inside[0], syntax, depth + 1) if inside and depth < 4 else None  # `{...options, nest: true}`


def writing_builders(node: SgNode, syntax: Syntax, origins: Origins, depth: int = 0) -> list[range]:
    """The places of the calls that make a statement that writes, in an argument or where its name gets its value."""
    grammar = syntax.grammar
    while node.kind() in grammar.wrappers:
        node = next(child for child in node.children() if child.is_named())
    name = syntax.source.name(node) if node.kind() == "identifier" else ""
    if node.kind() in grammar.calls:
        chain = chain_of(node, syntax.source, grammar)
        names = {origins.aliases.get(link.name, link.name) for link in chain if link.arguments is not None}
        if names & _WRITING:
            place = node.range()
            return [range(place.start.index, place.end.index)]
        name = chain[0].name if chain and chain[0].arguments is None else ""
    values = syntax.assignments.get(name, [])[:8] if name and depth < 3 else []
    return [place for each in values for place in writing_builders(each.value, syntax, origins, depth + 1)]


def is_statement_object(node: SgNode, syntax: Syntax, origins: Origins, depth: int = 0) -> bool:
    """Whether an argument is a statement that a builder made, which is found where it is made."""
    grammar = syntax.grammar
    while node.kind() in grammar.wrappers:
        node = next(child for child in node.children() if child.is_named())
    if node.kind() in grammar.calls:
        chain = chain_of(node, syntax.source, grammar)
        if any(origins.aliases.get(link.name, link.name) in _BUILDERS and link.arguments is not None for link in chain):
            return True
        if len(chain) < 2 or chain[0].arguments is not None or depth >= 3:
            return False
        return _all_built(chain[0].name, syntax, origins, depth)
    if node.kind() == "identifier" and depth < 3:
        return _all_built(syntax.source.name(node), syntax, origins, depth)
    return False


def _all_built(name: str, syntax: Syntax, origins: Origins, depth: int) -> bool:
    values = syntax.assignments.get(name, [])
    return bool(values) and all(is_statement_object(each.value, syntax, origins, depth + 1) for each in values[:8])
