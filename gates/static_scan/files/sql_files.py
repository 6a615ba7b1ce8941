"""Files of SQL, and the SQL and code that scripts of a shell give to clients of the database and interpreters."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping

from gates.static_scan.code.source_text import is_dense
from gates.static_scan.domains import domain_of
from gates.static_scan.files.source_files import SourceFile
from gates.static_scan.shell.shell_script import HIDDEN, Code, ShellScript
from gates.static_scan.sql.sql_text import Statement, statements
from gates.static_scan.sql.sql_words import opened, split_statements, words
from gates.static_scan.touchpoint import Touchpoint

_DELIMITER = re.compile(r"^[ \t]*delimiter[ \t]+(\S+)", re.IGNORECASE | re.MULTILINE)
_COMMENTS = ("-- ", "--\n", "--\t", "--\r")


def sql_touchpoints(file: SourceFile, domains: Mapping[str, str]) -> list[Touchpoint]:
    """What a file of SQL does: one touchpoint for each table and way to reach it."""
    found: dict[tuple[str, str | int], Touchpoint] = {}
    for each in _touchpoints(file, _of_script(file.text), domains):
        found.setdefault((each.access, each.table or each.line), each)
    return sorted(found.values(), key=lambda each: each.line)


def shell_touchpoints(
    file: SourceFile, domains: Mapping[str, str]
) -> tuple[list[Touchpoint], list[tuple[SourceFile, int]]]:
    """What the commands of a script reach, and the code that they hold, with the lines before it."""
    reached = [
        (index, HIDDEN if isinstance(what, Code) and is_dense(what.text) else what)
        for index, what in ShellScript(file.text).reached()
    ]
    statements_of = ((index, what) for index, what in reached if isinstance(what, Statement))
    found = dict.fromkeys(_touchpoints(file, statements_of, domains))
    code = [
        (SourceFile(file.path, what.text, what.language), file.text.count("\n", 0, index))
        for index, what in reached
        if isinstance(what, Code)
    ]
    return sorted(found, key=lambda each: each.line), code


def _touchpoints(
    file: SourceFile, reached: Iterable[tuple[int, Statement]], domains: Mapping[str, str]
) -> Iterator[Touchpoint]:
    text = file.text
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    for index, what in reached:
        line = bisect_right(starts, index)
        end = text.find("\n", starts[line - 1])
        yield Touchpoint(
            file=file.path,
            line=line,
            end_line=line,
            function="",
            access=what.access,
            table=what.table,
            domain=domain_of(what.table, domains),
            kind="sql",
            rule="sql-file" if file.language == "sql" else "shell-client",
            api="SQL" if file.language == "sql" else "shell",
            message=_sentence(what, file.language),
            code=text[starts[line - 1] : len(text) if end < 0 else end][:2_000].strip()[:160],
            confident=what.parsed,
        )


def _sentence(what: Statement, language: str) -> str:
    if what.verb:
        return f"Runs {what.verb}." if what.parsed else f"Runs {what.verb} that the parser does not read."
    if language == "sql":
        return "Runs SQL."
    program = "Starts a client of the database"
    return f"{program} that reads." if what.access == "read" else f"{program}: what it runs is not known."


def _of_script(text: str) -> Iterator[tuple[int, Statement]]:
    known: set[tuple[str, ...]] = set()
    for index, statement in _split(text):
        if beginning := _beginning(statement):
            if beginning in known:
                continue  # a dump has one such statement for every few rows
            known.add(beginning)
        for each in statements(statement):
            yield index, each


def _beginning(statement: str) -> tuple[str, ...]:
    """The words up to the values of a single statement that inserts; empty for another one."""
    tokens = words(opened(statement[:400]))[:20]
    place = min((tokens.index(sign) for sign in ("(", "VALUES", "VALUE") if sign in tokens), default=0)
    is_insert = tokens[:1] in (["INSERT"], ["REPLACE"]) and len(split_statements(statement)) == 1
    return tuple(tokens[:place]) if is_insert else ()


def _split(text: str) -> Iterator[tuple[int, str]]:
    """The statements of a script, which may set another `DELIMITER` for those that hold semicolons."""
    changes = [(0, 0, ";"), *((match.start(), match.end(), match[1]) for match in _DELIMITER.finditer(text))]
    for number, (_, start, delimiter) in enumerate(changes):
        end = changes[number + 1][0] if number + 1 < len(changes) else len(text)
        yield from _split_at(text, start, end, delimiter)


def _split_at(text: str, start: int, end: int, delimiter: str) -> Iterator[tuple[int, str]]:
    position, begun, quote, is_blank = start, start, "", True
    while position < end:
        character = text[position]
        if quote:
            if character == "\\" and quote != "`":
                position += 1
            elif character == quote:
                quote = ""
        elif character in "'\"`":
            quote, is_blank = character, False
        elif character == "#" or text.startswith(_COMMENTS, position):
            position = text.find("\n", position)
            if position < 0:
                break
            begun = position if is_blank else begun
        elif text.startswith("/*", position) and not text.startswith(("/*!", "/*M!"), position):
            closing = text.find("*/", position + 2)
            position = end if closing < 0 else closing + 1
            begun = position + 1 if is_blank else begun
        elif text.startswith(delimiter, position):
            yield from _statement(text, begun, position)
            position += len(delimiter) - 1
            begun, is_blank = position + 1, True
        elif not character.isspace():
            is_blank = False
        position += 1
    yield from _statement(text, begun, end)


def _statement(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    statement = text[start:end]
    stripped = statement.lstrip()
    if stripped:
        yield start + len(statement) - len(stripped), stripped
