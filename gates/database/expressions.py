"""SQL compared by meaning: each server rewrites expressions and views in its own spelling.

`(`a` > 1)` is `a > 1`, `ucase(x)` is `upper(x)`, `_utf8mb4'x'` is `'x'`, and a view may name its own schema or not.
Where the parser gives up, texts are compared word by word.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from domain.errors import LedgerError

# A quote or comment that does not end goes to the end of the text: searching from each of its marks again is quadratic.
_WORD = re.compile(
    r"'(?:[^'\\]|''|\\.)*+'?|\"(?:[^\"\\]|\"\"|\\.)*+\"?|`(?:[^`]|``)*+`?|/\*(?:(?!\*/).)*+(?:\*/)?"
    r"|--[ \t][^\n]*|#[^\n]*|\w+|\s+|.",
    re.DOTALL,
)
_INTRODUCER = re.compile(r"_[a-z]\w*", re.IGNORECASE)
_COMMENT = ("/*", "--", "#")


class ParserMissing(LedgerError):
    """The program was installed without the SQL parser."""

    code = "parser_missing"


def same_expression(one: str, other: str, databases: tuple[str, str] = ("", "")) -> bool:
    """Whether two expressions or queries mean the same; `databases` are the schemas they were read from."""
    if one == other:
        return True
    if words(one) == words(other):
        return True
    try:
        trees = [_tree(text, database) for text, database in zip((one, other), databases, strict=True)]
        return None not in trees and bool(trees[0] == trees[1])
    except RecursionError:
        return False  # nested thousands deep: what is not the same word by word counts as changed


def words(text: str) -> tuple[str, ...]:
    """The words of a text: without white space, comments and quotes around names."""
    found = (word for word in _WORD.findall(text) if not word.isspace())
    kept = [word for word in found if not (word.startswith(_COMMENT) and len(word) > 1)]
    return tuple(word.strip('`"') if word[:1] in '`"' else word if word[:1] == "'" else word.lower() for word in kept)


def _tree(text: str, database: str) -> Any:
    # Loaded here, because producers and workers are installed without the parser.
    try:
        parser = import_module("gates.database.parsed_sql")
    except ModuleNotFoundError as missing:
        if missing.name != "sqlglot":
            raise
        raise ParserMissing(
            "Comparing schemas needs the SQL parser of the extra `drift`: pip install 'scriptledger[drift]'."
        ) from None
    return parser.parsed(_without_introducers(text), database)


def _without_introducers(text: str) -> str:
    """A text without the character sets before its literals: `_utf8mb4'x'` is `'x'`."""
    found = _WORD.findall(text)
    following = [*found[1:], ""]
    return "".join(
        word
        for word, after in zip(found, following, strict=True)
        if not (_INTRODUCER.fullmatch(word) and after.startswith("'"))
    )
