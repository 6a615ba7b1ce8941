"""The functions of a file of Python that give a handle of a database: as a result, in a `with`, to what they wrap."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ast_grep_py import SgNode

from gates.static_scan.code.syntax import Function, Syntax

_CURSOR = re.compile(r"\.cursor\(")
_CONNECTION = re.compile(r"\b(?:connect|acquire|get_connection|getconn|raw_connection)\(")
_DRIVERS = frozenset(
    """pymysql mysqldb mysql mariadb aiomysql asyncmy sqlite3 aiosqlite psycopg psycopg2 asyncpg sqlalchemy pyodbc
    django""".split()
)
_NAME = re.compile(r"[A-Za-z_]\w{0,80}")
_CALL = re.compile(r"(?:await )?(?:\w{1,80}\.)?(\w{1,80})\(")
_MAX_ROUNDS = 3
_MAX_TEXT = 400


def handles_of(syntax: Syntax) -> dict[str, str]:
    """The names of those functions, with the words of what they give."""
    found: dict[str, str] = {}
    for _ in range(_MAX_ROUNDS):
        before = len(found)
        for name, words in _given(syntax, found):
            found.setdefault(name, words)
        if len(found) == before:
            break
    return found


def members_of(syntax: Syntax) -> list[tuple[str, frozenset[str], str, str]]:
    """The members of classes that get a handle: the class, its bases, the member, the words of the handle."""
    found: list[tuple[str, frozenset[str], str, str]] = []
    has_driver = not _DRIVERS.isdisjoint(syntax.module_words)
    for node in syntax.source.root.find_all(kind="class_definition"):
        named, listed = node.field("name"), node.field("superclasses")
        bases = frozenset(_NAME.findall(syntax.source.slice(listed)[:200])) if listed is not None else frozenset()
        for each in node.find_all(kind="assignment"):
            left, value = each.field("left"), each.field("right")
            owner = left.field("object") if left is not None and left.kind() == "attribute" else None
            member = left.field("attribute") if left is not None else None
            if named is None or value is None or owner is None or member is None or owner.text() != "self":
                continue
            if words := _words(syntax.source.slice(value), {}, has_driver):
                found.append((syntax.source.name(named), bases, syntax.source.name(member), words))
    return found


def _given(syntax: Syntax, known: dict[str, str]) -> Iterator[tuple[str, str]]:
    source = syntax.source
    has_driver = not _DRIVERS.isdisjoint(syntax.module_words)
    held: dict[tuple[Function, str], str] = {}
    for name, values in syntax.assignments.items():
        for each in values:
            if each.function is not None and (words := _words(source.slice(each.value), known, has_driver)):
                held[each.function, name] = words
    for node in source.root.find_all(any=[{"kind": "return_statement"}, {"kind": "yield"}]):
        function = syntax.function_at(node.range().start.index)
        text = source.slice(node)[:_MAX_TEXT].removeprefix("return").removeprefix("yield").strip()
        if function is not None:
            words = held.get((function, text), "") or _words(text, known, has_driver)
            if words and function.outer is None and function.name:
                yield function.name, words
    yield from _wrapped(syntax, held)


def _wrapped(syntax: Syntax, held: dict[tuple[Function, str], str]) -> Iterator[tuple[str, str]]:
    """Decorators that call what they wrap with a handle."""
    for part in syntax.parts:
        function = part.function
        if part.kind != "call" or function is None or function.outer is None:
            continue
        called = part.node.field("function")
        if called is None or called.kind() != "identifier":
            continue
        name = syntax.source.name(called)
        first = _first(part.node)
        words = held.get((function, syntax.source.slice(first)), "") if first is not None else ""
        outer: Function | None = function.outer
        if words and outer is not None and name in outer.parameters:
            while outer is not None:
                yield outer.name, words
                outer = outer.outer


def _first(call: SgNode) -> SgNode | None:
    listed = call.field("arguments")
    given = listed.named_children() if listed is not None else []
    return given[0] if given and given[0].kind() == "identifier" else None


def _words(text: str, known: dict[str, str], has_driver: bool) -> str:
    """The words of the handle that an expression gives; empty if it gives none."""
    text = text[:_MAX_TEXT].strip()
    if not text.endswith(")"):
        return ""
    if (
        _CURSOR.search(text)
        and text.rpartition(".cursor(")[2].count("(") == text.rpartition(".cursor(")[2].count(")") - 1
    ):
        return "cursor"
    called = _CALL.match(text)
    if called is not None and called[1] in known:
        return known[called[1]]
    return "connection" if has_driver and called is not None and _CONNECTION.search(called[0]) else ""
