"""The names that imports of Python give, the models among them, and whether a file has a cursor of its own."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from ast_grep_py import SgNode

from gates.static_scan.code.name_words import words_of
from gates.static_scan.code.source_text import SourceText

_MODELS = re.compile(
    r"^[ \t]{0,40}from[ \t]{1,8}[\w.]{0,100}\b(?:models?|entities|orm)\b[\w.]{0,60}[ \t]{1,8}import[ \t]{1,8}"
    r"(\([^()]{1,2000}\)|[^\n(]{1,400})",
    re.MULTILINE,
)
_CLASS = re.compile(r"\b[A-Z]\w{1,80}")


class Imported(NamedTuple):
    """What a name stands for: a module, or a name in it. All the names of a module are `*`."""

    module: str
    name: str

    @property
    def last(self) -> str:
        """The last part of the module's name; empty for the package of the file itself."""
        return self.module.rpartition(".")[2]

    @property
    def whole(self) -> str:
        """The last part of the name of what is imported: a module or something in it."""
        return (self.name or self.module).rpartition(".")[2]

    @property
    def first(self) -> str:
        """The package; empty for one of the application's own, by a relative import."""
        return self.module.partition(".")[0]


def python_imports(source: SourceText) -> tuple[list[tuple[str, Imported]], list[Imported]]:
    """The imported names of a file, one as often as it is imported, and the modules that give it all of theirs."""
    names: list[tuple[str, Imported]] = []
    everything: list[Imported] = []
    for node in source.root.find_all(any=[{"kind": "import_statement"}, {"kind": "import_from_statement"}]):
        module = node.field("module_name")
        for child in node.children():
            if child.kind() == "wildcard_import" and module is not None:
                everything.append(Imported(source.slice(module), "*"))
            elif child.is_named() and (module is None or child.range().start.index != module.range().start.index):
                _read(child, source, "" if module is None else source.slice(module), names)
    return names, everything


def _read(node: SgNode, source: SourceText, module: str, names: list[tuple[str, Imported]]) -> None:
    if node.kind() not in ("dotted_name", "aliased_import"):
        return
    inner = node.field("name") if node.kind() == "aliased_import" else None
    alias = node.field("alias")
    name = source.slice(inner or node)
    given = source.slice(alias) if alias is not None else name if module else name.partition(".")[0]
    whole = name if alias is not None else name.partition(".")[0]
    names.append((given, Imported(module, name) if module else Imported(whole, "")))


def cursor_words(source: SourceText) -> set[str]:
    """`.cursor` for a file of Python that makes a cursor: rules ask for it like for a module."""
    return {".cursor"} if source.is_python and ".cursor(" in source.text else set()


@lru_cache(maxsize=8)
def imported_models(text: str) -> frozenset[str]:
    """The names of the models that a file imports, and their last words: a `script` is a record of `Script`."""
    names = [name for match in _MODELS.finditer(text) for name in _CLASS.findall(match[1])]
    return frozenset((*names, *(words_of(name)[-1] for name in names)))
