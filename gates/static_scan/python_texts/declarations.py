"""Functions and classes of Python as the tree of code has them: parameters, fields, bases, decorators."""

from __future__ import annotations

from collections.abc import Sequence

from ast_grep_py import SgNode

from gates.static_scan.code.name_words import words_of
from gates.static_scan.python_texts.tree_names import ParsedFile
from gates.static_scan.word_lists import word_lists

PATTERNS = frozenset("pattern_list tuple_pattern list_pattern list_splat_pattern".split())
_DEFINING = frozenset(
    """parameters lambda_parameters typed_parameter list_splat_pattern dictionary_splat_pattern pattern_list
    tuple_pattern list_pattern as_pattern_target global_statement nonlocal_statement dotted_name aliased_import
    delete_statement""".split()
)
_BY_FIELD = {
    "assignment": "left",
    "augmented_assignment": "left",
    "named_expression": "name",
    "keyword_argument": "name",
    "default_parameter": "name",
    "typed_default_parameter": "name",
    "function_definition": "name",
    "class_definition": "name",
    "for_statement": "left",
    "for_in_clause": "left",
}


def name_of(node: SgNode, field: str, file: ParsedFile) -> str:
    """The name in a field of a node."""
    named = node.field(field)
    return file.source.name(named) if named is not None else ""


def enclosing(node: SgNode, kinds: Sequence[str]) -> SgNode | None:
    """The innermost node of some kinds around a node."""
    return next((each for each in node.ancestors() if each.kind() in kinds), None)


def is_definition(node: SgNode) -> bool:
    """Whether a name stands where it is declared or gets a value, and is not used."""
    parent = node.parent()
    if parent is None:
        return False
    kind = parent.kind()
    if kind in _DEFINING:
        return True
    field = parent.field(_BY_FIELD[kind]) if kind in _BY_FIELD else None
    return field == node


def decorators_of(node: SgNode, file: ParsedFile) -> list[str]:
    """The last names of the decorators of a function or class."""
    outer = node.parent()
    if outer is None or outer.kind() != "decorated_definition":
        return []
    marks = [child for child in outer.children() if child.kind() == "decorator"]
    return [file.source.slice(mark)[1:200].partition("(")[0].strip().rpartition(".")[2] for mark in marks]


def is_shown_by_decorator(function: SgNode, file: ParsedFile) -> bool:
    """Whether a decorator shows what a function returns, and has no name of a database: `@app.get("/")`."""
    words = word_lists("python_texts")
    outer = function.parent()
    marks = outer.children() if outer is not None and outer.kind() == "decorated_definition" else []
    names = [file.source.slice(mark)[1:200].partition("(")[0].strip() for mark in marks if mark.kind() == "decorator"]
    return any(
        name.rpartition(".")[2] in words["showing_decorators"]
        and not {*words_of(name)} & (words["databases"] | {"query", "queries", "statement", "statements", "repository"})
        for name in names
    )


def bases_of(made: SgNode, file: ParsedFile) -> list[str]:
    """The last names of what a class extends."""
    listed = made.field("superclasses")
    bases = [child for child in listed.children() if child.is_named()] if listed is not None else []
    names = [each for each in bases if each.kind() not in ("keyword_argument", "comment")]
    return [file.source.slice(each)[:200].partition("[")[0].rpartition(".")[2] for each in names]


def metaclasses_of(made: SgNode, file: ParsedFile) -> list[str]:
    """The last names of the keyword arguments of a class: of its metaclass, and what `__init_subclass__` gets."""
    listed = made.field("superclasses")
    given = [each for each in listed.children() if each.kind() == "keyword_argument"] if listed is not None else []
    return [file.source.slice(each)[:200].rpartition("=")[2].strip().rpartition(".")[2] for each in given]


def knows_subclasses(file: ParsedFile, made: SgNode) -> bool:
    """Whether a class does something with each class that extends it."""
    start, end = made.range().start.index, made.range().end.index
    return any(start < each.range().start.index < end for each in file.functions("__init_subclass__"))


def position_of(node: SgNode, call: SgNode) -> int:
    """The place of an argument of a call."""
    listed = call.field("arguments")
    given = [child for child in listed.children() if child.is_named()] if listed is not None else []
    return next((place for place, each in enumerate(given) if each == node), -1)


def parameter_at(function: SgNode, node: SgNode, call: SgNode, file: ParsedFile) -> str:
    """The parameter that gets an argument; empty if none does."""
    listed = function.field("parameters")
    if listed is None:
        return ""
    names: list[str] = []
    rest = ""
    for child in listed.children():
        if not child.is_named() or child.kind() == "comment":
            continue
        inner = child if child.kind() == "identifier" else child.field("name") or child.child(0)
        if child.kind() == "list_splat_pattern":
            rest = file.source.name(child.children()[-1])
            break
        if child.kind() in ("dictionary_splat_pattern", "keyword_separator"):
            break
        if inner is not None and inner.kind() == "list_splat_pattern":  # `*texts: str`
            rest = file.source.name(inner.children()[-1])
            break
        if inner is not None:
            names.append(file.source.name(inner))
    names = names[1:] if names[:1] in (["self"], ["cls"]) else names
    place = position_of(node, call)
    return names[place] if 0 <= place < len(names) else rest


def fields_of(made: SgNode, node: SgNode, call: SgNode, file: ParsedFile) -> str:
    """The field of a class that gets an argument, in the order in which they are declared."""
    body = made.field("body")
    names = []
    for statement in body.children() if body is not None else ():
        inner = statement.child(0) if statement.kind() == "expression_statement" else None
        if inner is not None and inner.kind() == "assignment" and inner.field("type") is not None:
            names.append(name_of(inner, "left", file))
    place = position_of(node, call)
    return names[place] if 0 <= place < len(names) else ""
