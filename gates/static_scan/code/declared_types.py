"""Types that a file declares: what an alias, an interface or a type parameter stands for, what a class extends, and
the types that comments give to names.

`async function clear<T extends Pool>(store: T)` makes `store` a pool.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from gates.static_scan.code.name_words import words_of
from gates.static_scan.code.source_text import SourceText

_STANDS_FOR = re.compile(
    r"\btype\s{1,4}([A-Z]\w{0,80})(?:<[^=\n]{0,100}>)?\s{0,4}=\s{0,20}([^;\n{(]{1,200})"
    r"|\binterface\s{1,4}(\w{1,80})(?:<[^{\n]{0,100}>)?\s{1,4}extends\s{1,4}([^{\n]{1,200})"
    r"|[<,]\s{0,20}(\w{1,80})\s{1,4}extends\s{1,4}([\w.]{1,80})"
)
# `Db = Annotated[AsyncSession, Depends(get)]`, `class Cursor(DictCursor)`, `import AsyncSession as Unit`.
_STANDS_FOR_IN_PYTHON = re.compile(
    r"^(?:type )?([A-Z]\w{0,80})(?:: ?[\w.]{1,40})? = (?:[\w.]{1,40}\.)?(?:Annotated|Optional|Union|NewType)"
    r"[\[(]([^\n]{1,200})"
    r"|^[ \t]{0,40}class (\w{1,80})\(([^)\n]{1,200})\)"
    r"|[ ,]([A-Z]\w{0,80}) as ([A-Z]\w{0,80})",
    re.MULTILINE,
)
_WORD = re.compile(r"[A-Za-z_]\w{0,80}")
_IN_COMMENT = re.compile(
    r"@(?:param|arg|property|prop|type)\s{1,8}\{([^}\n]{1,200})\}"
    r"(?:\s{1,8}\[?([A-Za-z_$][\w$]{0,80})|\s{0,8}\*/\s{0,40}(?:(?:const|let|var)\s{1,8})?(?:this\.)?#?([A-Za-z_$][\w$]{0,80}))"
)
# `get rows() { return this.knex(this.table); }`, and methods that return a handle of a database.
_GETTER = re.compile(r"\bget\s{1,4}#?(\w{1,60})\s?\(\)\s?(?::[^{;\n]{0,80})?\{\s{0,40}return\s{1,4}([^;{}\n]{1,160})")
_METHOD = re.compile(
    r"\b(\w{1,60})\([^()\n]{0,120}\)\s?(?::[^{;\n]{0,80})?\{\s{0,40}return\s{1,4}"
    r"((?:await\s{1,2})?(?:[\w.?#]{1,80}|\([\w.?#|& ]{1,80}\))(?:<[^>\n]{0,60}>)?\([^()\n]{0,80}\))\s?[;}\n]"
)
_HANDLES = frozenset("knex trx tx db connection conn pool repository repo builder em fork manager client".split())
_MAX_STEPS = 4


class DeclaredTypes:
    """The types that one file declares."""

    def __init__(self, source: SourceText) -> None:
        self._source = source
        self._stand_for: dict[str, str] = {}
        # Where the innermost class changes, and what it extends from there on.
        self._places: list[int] = []
        self._extended: list[str] = []
        text = source.parsed_text
        if source.is_python:
            for match in _STANDS_FOR_IN_PYTHON.finditer(text):
                names = (match[1] or match[3] or match[6]), (match[2] or match[4] or match[5])
                self._stand_for.setdefault(names[0], " ".join(_WORD.findall(names[1])))
            return
        if source.language != "javascript":
            for match in _STANDS_FOR.finditer(text):
                name, meant = next((match[at], match[at + 1]) for at in (1, 3, 5) if match[at])
                self._stand_for.setdefault(name, meant)
        if " extends " in text:
            self._read_classes()

    def words(self, name: str) -> str:
        """A type with what it stands for."""
        found = [name]
        while len(found) <= _MAX_STEPS and (meant := self._stand_for.get(found[-1])):
            found.append(meant if meant.isidentifier() else meant.replace("|", " ").replace("<", " "))
        return " ".join(found)

    def of_this(self, index: int) -> str:
        """What the class around a position extends."""
        place = bisect_right(self._places, index) - 1
        return self._extended[place] if place >= 0 else ""

    def in_comments(self) -> Iterator[tuple[str, str]]:
        """The names that comments give a type, and the types."""
        if self._source.is_python or "@" not in self._source.text:
            return
        for match in _IN_COMMENT.finditer(self._source.parsed_text):
            yield match[2] or match[3], match[1]

    def returned(self) -> Iterator[tuple[str, str]]:
        """Getters, and methods that return a handle of a database, with what they return."""
        text = self._source.parsed_text
        if self._source.is_python or "return" not in text:
            return
        if "get " in text:
            yield from ((match[1], match[2]) for match in _GETTER.finditer(text))
        for match in _METHOD.finditer(text):
            called = match[2].rpartition("(")[0].partition("<")[0]
            called = called if called.endswith(")") else called.rpartition(".")[2]  # `(trx || this.knex)(this.table)`
            if _HANDLES & {*words_of(called)}:
                yield match[1], match[2]

    def _read_classes(self) -> None:
        around: list[tuple[int, str]] = []
        kinds = [{"kind": kind, "has": {"kind": "class_heritage"}} for kind in ("class_declaration", "class")]
        for node in self._source.root.find_all({"rule": {"any": kinds}}):  # type: ignore[call-overload]
            heritage = next(child for child in node.children() if child.kind() == "class_heritage")
            place = node.range()
            text = self._source.slice(heritage)[:120].partition(" implements ")[0].removeprefix("extends ")
            self._close(around, place.start.index)
            self._places.append(place.start.index)
            self._extended.append(text)
            around.append((place.end.index, text))
        self._close(around, len(self._source.text))

    def _close(self, around: list[tuple[int, str]], index: int) -> None:
        """End the classes that end before a position."""
        while around and around[-1][0] <= index:
            self._places.append(around.pop()[0])
            self._extended.append(around[-1][1] if around else "")
