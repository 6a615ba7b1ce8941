"""The names of a tree of Python: which files have one, where it stands, and what imports say of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import PurePosixPath

from ast_grep_py import SgNode

from gates.static_scan.code.python_imports import Imported, python_imports
from gates.static_scan.code.source_text import SourceText
from gates.static_scan.code.syntax import Part, Syntax
from gates.static_scan.files.source_files import SourceFile
from gates.static_scan.sql.sql_words import mentions_sql
from gates.static_scan.word_lists import word_lists

_WORD = re.compile(r"[A-Za-z_]\w{0,80}")
_MAX_PARSED = 200
# A name that more files have is not followed.
MAX_FILES = 60
# Neither is one with more places in a file.
MAX_USES = 1_000
_CHOSEN_NAME = re.compile(r"\b(?:globals|locals)\(|\bvars\(\)|\bmodules\[__name__\]")
_CHOSEN_MEMBER = re.compile(
    r"\bvars\(|__dict__|\b(?:getmembers|attrgetter)\(|\bgetattr\(\s{0,8}[\w.()]{1,80}\s{0,8},\s{0,8}[^\"'\s]"
)
# `getattr(queries, name)`, `vars(queries)`, `queries.__dict__`.
_TAKEN_APART = re.compile(
    r"\b(?:vars|dir|getmembers|getattr)\(\s{0,8}((?:\w{1,60}\.){0,6}\w{1,80})|\b(\w{1,80})\.__dict__"
)
# What an import gives: `from queries import (A, B)`, `import queries as q`.
_IMPORTED = re.compile(
    r"^[ \t]{0,80}(?:from[ \t]{1,8}[\w.]{1,200}[ \t]{1,8})?import[ \t]{1,8}(\([^()]{1,4000}\)|[^\n(]{1,400})",
    re.MULTILINE,
)
# A module is loaded by a name made at run time: `import_module(f"steps.{name}")`.
_LOADS = re.compile(
    r"\b(?:import_module|__import__|load_module|run_path|run_module|exec_module|import_string)\(\s{0,8}[^\"'\s)]"
    r"|\b(?:iter_modules|walk_packages|entry_points)\("
)
# A module is loaded by its name: `import_module("app.steps")`, `config.from_object("steps")`, `run_path("steps.py")`.
_LOADED = re.compile(
    r"\b(?:import_module|__import__|run_module|from_object|config_from_object|modules|run_path|from_pyfile)[(\[]\s{0,8}"
    r"[\"'](?:\w{1,60}[./]){0,8}?(\w{1,80})(?:\.py)?[\"']"
)
# `getattr(queries, "DELETE")`, `import_string("app.queries.DELETE")`.
_BY_NAME = ("getattr", "attrgetter", "import_string")
_QUOTED = re.compile(r"['\".]([A-Za-z_]\w{0,80})['\"]")
_TEST_FOLDERS = frozenset("tests test testing".split())


class ParsedFile:
    """One file of Python, parsed, with its imports."""

    def __init__(self, file: SourceFile) -> None:
        self.path = PurePosixPath(file.path)
        self.source = SourceText(file.path, file.text, "python")
        self.syntax = Syntax(self.source)
        # A name may be imported twice: `try: from a import S`, `except ImportError: from b import S`.
        self.imported, self.everything = python_imports(self.source)
        self.imports = dict(self.imported)
        self.is_test = bool(
            word_lists("mentions")["test_libraries"] & self.syntax.module_words
            or self.path.name.startswith(("test_", "conftest"))
            or self.path.stem.endswith("_test")
            or _TEST_FOLDERS & {*self.path.parts[:-1]}
        )
        # A name, or a member, may be taken that is chosen at run time.
        self.takes_any_name = _CHOSEN_NAME.search(file.text) is not None
        self.takes_any_member = _CHOSEN_MEMBER.search(file.text) is not None

    @property
    def module(self) -> str:
        """The last part of the module's name."""
        return self.path.parent.name if self.path.stem == "__init__" else self.path.stem

    def identifiers(self, name: str) -> list[SgNode]:
        """Where a name stands by itself, or as the name of a member, a parameter, a keyword."""
        return self._identifiers.get(name, [])

    def attributes(self, name: str) -> list[SgNode]:
        """The expressions that take the member of a name."""
        return self._attributes.get(name, [])

    @cached_property
    def texts(self) -> Mapping[int, list[Part]]:
        """The texts that mention SQL, by the line where they begin."""
        found: dict[int, list[Part]] = defaultdict(list)
        for part in self.syntax.parts:
            is_text = part.kind in self.syntax.grammar.strings
            if is_text and mentions_sql(self.source.text[part.start : part.end][:4_000]):
                found[self.source.line_of(part.start)].append(part)
        return found

    @cached_property
    def _identifiers(self) -> Mapping[str, list[SgNode]]:
        found: dict[str, list[SgNode]] = defaultdict(list)
        for node in self.source.root.find_all(kind="identifier"):
            found[self.source.name(node)].append(node)
        return found

    @cached_property
    def _attributes(self) -> Mapping[str, list[SgNode]]:
        found: dict[str, list[SgNode]] = defaultdict(list)
        for node in self.source.root.find_all(kind="attribute"):
            if (member := node.field("attribute")) is not None:
                found[self.source.name(member)].append(node)
        return found

    def functions(self, name: str) -> list[SgNode]:
        """The functions and methods of a name."""
        return self._declared.get(("function_definition", name), [])

    def classes(self, name: str) -> list[SgNode]:
        """The classes of a name."""
        return self._declared.get(("class_definition", name), [])

    @cached_property
    def _declared(self) -> Mapping[tuple[str, str], list[SgNode]]:
        found: dict[tuple[str, str], list[SgNode]] = defaultdict(list)
        for node in self.source.root.find_all(any=[{"kind": "function_definition"}, {"kind": "class_definition"}]):
            if (name := node.field("name")) is not None:
                found[node.kind(), self.source.name(name)].append(node)
        return found

    def gives(self, imported: Imported) -> bool:
        """Whether an import is from this file."""
        own = {self.module, ""} if self.path.stem == "__init__" else {self.module}
        return imported.last in own


