"""The command lines that code starts, and what the programs in them do to the database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ast_grep_py import SgNode

from gates.static_scan.calls.drivers import mentions_database
from gates.static_scan.code.text_folding import Folder
from gates.static_scan.shell.client_programs import clients_in
from gates.static_scan.sql.sql_text import Statement, statements
from gates.static_scan.sql.sql_words import HOLE, is_sql, of_shell, quoted

# What code that is made at run time may reach anything by.
_REACHING = re.compile(
    r"\b(?:import|exec|eval|getattr|open|compile|globals|locals|vars|cur|conn|db|session|engine|system)|__"
)
_UNKNOWN = Statement("unknown", "", "", parsed=False)
_DUMPED = Statement("read", "", "", parsed=False)


def started(given: Sequence[SgNode], folder: Folder) -> Iterator[tuple[Statement, str]]:
    """What clients and dumps do that a call starts."""
    parts = command_line(given, folder)
    for each in clients_in(parts):
        code = each.code()
        if each.is_dump:
            yield _DUMPED, f"Starts {each.name}, which reads."
        elif each.is_client or (code is not None and mentions_database(code.text)):
            shown = [text for part in parts for text in (part, of_shell(part), *quoted(part)) if is_sql(text)]
            for statement in dict.fromkeys(each for text in shown for each in statements(text)):
                yield statement, f"Starts {each.name}, which runs {statement.verb}."
            if not shown:
                yield _UNKNOWN, f"Starts {each.name}: what it runs is not known."


def is_harmless(given: Sequence[SgNode], folder: Folder) -> bool:
    """Whether code that is run as a text is written there, and reaches nothing."""
    texts = folder.fold(given[0]).texts if given else ()
    return bool(texts) and not any(
        HOLE in text or not text.strip() or mentions_database(text) or _REACHING.search(text) for text in texts
    )


def command_line(given: Sequence[SgNode], folder: Folder) -> list[str]:
    """The parts of the command line that a call starts: a text, a list of texts, or a program and a list."""
    parts: list[str] = []
    for argument in given[:20]:
        listed = folder.listed(argument)
        kind = argument.kind()
        if listed is not None:
            parts += [_text(each, folder) for each in listed[:50]]
        elif kind not in ("keyword_argument", "object", "dictionary"):
            parts.append(_text(argument, folder))
        elif kind == "keyword_argument":
            name, value = argument.field("name"), argument.field("value")
            if name is not None and value is not None and name.text() in ("args", "cmd", "command"):
                return command_line([value], folder)
    return parts


def _text(node: SgNode, folder: Folder) -> str:
    texts = folder.fold(node).texts
    return texts[0] if texts else HOLE
