"""The command lines that code starts."""

from __future__ import annotations

from collections.abc import Sequence

from ast_grep_py import SgNode

from gates.static_scan.code.text_folding import Folder
from gates.static_scan.sql.sql_words import HOLE


def command_line(given: Sequence[SgNode], folder: Folder, lists: Sequence[str]) -> list[str]:
    """The parts of the command line that a call starts: a text, a list of texts, or a program and a list."""
    parts: list[str] = []
    for argument in given[:20]:
        kind = argument.kind()
        if kind in lists:
            parts += [_text(each, folder) for each in argument.children()[:50] if each.is_named()]
        elif kind not in ("keyword_argument", "object", "dictionary"):
            parts.append(_text(argument, folder))
        elif kind == "keyword_argument":
            name, value = argument.field("name"), argument.field("value")
            if name is not None and value is not None and name.text() in ("args", "cmd", "command"):
                return command_line([value], folder, lists)
    return parts


def _text(node: SgNode, folder: Folder) -> str:
    texts = folder.fold(node).texts
    return texts[0] if texts else HOLE
