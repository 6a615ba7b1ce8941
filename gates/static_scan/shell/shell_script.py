"""Scripts of a shell: the SQL that they give to clients of the database, and the code that interpreters get."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gates.static_scan.shell.client_programs import Started, inner_command_lines, own_words, started_by
from gates.static_scan.shell.command_words import Command, Word, commands_of, open_quote
from gates.static_scan.sql.sql_text import Statement, statements
from gates.static_scan.sql.sql_words import is_sql, mentions_sql, starts_as_sql

MAX_LINE_CHARACTERS = 20_000
# What follows in a longer line, and code after so many pieces of it, is not known.
_MAX_READ, _MAX_CODES = 50_000, 100
# Words of a program that a variable names.
_MAX_WORDS = 100
# Quotes that no line closes are looked for so often; after that each line stands for itself.
_MAX_OPEN = 20
_MAX_DEPTH = 3
# The words of a script that may be SQL: commands can get the same text again and again. What follows is not known.
_MAX_TEXTS = 500_000
_HEREDOC = re.compile(r"<<-?\s*[\"'\\]?([A-Za-z_]\w{0,80})")
# A line without any of these starts no client and no code.
_PARTS = re.compile(
    r"my|maria|python|pypy|node|bun|deno|tsx|django|flask|manage|pt-|gh-ost|xtrabackup|\$", re.IGNORECASE
)
_STARTS = re.compile(r"docker|podman|kubectl|ssh|sudo|compose|exec|run")
_PRINTING = frozenset(
    "echo printf cat print sed awk tee envsubst cut tr head tail sort zcat gunzip gzip base64 log".split()
)
# Programs that only look at a text, or keep it.
_KEEPING = frozenset(
    """git grep egrep fgrep rg ag test [ [[ die fail error info warn warning debug logger say notify curl wget
    gh jq yq diff commit assert usage help expect read""".split()
)
_VARIABLE = re.compile(r"\$(?:\{[^}\n]{0,200}\}|\([^)\n]{0,400}\)|[A-Za-z_]\w{0,80}|[0-9@*#?])")
_NAMED = re.compile(r"\$\{?([A-Za-z_]\w{0,80})\}?")
_GIVEN = re.compile(
    r"^[ \t]{0,40}(?:(?:export|local|readonly|declare|typeset|alias)[ \t]{1,8})?([A-Za-z_]\w{0,80})[:?+]?=",
    re.MULTILINE,
)
_ALIAS = re.compile(r"\balias ([A-Za-z_]\w{0,80})=")
# `run() { docker compose exec "$@"; }`
_PASSING = re.compile(r"\b([A-Za-z_]\w{0,80})[ \t]{0,4}\(\)[ \t]{0,4}\{\s{0,40}([^\n$;{}]{1,200}?)[ \t]{1,8}\"?\$[@*]")
# Something that is not known.
HIDDEN = Statement("unknown", "", "", parsed=False)
_DUMPED = Statement("read", "", "", parsed=False)


class Code(NamedTuple):
    """Code that a script gives to an interpreter."""

    language: str
    text: str


class ShellScript:
    """Reads one script."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._codes = 0
        self._texts_left = _MAX_TEXTS
        self._sql: dict[tuple[str, bool], str] = {}
        self._programs: dict[str, list[Word]] = {}
        variables = self._variables() if "$" in text or "alias" in text else {}
        self._values = {**variables, **self._functions(variables)} if variables or "$" in text else {}

    def reached(self) -> Iterator[tuple[int, Statement | Code]]:
        """What the commands reach, and where."""
        position, tries = 0, 0
        text = self._text
        lines = _places_of_lines(text) if "<<" in text else {}
        while position < len(text):
            index = position
            position, tries = self._end_of_line(position, tries)
            line = text[index:position]
            if line.lstrip().startswith("#"):
                continue
            body, at = "", position
            if (last := _heredoc(line, position, lines)) is not None:
                end = text.find("\n", last)
                body, position = text[position:last], len(text) if end < 0 else end + 1
            calls_function = f"{line.split(None, 1)[0]}()" in self._values if self._values and line.strip() else False
            if body or calls_function or _PARTS.search(line) or mentions_sql(line):
                yield from self._of_line(line[:_MAX_READ], index, Word(body, at))
                if len(line) > _MAX_READ or self._texts_left < 0:
                    yield index, HIDDEN
                if self._texts_left < 0:
                    return

    def _end_of_line(self, start: int, tries: int) -> tuple[int, int]:
        """The end of a line, which goes on after a backslash and in quotes."""
        text, position, quote, first = self._text, start, "", 0
        while True:
            end = text.find("\n", position)
            end = len(text) if end < 0 else end
            part, position = text[position:end], end + 1
            first = first or position
            has_quote = quote or "'" in part or '"' in part
            quote = open_quote(part, quote) if has_quote and tries < _MAX_OPEN else ""
            goes_on = bool(quote) or part.endswith("\\")
            if quote and (position >= len(text) or position - start > MAX_LINE_CHARACTERS):
                return first, tries + 1
            if position >= len(text) or not goes_on or position - start > MAX_LINE_CHARACTERS:
                return position, tries

    def _of_line(self, line: str, index: int, body: Word) -> Iterator[tuple[int, Statement | Code]]:
        printed: list[Word] = []
        for command in commands_of(line, index):
            given = printed if command.piped else []
            if body.text and "<<" in "".join(word.text for word in command.words if not word.is_quoted):
                given = [*given, body]
            for word in command.words:
                if word.is_quoted and ("$(" in word.text or "`" in word.text):
                    yield from self._of_substitutions(word)
            words = own_words(command)
            name = words[0].text.rpartition("/")[2] if words else ""
            printed = (
                [*given, *(word for word in words if word.is_quoted or "$" in word.text)] if name in _PRINTING else []
            )
            if name not in _PRINTING and name not in _KEEPING:
                yield from self._of_command(command, given, 0)

    def _of_command(self, command: Command, given: list[Word], depth: int) -> Iterator[tuple[int, Statement | Code]]:
        start = command.words[0].start
        started = started_by(command, self._words_of)
        if started is not None and (started.is_client or started.is_dump):
            # What is run first is not all that is run.
            words = [word for word in started.words if not word.text.startswith("--init-command")]
            found = [each for text in self._texts([*words, *given], run=True) for each in statements(text)]
            for each in found or [HIDDEN if started.is_client else _DUMPED]:
                yield start, each
            return
        if started is not None:
            yield from self._of_code(started, given)
            return
        inner = inner_command_lines(command) if depth < _MAX_DEPTH else []
        if inner:
            found_any = False
            for word in inner:
                for command_inside in commands_of(word.text, word.start + 1):
                    for reached in self._of_command(command_inside, given, depth + 1):
                        found_any = True
                        yield reached
            if found_any:
                return
        words = [word for word in command.words if word.is_quoted or "=" in word.text]
        for text in self._texts([*words, *given]):
            yield from ((start, each) for each in statements(text))

    def _of_substitutions(self, word: Word) -> Iterator[tuple[int, Statement | Code]]:
        """The clients that a text in quotes starts: `"$(mysql app -e …)"`."""
        sign = "$(" if "$(" in word.text else "`"
        place = word.text.index(sign) + len(sign)
        for command in commands_of(word.text[place:], word.start + place):
            if started_by(command, self._words_of) is not None:
                yield from self._of_command(command, [], _MAX_DEPTH)

    def _of_code(self, started: Started, given: list[Word]) -> Iterator[tuple[int, Statement | Code]]:
        """The code after `-c` or `-e`, or what an interpreter without a script reads."""
        code = started.code()
        for word in (code,) if code is not None else given if started.reads_code else ():
            self._codes += 1
            yield word.start, Code(started.name, word.text) if self._codes <= _MAX_CODES else HIDDEN

    def _texts(self, words: list[Word], *, run: bool = False) -> Iterator[str]:
        """The words that are SQL, also by the variable that they name; of what is run, all that begins like it."""
        for word in words:
            self._texts_left -= 1
            if self._texts_left < 0:
                return
            named = _NAMED.fullmatch(word.text)
            text = word.text if named is None else self._values.get(named[1], "")
            if (text, run) not in self._sql:
                self._sql[text, run] = _sql_of(text, run=run)
            if found := self._sql[text, run]:
                yield found

    def _words_of(self, name: str) -> list[Word]:
        """The words of a variable, if they may be a program."""
        value = self._values.get(name, "")
        if value and name not in self._programs:
            self._programs[name] = next((own_words(command)[:_MAX_WORDS] for command in commands_of(value)), [])
        return self._programs[name] if value else []

    def _functions(self, variables: Mapping[str, str]) -> Mapping[str, str]:
        """The commands of functions that give what they get to a program, and of aliases."""
        found = {f"{match[1]}()": match[2] for match in _PASSING.finditer(self._text)}
        for match in _ALIAS.finditer(self._text):
            if value := variables.get(match[1]):
                found[f"{match[1]}()"] = value
        return found

    def _variables(self) -> Mapping[str, str]:
        """The values of variables, by name."""
        found: dict[str, str] = {}
        for match in _GIVEN.finditer(self._text):
            line = self._text[match.end() : match.end() + 4_000]
            stripped = line.lstrip(" ")
            if stripped[:1] in ("'", '"'):
                end = stripped.find(stripped[0], 1)
                value = stripped[1:end] if end > 0 else ""
            else:
                value = stripped.partition("\n")[0].strip("()")
            if value and (_PARTS.search(value) or _STARTS.search(value) or mentions_sql(value)):
                found[match[1]] = value
        return found


def _sql_of(text: str, *, run: bool) -> str:
    """The SQL that a word is; empty if it is none."""
    text = _VARIABLE.sub("%s", text)
    for part in (text, text.partition("=")[2]) if "=" in text[:40] else (text,):
        if part and (is_sql(part) or (run and " " in part and starts_as_sql(part))):
            return part
    return ""


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
    if heredoc is None:
        return None
    commands = list(commands_of(line))
    reader = next((each for each in commands if "<<" in "".join(word.text for word in each.words)), None)
    if reader is not None and started_by(reader) is None and _is_shell(reader):
        return None  # what a shell gets is read as its commands
    places = lines.get(heredoc[1], [])
    place = bisect_left(places, position)
    return None if place == len(places) else places[place]


_SHELLS = frozenset("ssh bash sh zsh ksh dash sudo su docker podman kubectl".split())


def _is_shell(command: Command) -> bool:
    return bool(_SHELLS & {word.text.rpartition("/")[2] for word in command.words[:8]})
