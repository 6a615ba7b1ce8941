"""What the files of a tree of Python give each other by imports: texts, functions that make texts, and handles."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import PurePosixPath

from gates.static_scan.code.python_imports import Imported, python_imports
from gates.static_scan.code.source_text import SourceText
from gates.static_scan.code.syntax import Syntax
from gates.static_scan.code.text_folding import Folder
from gates.static_scan.code.values.handles import handles_of, members_of
from gates.static_scan.files.source_files import SourceFile

MAX_FOLDERS = 300
# Packages that give what they import from packages.
MAX_PACKAGES = 3
# A file that runs SQL, and one that may give it some.
_RUNS = re.compile(r"\b(?:execute\w{0,20}|exec_driver_sql|raw|read_sql\w{0,10})\(")
_HAS_SQL = re.compile(
    r"[\"'\n][ \t]{0,40}(?:INSERT|UPDATE|DELETE|SELECT|REPLACE|TRUNCATE|WITH|ALTER|DROP|CREATE)\b", re.IGNORECASE
)
_HAS_HANDLES = (".cursor(", "connect(", ".acquire(", ".get_connection(")
_CLASS = re.compile(r"^[ \t]{0,40}class (\w{1,80})\(([^()\n]{1,300})\)", re.MULTILINE)
_WORD = re.compile(r"\w{1,80}")


class TreeImports:
    """The imports of all files of Python of a tree."""

    def __init__(self, files: Sequence[SourceFile]) -> None:
        self._files = {file.path: file for file in files if file.language == "python"}
        self._folders: dict[str, Folder] = {}
        self._given: dict[str, bool] = {}

    def of(self, path: str) -> FileImports | None:
        """The imports of a file, if other files may give it SQL or a handle."""
        file = self._files.get(path)
        if file is None or _RUNS.search(file.text) is None:
            return None
        imports = FileImports(self, path)
        is_given = any(self._gives(other, MAX_PACKAGES) for other in imports.files())
        return imports if is_given or imports.members() else None

    def _gives(self, path: str, levels: int) -> bool:
        """Whether a file has SQL or gives a handle, or is a package that imports from one which does."""
        if path not in self._given:
            has = path in self._handles or _HAS_SQL.search(self._files[path].text) is not None
            is_package = not has and levels > 0 and path.endswith("__init__.py")
            inner = FileImports(self, path).files() if is_package else ()
            self._given[path] = has or any(self._gives(each, levels - 1) for each in inner)
        return self._given[path]

    def path_of(self, module: str, importer: str) -> str:
        """The file of a module, as a file imports it; empty if the tree has none, or several."""
        plain = module.lstrip(".")
        names = tuple(part for part in plain.split(".") if part)
        up = len(module) - len(plain)
        if up:
            folder = PurePosixPath(importer).parts[:-up]
            return self._by_parts.get((*folder, *names), "")
        paths = (
            [path for parts, path in self._by_last.get(names[-1], ()) if parts[-len(names) :] == names] if names else []
        )
        return paths[0] if len(paths) == 1 else ""

    def folder(self, path: str) -> Folder | None:
        """The folder of texts of a file."""
        if path not in self._folders:
            if len(self._folders) >= MAX_FOLDERS:
                return None
            self._folders[path] = Folder(Syntax(SourceText(path, self._files[path].text, "python")))
            self._folders[path].imports = FileImports(self, path)
        return self._folders[path]

    def source(self, path: str) -> SourceText:
        """The text of a file."""
        return SourceText(path, self._files[path].text, "python")

    def handles(self, path: str, levels: int = MAX_PACKAGES) -> Mapping[str, str]:
        """The functions of a file that give a handle of a database, and those that a package imports."""
        own = self._handles.get(path, {})
        if own or not path.endswith("__init__.py") or levels == 0:
            return own
        return FileImports(self, path).handles(levels - 1)

    def text(self, path: str) -> str:
        """The text of a file."""
        return self._files[path].text

    @cached_property
    def members(self) -> list[tuple[str, frozenset[str], str, str]]:
        """The members that hold a handle: class, its bases, name of the member, words of the handle."""
        return self._handles_and_members[1]

    @cached_property
    def _handles(self) -> Mapping[str, Mapping[str, str]]:
        return self._handles_and_members[0]

    @cached_property
    def _handles_and_members(
        self,
    ) -> tuple[Mapping[str, Mapping[str, str]], list[tuple[str, frozenset[str], str, str]]]:
        """Both of each file, which is read once; what it was read into is not kept."""
        handles: dict[str, Mapping[str, str]] = {}
        members: list[tuple[str, frozenset[str], str, str]] = []
        for path, file in self._files.items():
            if any(word in file.text for word in _HAS_HANDLES):
                syntax = Syntax(self.source(path))
                if given := handles_of(syntax):
                    handles[path] = given
                members += members_of(syntax)
        return handles, members

    @cached_property
    def _by_parts(self) -> Mapping[tuple[str, ...], str]:
        found: dict[tuple[str, ...], str] = {}
        for path in self._files:
            parts = PurePosixPath(path).with_suffix("").parts
            found[parts[:-1] if parts[-1] == "__init__" else parts] = path
        return found

    @cached_property
    def _by_last(self) -> Mapping[str, list[tuple[tuple[str, ...], str]]]:
        found: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        for parts, path in self._by_parts.items():
            if parts:
                found[parts[-1]].append((parts, path))
        return found


class FileImports:
    """What one file imports from others of its tree."""

    def __init__(self, tree: TreeImports, path: str) -> None:
        self._tree = tree
        self._path = path

    def files(self) -> set[str]:
        """The files that it imports from, except for classes."""
        found: set[str] = set()
        for imported in self._imported.values():
            path = self._tree.path_of(imported.module, self._path)
            # What runs the SQL of a class is found in it.
            if path and f"class {imported.name}" not in self._tree.text(path):
                found.add(path)
            found.add(self._module_path(imported))
        return {path for path in found if path and path != self._path}

    def named(self, name: str) -> tuple[Folder, str] | None:
        """The texts of the file that declares a name, and its name there."""
        imported = self._imported.get(name)
        path = self._tree.path_of(imported.module, self._path) if imported is not None and imported.name else ""
        folder = self._tree.folder(path) if path and path != self._path else None
        return (folder, imported.name) if folder is not None and imported is not None else None

    def module(self, name: str) -> Folder | None:
        """The texts of the file that is a module with a name here."""
        imported = self._imported.get(name)
        path = self._module_path(imported) if imported is not None else ""
        return self._tree.folder(path) if path and path != self._path else None

    def handles(self, levels: int = MAX_PACKAGES) -> Mapping[str, str]:
        """The names here that stand for functions which give a handle of a database, with its words."""
        found: dict[str, str] = {}
        for name, imported in self._imported.items():
            given = self._tree.handles(self._tree.path_of(imported.module, self._path), levels)
            if imported.name in given:
                found[name] = given[imported.name]
            if path := self._module_path(imported):
                found |= self._tree.handles(path, levels)
        return found

    def members(self) -> Mapping[str, str]:
        """The members of classes here that another class of the same line gives a handle."""
        text = self._tree.text(self._path)
        if "self." not in text or not self._tree.members:
            return {}
        classes = [(match[1], {*_WORD.findall(match[2])}) for match in _CLASS.finditer(text)]
        bases = {base for _, names in classes for base in names}
        found: dict[str, str] = {}
        for owner, extended, member, words in self._tree.members:
            is_related = owner in bases or any(f"class {base}" in text for base in extended)
            if is_related and f".{member}" in text:
                found[member] = words
        return found

    def _module_path(self, imported: Imported) -> str:
        whole = f"{imported.module.rstrip('.')}.{imported.name}" if imported.name else imported.module
        if imported.name and not imported.module.strip("."):
            whole = f"{imported.module}{imported.name}"
        return self._tree.path_of(whole, self._path)

    @cached_property
    def _imported(self) -> Mapping[str, Imported]:
        names, _ = python_imports(self._tree.source(self._path))
        return dict(names)
