"""What is given to a call that runs SQL: a text, an object with a text, or a statement that a builder made."""

from __future__ import annotations

from ast_grep_py import SgNode

from gates.static_scan.code.call_chain import chain_of
from gates.static_scan.code.origins import Origins
from gates.static_scan.code.syntax import Syntax

# Statements that SQLAlchemy and the like build: the call that makes one is found by itself.
_BUILDERS = frozenset(
    """select insert update delete union union_all exists table mysql_insert pg_insert sqlite_insert values merge
    with_entities selectFrom insertInto""".split()
)


def text_argument(node: SgNode) -> SgNode | None:
    """The argument, or of an object its `sql` or `text`; None for a query of another kind, like GraphQL."""
    kind = node.kind()
    if kind == "keyword_argument":
        return node.field("value")
    if kind not in ("object", "dictionary"):
        return node
    for child in node.children()[:50]:
        key = child.field("key")
        if key is not None and key.text().strip("'\"") in ("sql", "text", "queryString", "statement"):
            return child.field("value")
    return None


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
