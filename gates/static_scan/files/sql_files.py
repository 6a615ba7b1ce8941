"""Files of SQL, and the SQL that scripts of a shell give to a client of the database."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping

from gates.static_scan.domains import domain_of
from gates.static_scan.sql.client_programs import client_in
from gates.static_scan.sql.sql_text import Statement, statements
from gates.static_scan.sql.sql_words import is_sql, opened, quoted, split_statements, words
from gates.static_scan.touchpoint import Touchpoint

SQL_LANGUAGES = frozenset({"sql", "shell"})
_DELIMITER = re.compile(r"^[ \t]*delimiter[ \t]+(\S+)", re.IGNORECASE | re.MULTILINE)
_COMMENTS = ("-- ", "--\n", "--\t", "--\r")
_HEREDOC = re.compile(r"<<-?\s*[\"'\\]?([A-Za-z_]\w{0,80})")
# A line without any of these starts no client and holds no text.
_PARTS = ("my", "maria", "'", '"')
_PRINTING = ("echo", "printf", "log", "die")
# Programs that run what they are given as commands.
_SHELLS = frozenset("ssh bash sh zsh ksh dash sudo su docker podman kubectl".split())
_VARIABLE = re.compile(r"\$(?:\{[^}\n]{0,200}\}|\([^)\n]{0,400}\)|[A-Za-z_]\w{0,80}|[0-9@*#?])")


def sql_touchpoints(file: str, text: str, language: str, domains: Mapping[str, str]) -> list[Touchpoint]:
    """What a file of SQL, or a script of a shell, does: one touchpoint for each table and way to reach it."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    found: dict[tuple[str, str], Touchpoint] = {}
    parts = _of_script(text) if language == "sql" else _of_shell(text)
    for index, what in parts:
        key = (what.access, what.table)
        if key in found:
            continue
        line = bisect_right(starts, index)
        end = text.find("\n", starts[line - 1])
        found[key] = Touchpoint(
            file=file,
            line=line,
            end_line=line,
            function="",
            access=what.access,
            table=what.table,
            domain=domain_of(what.table, domains),
            kind="sql",
            rule="sql-file" if language == "sql" else "shell-client",
            api="SQL" if language == "sql" else "shell",
            message=_sentence(what, language),
            code=text[starts[line - 1] : len(text) if end < 0 else end][:2_000].strip()[:160],
            confident=what.parsed,
        )
    return sorted(found.values(), key=lambda each: each.line)


def _sentence(what: Statement, language: str) -> str:
    if what.verb:
        return f"Runs {what.verb}." if what.parsed else f"Runs {what.verb} that the parser does not read."
    return "Starts a client of the database: what it runs is not known." if language == "shell" else "Runs SQL."


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


def _of_shell(text: str) -> Iterator[tuple[int, Statement]]:
    position = 0
    lines = _places_of_lines(text) if "<<" in text else {}
    while position < len(text):
        index, line = position, ""
        while True:  # a line that ends with a backslash goes on, and so does a text in quotes
            end = text.find("\n", position)
            end = len(text) if end < 0 else end
            line += text[position:end] + "\n"
            position = end + 1
            is_open = line.rstrip("\n").endswith("\\") or (line.count('"') % 2 and not line.lstrip().startswith("#"))
            if position >= len(text) or not is_open or len(line) > 20_000:
                break
        if line.lstrip().startswith("#"):
            continue
        body = ""
        if (last := _heredoc(line, position, lines)) is not None:
            end = text.find("\n", last)
            body, position = text[position:last], len(text) if end < 0 else end + 1
        yield from ((index, each) for each in _of_command(line, body))


def _places_of_lines(text: str) -> dict[str, list[int]]:
    """Where each line begins, by its text without blanks."""
    places: dict[str, list[int]] = {}
    position = 0
    for line in text.split("\n"):
        places.setdefault(line.strip(), []).append(position)
        position += len(line) + 1
    return places


def _heredoc(line: str, position: int, lines: Mapping[str, list[int]]) -> int | None:
    """The place of the line that ends the text which a line gives to a program; None if it gives it none."""
    heredoc = _HEREDOC.search(line)
    programs = {word.rpartition("/")[2] for word in line.split()[:8]}
    if heredoc is None or (_SHELLS & programs and not client_in(line)):
        return None  # what a shell gets is read as its commands
    places = lines.get(heredoc[1], [])
    place = bisect_left(places, position)
    return None if place == len(places) else places[place]


def _of_command(line: str, body: str) -> Iterator[Statement]:
    if not body and not any(part in line for part in _PARTS):
        return
    client = client_in(line)
    texts = [_VARIABLE.sub("%s", each) for each in (*quoted(line), body) if each and is_sql(_VARIABLE.sub("%s", each))]
    if client:
        if not texts:
            yield Statement("unknown", "", "", parsed=False)
        yield from (each for text in texts for each in statements(text))
    elif texts and (line.split(None, 1)[0] not in _PRINTING or "|" in "".join(line.split('"')[::2])):
        yield from (each for text in texts for each in statements(text))
