"""The two grammars: which nodes of a tree are calls, strings, assignments and functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from ast_grep_py import SgNode

from gates.static_scan.code.name_words import words_of

# The expressions of Python that make a list, a set, a tuple or a dictionary.
PYTHON_CONTAINERS = frozenset(
    "list dictionary set tuple list_comprehension dictionary_comprehension set_comprehension".split()
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Grammar(NamedTuple):
    """The kinds of nodes of a language."""

    calls: frozenset[str]
    strings: frozenset[str]
    assignments: frozenset[str]
    functions: frozenset[str]
    imports: frozenset[str]
    comparisons: frozenset[str]
    others: frozenset[str]
    pattern_names: tuple[str, ...]
    wrappers: frozenset[str]
    members: frozenset[str]
    subscripts: frozenset[str]
    loops: frozenset[str] = frozenset()

    @property
    def kinds(self) -> list[str]:
        """All of them."""
        groups = (self.calls, self.strings, self.assignments, self.functions, self.imports, self.others)
        return sorted({kind for group in groups for kind in group} | self.comparisons | self.loops)

    @staticmethod
    def words(text: str) -> Iterable[str]:
        """The words of the modules that an import names."""
        return (word for name in _NAME.findall(text[:4_000]) for word in (name.lower(), *words_of(name)))

    @staticmethod
    def parameters(function: SgNode, name_of: Callable[[SgNode], str]) -> list[str]:
        """The names of a function's parameters; of one that is taken apart, those of its parts."""
        listed = function.field("parameters") or function.field("parameter")
        if listed is None:
            return []
        if listed.kind() == "identifier":
            return [name_of(listed)]
        found = []
        for child in listed.children()[:100]:
            if not child.is_named():
                continue
            kind = child.kind()
            name = child
            if kind != "identifier":
                inner = child.field("pattern") or child.field("name") or child.field("left") or child.child(0)
                name = inner if inner is not None else child
            found.append(name_of(name)[:80])
        return found[1:] if found[:1] in (["self"], ["cls"]) else found


_PYTHON = Grammar(
    calls=frozenset({"call"}),
    strings=frozenset({"string", "concatenated_string"}),
    assignments=frozenset(
        {"assignment", "augmented_assignment", "pair", "named_expression", "keyword_argument", "as_pattern"}
    ),
    functions=frozenset({"function_definition", "lambda"}),
    imports=frozenset({"import_statement", "import_from_statement"}),
    comparisons=frozenset({"comparison_operator"}),
    others=frozenset(
        {"expression_statement", "raise_statement", "assert_statement", "binary_operator", "return_statement"}
    ),
    pattern_names=("identifier",),
    wrappers=frozenset({"parenthesized_expression", "await"}),
    members=frozenset({"attribute"}),
    subscripts=frozenset({"subscript"}),
    loops=frozenset({"for_statement", "for_in_clause"}),
)
_JAVASCRIPT = Grammar(
    calls=frozenset({"call_expression", "new_expression"}),
    strings=frozenset({"string", "template_string"}),
    assignments=frozenset(
        {
            "variable_declarator",
            "assignment_expression",
            "augmented_assignment_expression",
            "pair",
            "field_definition",
        }
    ),
    functions=frozenset(
        {
            "function_declaration",
            "function_expression",
            "arrow_function",
            "method_definition",
            "generator_function",
            "generator_function_declaration",
        }
    ),
    imports=frozenset({"import_statement"}),
    comparisons=frozenset(),
    others=frozenset({"expression_statement", "throw_statement", "binary_expression", "return_statement"}),
    pattern_names=("shorthand_property_identifier_pattern", "identifier"),
    wrappers=frozenset(
        {"parenthesized_expression", "await_expression", "as_expression", "non_null_expression", "satisfies_expression"}
    ),
    members=frozenset({"member_expression"}),
    subscripts=frozenset({"subscript_expression"}),
)
_TYPESCRIPT = _JAVASCRIPT._replace(
    assignments=_JAVASCRIPT.assignments - {"field_definition"} | {"public_field_definition", "enum_assignment"},
    others=_JAVASCRIPT.others | {"literal_type"},
)
_JSX = _JAVASCRIPT._replace(others=_JAVASCRIPT.others | {"jsx_attribute"})
_TSX = _TYPESCRIPT._replace(others=_TYPESCRIPT.others | {"jsx_attribute"})


def grammar_of(language: str) -> Grammar:
    """The grammar of a language by ast-grep's name."""
    return {"python": _PYTHON, "javascript": _JSX, "typescript": _TYPESCRIPT, "tsx": _TSX}[language]
