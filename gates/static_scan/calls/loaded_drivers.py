"""The driver that an import, an export or a call loads."""

from __future__ import annotations

from ast_grep_py import SgNode

from gates.static_scan.calls.drivers import driver_in
from gates.static_scan.code.call_chain import chain_of
from gates.static_scan.code.syntax import Syntax
from gates.static_scan.code.text_alternatives import UNKNOWN
from gates.static_scan.code.text_folding import Folder

_TYPES = frozenset("type_query type_annotation type_arguments union_type nested_type_identifier type_alias".split())
# No driver, but no one loads them by their names for anything else.
_MAPPERS = frozenset({"sqlalchemy", "peewee", "tortoise", "pony"})


def loaded_driver(node: SgNode, syntax: Syntax, folder: Folder) -> str:
    """The name of the driver; empty if it loads none, or only its types."""
    source, kind = syntax.source, node.kind()
    text = source.slice(node)[:2_000]
    if kind in syntax.grammar.imports:
        return driver_in(text, source.language)
    if kind == "export_statement":
        return "" if text.startswith("export type ") else driver_in(text[text.rfind("from") :], source.language)
    if kind == "subscript":
        folded = folder.fold(node.field("subscript") or node)
    else:
        given = chain_of(node, source, syntax.grammar)[-1].arguments or []
        at = 1 if "spec_from_file_location" in text[:80] and len(given) > 1 else 0
        folded = folder.fold(given[at]) if given else UNKNOWN
        if given and not folded.is_known and text.startswith("require("):  # `require(require.resolve("mysql2"))`
            folded = folded._replace(texts=(source.slice(given[0]).partition("(")[2].strip("()'\"`"),))
    for each in folded.texts:
        name = driver_in(f"import {each}" if source.is_python else f"from '{each}'", source.language)
        if not name and source.is_python and each.partition(".")[0] in _MAPPERS:
            name = each
        if name:
            return "" if text.startswith("import(") and _is_type(node) else name
    return ""


def _is_type(node: SgNode) -> bool:
    """Whether `import("mysql2").Pool` is written where a type is."""
    for _ in range(4):
        outer = node.parent()
        if outer is None:
            return False
        if outer.kind() in _TYPES:
            return True
        node = outer
    return False
