"""Lists, objects and texts of JavaScript: where a text is after a member of them is taken, or a method is called.

A path leads from a value to a text in it: `("drop", "[]")` to the texts of `{ drop: ["DROP TABLE …"] }`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ast_grep_py import SgNode

from gates.static_scan.calls.javascript_texts.variable_uses import text_of
from gates.static_scan.calls.showing_calls import COMPARISONS
from gates.static_scan.code.source_text import SourceText
from gates.static_scan.sql.sql_words import TRANSACTION_CONTROL, opened, starts_as_sql, words

# What gets a statement in a command line.
_PROGRAMS = re.compile(r"mysql|mariadb|sqlite|psql|\bsql\b", re.IGNORECASE)
Path = tuple[str, ...]
# The key of a value in a list, and one that is not known.
ITEM, ANY = "[]", "*"
# Methods of lists that call a function for each value.
CALLBACKS = frozenset("some every findIndex forEach filter find findLast map flatMap".split())
# Methods of texts that say something about the text, and those that give another text.
_QUERIED = frozenset(
    """startsWith endsWith includes match matchAll test indexOf lastIndexOf search localeCompare charAt charCodeAt
    codePointAt""".split()
)
_CHANGED = frozenset(
    """slice substring substr trim trimStart trimEnd replace replaceAll toUpperCase toLowerCase concat padEnd padStart
    repeat normalize toString valueOf at""".split()
)
# Methods of lists: what they say of it, those that give a list, and those that give one of its values. What becomes
# of the values that `map` gives is decided in its function.
_QUERIED_OF_LISTS = frozenset(
    """includes has indexOf lastIndexOf some every findIndex forEach keys delete map set add push unshift
    clear""".split()
)
_LISTS = frozenset("filter slice concat sort reverse values toSorted toReversed flat".split())
_ITEMS = frozenset("find findLast at pop shift get".split())
_CONSTANTS = frozenset({"string", "number", "null", "undefined", "regex"})
# What gives a value on as it is, and what runs nothing.
SAME = frozenset(
    """parenthesized_expression as_expression satisfies_expression non_null_expression await_expression
    template_substitution object type_assertion""".split()
)
HARMLESS = frozenset(
    """unary_expression if_statement while_statement do_statement switch_statement jsx_expression jsx_attribute
    throw_statement expression_statement type_query""".split()
)


def of_call(name: str, receiver: str, given: Sequence[SgNode], path: Path) -> Path | bool | None:
    """Where a text is in what a function gives that it got; None for functions that are not known."""
    if not all(each.kind() in _CONSTANTS for each in given[1:]):
        return None
    match receiver, name:
        case "Object", "keys":
            return True
        case "Object", "values":
            return (ITEM, *path[1:]) if path else None
        case "Object", "entries":
            return (ITEM, ITEM, *path[1:]) if path else None
        case ("Object", "freeze" | "seal") | ("Promise", "resolve") | ("Array", "from"):
            return path
        case "", "Set" | "structuredClone":
            return path
        case "", "Map":
            return (ANY, *path[2:]) if len(path) > 1 else None
        case ("JSON", "stringify") | ("", "String" | "dedent"):
            return ()
    return None


def of_text(method: str, given: Sequence[SgNode]) -> Path | bool:
    """What becomes of a text on which a method is called."""
    if method == "split":
        return (ITEM,)
    if method in _CHANGED:
        is_known = all(each.kind() not in ("arrow_function", "function_expression") for each in given)
        return () if is_known and (not method.startswith("replace") or given[1:2] == _constants(given[1:2])) else False
    return method in _QUERIED


def of_list(method: str, path: Path) -> Path | bool:
    """What becomes of a list on which a method is called."""
    if method == "keys" and path[0] == ANY:  # of a map
        return (ITEM, *path[1:])
    if method in _QUERIED_OF_LISTS or method == "flatMap":
        return True
    if method == "join":
        return ()
    if method == "entries":
        return (ITEM, *path)
    return path if method in _LISTS else path[1:] if method in _ITEMS else False


def of_member(member: SgNode, inner: SgNode, path: Path) -> Path | bool:
    """What becomes of a value of which a member is taken."""
    if member.field("object") != inner:
        return True  # it is the key of another object
    named, index = member.field("property"), member.field("index")
    if not path:
        return named is not None or ()
    if named is None and (index is None or index.kind() != "string"):
        return path[1:]
    name = named.text() if named is not None else index.text().strip("'\"") if index is not None else ""
    if path[0] == ITEM:
        return name in ("length", "size")
    return path[1:] if path[0] in (name, ANY) else True


def of_operation(outer: SgNode, inner: SgNode, source: SourceText, path: Path) -> Path | bool:
    """What becomes of a value in an operation of two."""
    left, sign = outer.field("left"), text_of(outer, "operator")
    if left is not None and left != inner and sign == "+" and left.kind() in ("string", "template_string"):
        return is_prose(source.slice(left)[1:-1][:200]) or path
    return sign in COMPARISONS or path


def is_prose(text: str) -> bool:
    """Whether a text begins so that nothing runs what follows in it: `Refused: `, `<pre>`."""
    start = opened(text).lstrip()
    if not start[:1].isalpha() and not start.startswith("<"):
        return False
    if words(start)[:1] and words(start)[0].upper() in TRANSACTION_CONTROL | {"DELIMITER"}:
        return False
    return not (starts_as_sql(start) or start.rstrip().endswith("=") or _PROGRAMS.search(start))


def _constants(nodes: Sequence[SgNode]) -> Sequence[SgNode]:
    return [each for each in nodes if each.kind() in ("string", "template_string")]
