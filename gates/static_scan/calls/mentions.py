"""Texts that talk about SQL and are not run: messages, names of tests, comparisons, documentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ast_grep_py import SgNode

from gates.static_scan.calls.showing_calls import (
    COMPARISONS,
    is_display_key,
    is_of_database,
    is_showing_call,
    is_tested_name,
)
from gates.static_scan.code.call_chain import Link, chain_of
from gates.static_scan.code.name_words import words_of
from gates.static_scan.code.syntax import Part, Syntax
from gates.static_scan.word_lists import word_lists

_RAISES = ("raise_statement", "throw_statement")
_ENDS = ("Error", "Exception", "Warning", "Rejected", "Panic")


def _words() -> Mapping[str, frozenset[str]]:
    return word_lists("mentions")


def is_mention(part: Part, syntax: Syntax) -> bool:
    """Whether the text at a part of the tree is only talked about."""
    grammar = syntax.grammar
    if syntax.source.is_python:
        if _is_type(part) or (_words()["test_libraries"] & syntax.module_words and _is_sample(part, syntax)):
            return True
    elif (around := part.node.parent()) is not None and around.kind() == "jsx_expression":
        return True  # what a page shows
    inner, outer = part, part.parent
    while outer is not None and outer.kind not in grammar.functions:
        if outer.kind == "expression_statement":
            return outer.node.child(0) == part.node  # a docstring, or a directive
        if outer.kind in grammar.imports or outer.kind in (
            "literal_type",
            "jsx_attribute",
            "raise_statement",
            "throw_statement",
        ):
            return True
        if outer.kind in grammar.comparisons or outer.kind == "assert_statement":
            return True
        if outer.kind == "binary_expression" and _compares(outer):
            return True
        if outer.kind == "pair" and (_is_key(outer, inner) or _names_help(outer, syntax)):
            return True
        if outer.kind == "keyword_argument" and _names_help(outer, syntax):
            return True
        if outer.kind in grammar.calls:
            links = chain_of(outer.node, syntax.source, grammar)
            name = links[-1].name if links else ""
            inside = links[-1].arguments or [] if links else []
            if not any(each.range().start.index <= inner.start < each.range().end.index for each in inside):
                inner, outer = outer, outer.parent  # it is what the method is called on
                if name in ("startsWith", "endsWith", "includes", "startswith", "endswith"):
                    return True
                continue
            if links and links[0].name == "shlex":
                return False
            if links and only_mentions(outer.node, links, syntax):
                return True
            if name not in _words()["through"]:
                return outer.parent is not None and outer.parent.kind in _RAISES
        elif outer.kind in grammar.assignments and outer.kind not in ("pair", "keyword_argument"):
            return outer.kind == "variable_declarator" and is_tested_name(outer, syntax)
        inner, outer = outer, outer.parent
    return False


def only_shows(links: Sequence[Link], given: Sequence[SgNode], syntax: Syntax) -> bool:
    """Whether a call shows, compares or stores what it is given, by its name."""
    name = links[-1].name if links else ""
    if len(links) == 1 and is_declared_function(name, syntax):
        return False  # what it does is read there
    return bool(
        name in _words()["functions"]
        or (syntax.source.is_python and links and _gives_away(links))
        or name == "t"  # of i18n
        or name.startswith("assert")
        or name.endswith(_ENDS)
        or {link.name for link in links[:2]} & _words()["loggers"]
        or {link.name for link in links[:-1]} & _words()["readers"]
        or is_pattern_match(links)
        or (name == "partial" and given and given[0].text() in _words()["functions"])
    )


def is_declared_function(name: str, syntax: Syntax) -> bool:
    """Whether a file declares a function itself: `function alert(text) { run(text) }`."""
    return f"{'def' if syntax.source.is_python else 'function'} {name}(" in syntax.source.text


def only_mentions(call: SgNode, links: Sequence[Link], syntax: Syntax) -> bool:
    """Whether a call only talks about its texts, by its name or, in JavaScript, by what is around it."""
    if only_shows(links, links[-1].arguments or [], syntax):
        return True
    if syntax.source.is_python or (len(links) == 1 and is_declared_function(links[0].name, syntax)):
        return False
    return is_showing_call(call, links, syntax)


def gives_to_database(links: Sequence[Link]) -> bool:
    """Whether a call in a test may give a text to a database, by the words of its names."""
    return is_of_database(link.name for link in links)


def _is_sample(part: Part, syntax: Syntax) -> bool:
    """Whether a text of a test of Python is given to no database, by the names of the calls around it."""
    outer = part.parent
    while outer is not None and outer.kind not in syntax.grammar.functions:
        is_call = outer.kind in syntax.grammar.calls
        if is_call and gives_to_database(chain_of(outer.node, syntax.source, syntax.grammar)):
            return False
        outer = outer.parent
    return True


def _gives_away(links: Sequence[Link]) -> bool:
    """Whether a call of Python gives a text to a file, a service, or a page: `f.write(text)`."""
    if links[-1].name in ("write", "writelines"):  # a pipe to a client is written to as well
        return len(links) > 1 and bool({*words_of(links[-2].name)} & _words()["files"])
    return links[-1].name in _words()["python_functions"]


def _is_type(part: Part) -> bool:
    """Whether a text stands in an annotation, or in `Literal["…"]`."""
    for around in part.node.ancestors()[:6]:
        kind = around.kind()
        if kind == "type":
            return True
        if kind == "subscript" and (value := around.field("value")) is not None:
            return value.text().rpartition(".")[2] == "Literal"
        if kind in ("call", "block", "module"):
            return False
    return False


def is_pattern_match(links: Sequence[Link]) -> bool:
    """Whether a chain of calls looks for a pattern in a text: `regex.exec(text)`."""
    return len(links) > 1 and links[-1].name == "exec" and bool({*words_of(links[-2].name)} & _words()["patterns"])


def _compares(part: Part) -> bool:
    operator = part.node.field("operator")
    return operator is not None and operator.text() in COMPARISONS


def _is_key(pair: Part, inner: Part) -> bool:
    key = pair.node.field("key")
    return key is not None and key.range().start.index == inner.start


def _names_help(part: Part, syntax: Syntax) -> bool:
    name = part.node.field("name") or part.node.field("key")
    if name is None:
        return False
    return name.text().strip("'\"") in _words()["keys"] if syntax.source.is_python else is_display_key(part.node)