class TreeNames:
    """The names of all files of Python of a tree."""

    def __init__(self, files: Sequence[SourceFile]) -> None:
        self._files = {file.path: file for file in files if file.language == "python"}
        self._parsed: dict[str, ParsedFile] = {}
        # The modules and classes, by file and name, whose members may be taken where they are given to.
        self.passed_on: dict[tuple[str, str], bool] = {}
        # How often a file was parsed.
        self.parses = 0

    def file(self, path: str) -> ParsedFile:
        """A file by its path."""
        if path not in self._parsed:
            if len(self._parsed) >= _MAX_PARSED:
                self._parsed.pop(next(iter(self._parsed)))
            self.parses += 1
            self._parsed[path] = ParsedFile(self._files[path])
        return self._parsed[path]

    def paths_with(self, name: str) -> list[str]:
        """The files that have a name."""
        return self._index.get(name, [])

    def declares(self, name: str) -> bool:
        """Whether a file has a function or method of a name."""
        return any(f"def {name}(" in self._files[path].text for path in self.paths_with(name))

    @cached_property
    def taken_apart(self) -> frozenset[str]:
        """The modules and objects of which a file takes members that are chosen at run time."""
        return frozenset(
            (match[1] or match[2]).rpartition(".")[2]
            for file in self._files.values()
            for match in _TAKEN_APART.finditer(file.text)
        )

    @cached_property
    def loads_modules(self) -> bool:
        """Whether a file loads modules whose names are made at run time."""
        return any(_LOADS.search(file.text) for file in self._files.values())

    @cached_property
    def loaded(self) -> frozenset[str]:
        """The modules that a file loads by their names."""
        return frozenset(name for file in self._files.values() for name in _LOADED.findall(file.text))

    @cached_property
    def takers_of_all(self) -> list[str]:
        """The files that import all names of a module."""
        return [path for path, file in self._files.items() if "import *" in file.text]

    @cached_property
    def importers(self) -> Mapping[str, list[str]]:
        """The files that import something by a name."""
        found: dict[str, list[str]] = defaultdict(list)
        for path, file in self._files.items():
            for name in {name for match in _IMPORTED.finditer(file.text) for name in _WORD.findall(match[1])}:
                found[name].append(path)
        return found

    @cached_property
    def quoted(self) -> frozenset[str]:
        """The names in texts of files that take members by such names."""
        texts = (file.text for file in self._files.values() if any(word in file.text for word in _BY_NAME))
        return frozenset(name for text in texts for name in _QUOTED.findall(text))

    @cached_property
    def _index(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for path, file in self._files.items():
            for name in {*_WORD.findall(file.text)}:
                found[name].append(path)
        return found
