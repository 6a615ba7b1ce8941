"""The models that variables hold, and the tables that models of Python stand for:
`class Rev(Base): __tablename__ = "script_versions"`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ast_grep_py import SgNode

from gates.static_scan.code.name_words import words_of
from gates.static_scan.code.origins import Origins
from gates.static_scan.code.syntax import Syntax

_WORDS = ("__tablename__", "db_table", "table_name", "table", "Table(")
_DECLARED = re.compile(
    r"^[ \t]{0,40}class (\w{1,80})"
    r"|^[ \t]{1,40}(?:__tablename__|db_table|table_name|tablename|table)[ \t]{0,8}(?::[^=\n]{1,40})?="
    r"[ \t]{0,8}[\"'](\w{1,80})[\"']"
    r"|^[ \t]{0,40}(\w{1,80})[ \t]{0,8}=[ \t]{0,8}(?:\w{1,40}\.)?Table\(\s{0,40}[\"'](\w{1,80})[\"']",
    re.MULTILINE,
)
# Shorter names of tables mean another one in another file.
_MIN_NAME = 4
_MAX_VALUES = 100
_MAX_CLASS = 80
# The last words of classes whose objects are no rows.
_NO_ROWS = frozenset(
    "table manager session repository repo service client connection engine cursor database pool transaction store dao "
    "set query builder any optional object".split()
)
# Methods that give the object of a class, which is their first argument.
_READS = frozenset("get get_one merge findOne findOneBy findOneOrFail findOneByOrFail".split())


class TableNames:
    """The tables of the models of a tree, by their names in each file."""

    def __init__(self) -> None:
        self._in_file: dict[str, dict[str, str]] = {}
        self._everywhere: dict[str, set[str]] = defaultdict(set)

    def read(self, file: str, text: str) -> None:
        """Add what a file of Python declares."""
        if not any(word in text for word in _WORDS):
            return
        for name, table in _declared(text):
            self._in_file.setdefault(file, {})[name] = table
            if len(name) >= _MIN_NAME:
                self._everywhere[name].add(table)

    def of(self, file: str, name: str) -> str:
        """The table of a model; the name itself if nothing declares one, or several do."""
        known = self._in_file.get(file, _NONE).get(name)
        tables = self._everywhere.get(name, ())
        return known or (next(iter(tables)) if len(tables) == 1 else name)


_NONE: Mapping[str, str] = {}


def _declared(text: str) -> Iterable[tuple[str, str]]:
    owner = ""
    for match in _DECLARED.finditer(text):
        if match[1]:
            owner = owner if match[1] in ("Meta", "SQLMeta", "sqlmeta") else match[1]
        elif match[2]:
            if owner:
                yield owner, match[2]
        else:
            yield match[3], match[4]


def held_model(name: str, given: Sequence[SgNode] | None, index: int, syntax: Syntax, origins: Origins) -> str:
    """The class of the object that a variable holds: `item = Version(…)`, `item: Version`; else the name itself.

    Without a name, the variable is the first value that a method is given: `em.persist(item)`.
    """
    if not name and given and given[0].kind() == "identifier":
        return _class_held(syntax.source.name(given[0]), index, syntax, origins)
    return name if name[:1].isupper() else _class_held(name, index, syntax, origins) or name


def _class_held(name: str, index: int, syntax: Syntax, origins: Origins) -> str:
    function = syntax.function_at(index)
    values = syntax.assignments.get(name, [])[:_MAX_VALUES] if name else []
    while function is not None and not any(each.function is function for each in values):
        if name in function.parameters:
            return next((word for word in origins.of_name(name, index).split() if _is_class(word)), "")
        function = function.outer
    made = {_class_of(each.value, syntax) for each in values if each.function is function and not each.taken_apart}
    return next(iter(made)) if len(made) == 1 else ""


def _class_of(value: SgNode, syntax: Syntax) -> str:
    """The class whose object a value is: `models.Version(…)`, `new Version()`, `session.get(Version, 3)`."""
    while (kind := value.kind()) in syntax.grammar.wrappers:
        inner = value.child(1 if kind.startswith(("await", "parenthesized")) else 0)
        if inner is None:
            return ""
        value = inner
    called = value.field("function") or value.field("constructor")
    if called is None:
        return ""
    name = syntax.source.slice(called)[-_MAX_CLASS:].rpartition(".")[2]
    if _is_class(name):
        return name
    given = value.field("arguments")
    first = given.child(1) if given is not None and name in _READS else None
    read = syntax.source.slice(first) if first is not None and first.kind() == "identifier" else ""
    return read if _is_class(read) else ""


def _is_class(name: str) -> bool:
    if not name.isidentifier() or not name[:1].isupper() or name.isupper() or len(name) >= _MAX_CLASS:
        return False
    words = words_of(name)
    return bool(words) and words[-1] not in _NO_ROWS
