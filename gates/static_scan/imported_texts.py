"""Texts for people that another file of JavaScript imports: one of them may run what its own file only keeps.

`export const USAGE = "DELETE …"` is a text, unless `import { USAGE } from "./help"` gives it to a database.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from ast_grep_py import SgNode

from gates.static_scan.calls.javascript_texts.shown_texts import ShownTexts
from gates.static_scan.calls.javascript_texts.shown_values import Path
from gates.static_scan.calls.javascript_texts.variable_uses import VariableUses, is_in_clause
from gates.static_scan.code.imports import file_of
from gates.static_scan.code.source_text import SourceText
from gates.static_scan.code.syntax import Syntax
from gates.static_scan.files.source_files import SourceFile

# Files that export what they import from one that does, and so forth.
MAX_ROUNDS = 4
_EXPORTED_AGAIN = re.compile(
    r"""\bexport\s{0,8}(?:type\s{1,8})?(?:\*(?:\s{0,8}as\s{1,8}[\w$]{1,80})?|\{[^{};'"]{0,2000}\})\s{0,8}from\s{0,8}"""
    r"""['"]([^'"\n]{1,100})['"]"""
)
_WORD = re.compile(r"[\w$]+")
_WHOLE, _DEFAULT = "*", "default"
_LOADERS = ("require", "import")


class KeptText(NamedTuple):
    """A text that a file keeps under a name for people; `path` leads to it in the value of the name."""

    file: str
    name: str
    path: Path
    line: int


def run_elsewhere(kept: Sequence[KeptText], files: Iterable[SourceFile]) -> set[tuple[str, int]]:
    """The files and lines of kept texts that a file which imports them may run."""
    if not kept:
        return set()
    sources = {file.path: file for file in files if file.language in ("javascript", "typescript")}
    again = _exporters(sources)
    stems = {path: _stems(path, again) for path in {each.file for each in kept}}
    names: dict[str, set[str]] = defaultdict(set)
    for each in kept:
        for stem in stems[each.file]:
            names[stem] |= {each.name, *(_LOADERS if _is_all(each, sources) else ())}
    taken: dict[tuple[str, str], list[_Taken]] = defaultdict(list)
    for file in sources.values():
        own = {*_WORD.findall(file.text)}
        if any(stem in file.text and not own.isdisjoint(names[stem]) for stem in names):
            for stem, one in _Importer(file).taken():
                taken[stem, one.name].append(one)
    answers: dict[tuple[str, str, Path], bool] = {}
    for each in kept:
        key = (each.file, each.name, each.path)
        if key not in answers:
            is_all = _is_all(each, sources)
            answers[key] = any(
                one.importer.path != each.file and one.may_run(each, is_all=is_all)
                for stem in stems[each.file]
                for name in (each.name, _WHOLE, _DEFAULT)
                for one in taken.get((stem, name), ())
            )
    return {(each.file, each.line) for each in kept if answers[each.file, each.name, each.path]}


def _is_all(text: KeptText, sources: Mapping[str, SourceFile]) -> bool:
    """Whether a file exports a text, or what holds it, as the module itself."""
    source = sources.get(text.file)
    ways = (f"export default {text.name}", f"module.exports = {text.name}")
    return source is not None and any(way in source.text for way in ways)


def _exporters(sources: Mapping[str, SourceFile]) -> list[tuple[str, set[str]]]:
    """The names of files that export what they import, and the names of those files."""
    found = []
    for path, file in sources.items():
        if "export" in file.text and (modules := _EXPORTED_AGAIN.findall(file.text)):
            found.append((_stem(path), {file_of(module) for module in modules}))
    return found


def _stems(path: str, again: Sequence[tuple[str, set[str]]]) -> set[str]:
    """The names of the files from which what a file exports may be imported."""
    stems = {_stem(path)}
    for _ in range(MAX_ROUNDS):
        further = {stem for stem, modules in again if stems & modules} - stems
        if not further:
            break
        stems |= further
    return stems


def _stem(path: str) -> str:
    return file_of(f"./{PurePosixPath(path)}")


class _Importer:
    """A file that may import texts of others."""

    def __init__(self, file: SourceFile) -> None:
        self.path = file.path
        self._source = SourceText(file.path, file.text, file.language)
        self._is_too_deep = self._source.is_too_deep()
        syntax = Syntax(self._source)
        self._shown, self._uses = ShownTexts(syntax), VariableUses(syntax)

    def taken(self) -> Iterator[tuple[str, _Taken]]:
        """What it imports, and the calls that load a module and whose value is used, by the names of the files."""
        for node in self._source.root.find_all(any=[{"kind": "import_statement"}, {"kind": "call_expression"}]):
            function, module = node.field("function"), node.field("source")
            if function is None and module is not None:
                stem = file_of(module.text()[:200].strip("'\""))
                yield from ((stem, _Taken(self, name, each)) for name, each in _names(node))
            elif function is not None and self._source.slice(function)[:10] in _LOADERS:
                parent, listed = node.parent(), node.field("arguments")
                module = listed.child(1) if listed is not None else None
                if module is not None and parent is not None and parent.kind() != "expression_statement":
                    yield file_of(module.text()[:200].strip("'\"`")), _Taken(self, _WHOLE, node)

    def shows(self, node: SgNode, path: Path) -> bool:
        """Whether no use of an imported name, or of a loaded module, does more than to show a text or export it."""
        if self._is_too_deep or node.kind() != "identifier":
            return not self._is_too_deep and self._shown.are_shown([node], path)
        uses = self._uses.of_variable(node)
        if not uses:
            return self._uses.is_unused(node)
        return self._shown.are_shown([each for each in uses if not is_in_clause(each)], path)


class _Taken(NamedTuple):
    """A name that an import gives, or a call that loads a module; `name` is what of the module it is."""

    importer: _Importer
    name: str
    node: SgNode

    def may_run(self, text: KeptText, *, is_all: bool) -> bool:
        """Whether its uses may run a text."""
        is_text = self.name == text.name or (is_all and self.name in (_DEFAULT, _WHOLE))
        return not self.importer.shows(self.node, text.path if is_text else (text.name, *text.path))


def _names(statement: SgNode) -> Iterator[tuple[str, SgNode]]:
    """The names that an import gives, with what they are of the module."""
    for each in statement.find_all(any=[{"kind": "import_specifier"}, {"kind": "namespace_import"}]):
        name = each.field("name")
        yield (_WHOLE, each.named_children()[0]) if name is None else (name.text(), each.field("alias") or name)
    clause = next((each for each in statement.children() if each.kind() == "import_clause"), None)
    first = clause.named_children()[0] if clause is not None else None
    if first is not None and first.kind() == "identifier":
        yield _DEFAULT, first
