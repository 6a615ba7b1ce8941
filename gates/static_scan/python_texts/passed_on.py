"""Modules and classes whose names are read by other code than what names them: passed on, or read by a framework."""

from __future__ import annotations

import re

from ast_grep_py import SgNode

from gates.static_scan.code.syntax import owner_of_parameter
from gates.static_scan.python_texts.declarations import is_definition
from gates.static_scan.python_texts.tree_names import MAX_FILES, MAX_USES, ParsedFile, TreeNames
from gates.static_scan.word_lists import word_lists

_VALUES = frozenset("keyword_argument list tuple pair assignment return_statement set".split())


def is_read_by_name(file: ParsedFile) -> bool:
    """Whether a framework reads the names of a file: settings, migrations."""
    words = word_lists("python_texts")
    names = {*file.path.parts[:-1], file.path.stem, *re.split(r"[._]", file.path.stem)[-1:]}
    return bool(names & (words["settings"] | words["read_folders"]))


def is_passed_on(tree: TreeNames, file: ParsedFile, name: str) -> bool:
    """Whether a module or class of a file is given to a call or gets another name: its members may be taken there."""
    key = (file.source.file, name)
    if key not in tree.passed_on:
        tree.passed_on[key] = _is_passed_on(tree, file, name)
    return tree.passed_on[key]


def _is_passed_on(tree: TreeNames, file: ParsedFile, name: str) -> bool:
    paths = {*tree.importers.get(name, ())} - {file.source.file}
    if len(paths) > MAX_FILES:
        return True
    if file.module != name and _gives_away(file, name):
        return True
    for other in map(tree.file, sorted(paths)):
        given = {alias for alias, imported in other.imported if imported.whole == name}
        if not other.is_test and any(_gives_away(other, alias) for alias in given):
            return True
    return False


def _gives_away(file: ParsedFile, name: str) -> bool:
    nodes = [node for node in file.identifiers(name) if not is_definition(node)]
    return len(nodes) > MAX_USES or any(_is_given(node, file, name) for node in nodes)


def _is_given(node: SgNode, file: ParsedFile, name: str) -> bool:
    parent = node.parent()
    if parent is None or owner_of_parameter(file.syntax.function_at(node.range().start.index), name) is not None:
        return False
    if parent.kind() == "argument_list":
        listed = parent.parent()
        function = listed.field("function") if listed is not None else None
        takes = word_lists("python_texts")["takes_classes"]
        return function is not None and function.text().rpartition(".")[2] not in takes
    return parent.kind() in _VALUES
