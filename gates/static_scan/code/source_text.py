"""A source file as its parser sees it: ast-grep's tree, and positions in the text as it is."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right

from ast_grep_py import SgNode, SgRoot

LANGUAGES = {
    ".js": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".jsx": "javascript",
    ".ts": "typescript",
    ".mts": "typescript",
    ".cts": "typescript",
    ".tsx": "tsx",
    ".py": "python",
    ".pyi": "python",
    ".pyw": "python",
}
# A position costs as much as its column: lines full of code, as minifiers make them, would take hours.
MAX_NAME = 1_000
MAX_LINE_WORK = 100_000_000
# A rule that looks at what is around a node costs its depth: a megabyte of one chain of calls would take hours.
MAX_LEVELS = 1_000
# A node may have a child as long as itself, but not many in a row.
_LEVELS_PER_CHARACTER = 4
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_LONE_RETURN = re.compile(r"\r(?!\n)")
_BLANK = frozenset("\u00a0\u1680\u2000\u2001\u2002\u2003\u2009\u200a\u2028\u2029\u202f\u3000\ufeff")


class SourceText:
    """The text of one file and its tree. The tree is that of a text in ASCII of the same length: positions count
    characters, and cost nothing to convert.
    """

    def __init__(self, file: str, text: str, language: str) -> None:
        self.file = file
        self.text = text
        self.language = language
        self.is_python = language == "python"
        self._is_ascii = text.isascii()
        # What ends a line, and with it a comment, for the language, and not for the parser.
        lines = text if "\r" not in text else _LONE_RETURN.sub("\n", text)
        if not self.is_python and not self._is_ascii:
            lines = lines.replace("\u2028", "\n").replace("\u2029", "\n")
        stand_in = _python_stand_in if self.is_python else _stand_in
        ascii_text = lines if self._is_ascii else _NOT_ASCII.sub(stand_in, lines)
        self.parsed_text = ascii_text
        self.root: SgNode = SgRoot(ascii_text, language).root()
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def is_too_deep(self) -> bool:
        """Whether a node is further below the root than in code that people write. Short nodes are not looked into."""
        stack = [(self.root, 0)]
        while stack:
            node, level = stack.pop()
            if level > MAX_LEVELS:
                return True
            min_length = (MAX_LEVELS - level) // _LEVELS_PER_CHARACTER
            for child in node.children():
                place = child.range()
                if place.end.index - place.start.index > min_length:
                    stack.append((child, level + 1))
        return False

    def line_of(self, index: int) -> int:
        """The line, from 1 on, of a position."""
        return bisect_right(self._line_starts, index)

    def lines(self) -> int:
        """The number of lines."""
        return len(self._line_starts)

    def name(self, node: SgNode) -> str:
        """The text of a short node, as a name; Python takes `ｅxecute` for `execute`."""
        if self._is_ascii:
            return node.text()
        name = self.slice(node)
        return unicodedata.normalize("NFKC", name) if self.is_python and len(name) < MAX_NAME else name

    def slice(self, node: SgNode) -> str:
        """The text of a node."""
        place = node.range()
        return self.text[place.start.index : place.end.index]

    def line_text(self, line: int) -> str:
        """One line of code, without its indentation, cut to what fits in a report."""
        start = self._line_starts[line - 1]
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end][:2_000].strip()[:160]


def is_dense(text: str) -> bool:
    """Whether lines are so long and so full that no one wrote them: minified or generated code."""
    work = 0
    for line in text.split("\n"):
        if len(line) > 2_000:
            signs = sum(map(line.count, "([{\"'`=,;"))
            work += len(line) * signs
    return work > MAX_LINE_WORK


def _stand_in(match: re.Match[str]) -> str:
    return " " if match[0] in _BLANK else "x"


def _python_stand_in(match: re.Match[str]) -> str:
    """The letter that Python takes a character of a name for, or a stand-in."""
    letter = unicodedata.normalize("NFKC", match[0])
    return letter if len(letter) == 1 and letter.isascii() and letter.isalnum() else _stand_in(match)
