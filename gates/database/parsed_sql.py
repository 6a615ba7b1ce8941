"""SQL as a tree without the spellings that servers add; needs the extra `drift`."""

from __future__ import annotations

from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

MAX_CHOICES = 100
# What the parser does not know may end it with others than its own.
_PARSER_ERRORS = (SqlglotError, AttributeError, LookupError, TypeError, ValueError)


@lru_cache(maxsize=4_096)
def parsed(text: str, database: str) -> exp.Expr | None:
    """The tree of an expression or query that was read from a schema; None if the parser gives up."""
    try:
        tree = sqlglot.parse_one(text, read="mysql")
    except _PARSER_ERRORS:
        return None
    if isinstance(tree, exp.Command):
        return None  # text that the parser let through without reading it
    return _plain(tree, database)


def _any_of(column: exp.Expr, choices: list[exp.Expr]) -> exp.Expr:
    """`x IN (a, b)` as `x = a OR x = b`."""
    first, *others = (exp.EQ(this=column.copy(), expression=choice.copy()) for choice in choices)
    whole: exp.Expr = first
    for other in others:
        whole = exp.Or(this=whole, expression=other)
    return whole


def _plain(tree: exp.Expr, database: str) -> exp.Expr:
    """The tree without parentheses, which it needs no more, quotes and the name of its own schema."""
    root = exp.Paren(this=tree)  # so that the root too can be replaced
    for node in list(root.walk()):
        if node is root:
            continue
        if isinstance(node, exp.Paren):
            node.replace(node.this)
        elif isinstance(node, exp.Identifier):
            node.set("quoted", None)
        elif isinstance(node, (exp.Column, exp.Table)) and node.args.get("db") and node.args["db"].name == database:
            node.set("db", None)
        node.comments = None
    for node in list(root.find_all(exp.In)):
        if 0 < len(node.expressions) <= MAX_CHOICES:
            node.replace(_any_of(node.this, node.expressions))
    plain = root.this
    assert isinstance(plain, exp.Expr)  # noqa: S101 - for the type checker
    return plain
