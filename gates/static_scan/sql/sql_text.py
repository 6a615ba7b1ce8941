"""What SQL text does: which tables it reads and writes, by sqlglot's MySQL dialect.

It fails closed. What the parser does not read, or lets through unread (`CALL`, `PREPARE`, `LOAD DATA`), counts as a
write unless it can only be a read; the content of an executable comment (`/*!40101 … */`) is read as the server does.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from gates.static_scan.sql.sql_words import (
    FILLED,
    HOLE,
    LIMITS,
    READS,
    TRANSACTION_CONTROL,
    WRITES,
    opened,
    split_statements,
    words,
)
from gates.static_scan.touchpoint import Access

# The parser is recursive, and slow on what is nested without end.
MAX_PARSED_CHARACTERS = 20_000
MAX_NESTING = 40
# Text that is no SQL ends the parser with others than its own.
_PARSER_ERRORS = (SqlglotError, RecursionError, AttributeError, LookupError, TypeError, ValueError)
# It reports on standard error what it lets through; this module reports it too.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

# What drivers of Python, formats and templates fill in.
_PLACEHOLDER = re.compile(rf"{FILLED.pattern}|%s|\{{[A-Za-z_0-9.]{{0,60}}\}}")
_MODIFIERS = re.compile(
    r"^(\s{0,200}(?:INSERT|REPLACE|UPDATE|DELETE))(?:\s{1,20}(?:LOW_PRIORITY|HIGH_PRIORITY|DELAYED|QUICK|IGNORE)\b){1,4}",
    re.IGNORECASE,
)
_WRITES = (exp.Insert, exp.Update, exp.Delete, exp.Merge)
_SCHEMA = (exp.Create, exp.Drop, exp.Alter, exp.TruncateTable)


class Statement(NamedTuple):
    """One access of one statement; `table` is empty if it is not known."""

    access: Access
    table: str
    verb: str
    parsed: bool


@lru_cache(maxsize=8_192)
def statements(text: str) -> tuple[Statement, ...]:
    """What a text of SQL does, statement by statement; a hole is where code puts something in."""
    plain = _PLACEHOLDER.sub(HOLE, opened(text))
    if len(plain) > MAX_PARSED_CHARACTERS or _too_nested(plain):
        return _unparsed(plain, words(plain))
    found: list[Statement] = []
    for part in split_statements(plain):
        found += _statement(part)
    return tuple(dict.fromkeys(found))


def _statement(text: str) -> tuple[Statement, ...]:
    tokens = words(text)
    if not tokens or tokens[0] in TRANSACTION_CONTROL or tokens in (["BEGIN"], ["BEGIN", "WORK"]):
        return ()
    if tokens[0] not in READS and tokens[0] not in WRITES and tokens[0] != "(":
        return (Statement("unknown", "", tokens[0] if tokens[0].isalpha() else "", parsed=False),)
    text = _MODIFIERS.sub(r"\1", text, count=1)
    # A hole is a value, a name or a clause, which may be empty.
    for filled in (text, text.replace(HOLE, "")) if HOLE in text else (text,):
        try:
            trees = sqlglot.parse(filled, read="mysql")
        except _PARSER_ERRORS:
            continue
        found = [each for tree in trees if tree is not None for each in _of_tree(tree, tokens)]
        if found:
            return tuple(found)
    return _unparsed(text, tokens)


def _of_tree(tree: exp.Expr, tokens: list[str]) -> Iterator[Statement]:
    verb = next((word for word in tokens if word != "("), "")
    if isinstance(tree, exp.Command):
        yield from _unparsed("", tokens)
        return
    written = list(tree.find_all(*_WRITES))
    if written:
        targets = [name for node in written for name in _written(node)]
        aliases = {table.alias for table in tree.find_all(exp.Table)}
        yield from (Statement("write", name, verb, parsed=True) for name in targets)
        others = (name for name in _tables(tree) if name not in targets and name not in aliases)
        yield from (Statement("read", name, verb, parsed=True) for name in others)
    elif isinstance(tree, _SCHEMA):
        names = [_name(table) for table in tree.find_all(exp.Table)] or [""]
        yield Statement("write", names[0], verb, parsed=True)
    elif isinstance(tree, exp.Set):
        yield _set(tokens)
    elif isinstance(tree, (exp.Query, exp.Show, exp.Describe, exp.Use)) and verb in READS:
        if "OUTFILE" in tokens or "DUMPFILE" in tokens:
            yield Statement("write", "", verb, parsed=True)
        yield from (Statement("read", name, verb, parsed=True) for name in _tables(tree) or [""])
    else:
        yield from _unparsed("", tokens)


def _set(tokens: list[str]) -> Statement:
    """A variable of a session; one that lifts a limit opens a way to write."""
    named = {token.upper().rpartition(".")[2].lstrip("@") for token in tokens}
    if {"READ", "WRITE"} <= named or named & LIMITS:
        return Statement("connection", "", "SET", parsed=True)
    if tokens[1:2] and tokens[1].startswith("@") and not tokens[1].startswith("@@") and "(" not in tokens:
        return Statement("read", "", "SET", parsed=True)  # a variable of the session's own
    return Statement("unknown", "", "SET", parsed=True)


def _target(node: exp.Expr) -> str:
    table = node.this if not isinstance(node.this, exp.Schema) else node.this.this
    if not isinstance(table, exp.Table):
        table = node.find(exp.Table)
    return _name(table) if isinstance(table, exp.Table) else ""


def _written(node: exp.Expr) -> list[str]:
    several = node.args.get("tables")  # DELETE a, b FROM …
    if several:
        aliases = {table.alias_or_name: _name(table) for table in node.find_all(exp.Table)}
        return [aliases.get(table.name, table.name) for table in several]
    target = _target(node)
    return [_of_alias(node, target) if isinstance(node, exp.Delete) else target]


def _of_alias(node: exp.Expr, target: str) -> str:
    """The table that `DELETE FROM v USING script_versions AS v` names by its alias."""
    tables = [table for table in node.find_all(exp.Table) if table.alias and table.alias == target]
    return _name(tables[0]) if tables else target


def _tables(tree: exp.Expr) -> list[str]:
    shadowed = {each.alias for each in tree.find_all(exp.CTE)}
    return list(dict.fromkeys(_name(table) for table in tree.find_all(exp.Table) if table.name not in shadowed))


def _name(table: exp.Table) -> str:
    name = ".".join(part for part in (table.db, table.name) if part)
    return "" if HOLE in name or name == "?" else name


def _unparsed(text: str, tokens: list[str]) -> tuple[Statement, ...]:
    """What the words alone say, where no parser reads the text."""
    verbs = [token for token in tokens if token in WRITES]
    tokens = tokens or words(text)
    if not verbs and tokens and tokens[0] in READS and not {"OUTFILE", "DUMPFILE"} & {*tokens}:
        return tuple(Statement("read", name, tokens[0], parsed=False) for name in _names(tokens, ("FROM",)) or [""])
    if not verbs:
        return (Statement("unknown", "", tokens[0] if tokens else "", parsed=False),)
    if verbs[0] == "COPY" and "STDIN" in tokens and len(tokens) > 1:
        return (Statement("write", tokens[1], "COPY", parsed=False),)
    # A schema's or routine's name is no table.
    if verbs[0] == "SET":
        return (_set(tokens),)
    opaque = verbs[0] in ("CALL", "PREPARE", "EXECUTE", "SET", "DO", "GRANT", "REVOKE", "XA", "BEGIN", "ANALYZE")
    names = [] if opaque else _names(tokens, ("INTO", "UPDATE", "FROM", "TABLE", "HANDLER"))
    access: Access = "write" if verbs[0] in ("INSERT", "UPDATE", "DELETE", "REPLACE", "TRUNCATE", "LOAD") else "unknown"
    return (Statement(access, names[0] if names else "", verbs[0], parsed=False),)


def _names(tokens: list[str], after: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    for before, name in pairwise(tokens):
        skipped = ("TABLE", "IGNORE", "LOW_PRIORITY", "QUICK", "INTO", "SET", "SELECT", "(", "IF")
        if before in after and name.upper() not in skipped and name[:1].isidentifier() and HOLE not in name:
            found.append(name)
    return list(dict.fromkeys(found))


def _too_nested(text: str) -> bool:
    depth = deepest = 0
    for character in text:
        if character == "(":
            depth += 1
            deepest = max(deepest, depth)
        elif character == ")":
            depth -= 1
    return deepest > MAX_NESTING


def sentence_of(statement: Statement) -> str:
    """What a statement does, as a sentence."""
    if statement.access == "connection":
        return "Lets a session do what it could not, by SET."
    if not statement.parsed:
        return f"Runs {statement.verb or 'SQL'} that the parser does not read."
    return f"Runs {statement.verb}."
