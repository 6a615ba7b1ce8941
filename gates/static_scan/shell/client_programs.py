"""The programs that a command line starts: clients of the database, and interpreters with the code that they get."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from gates.static_scan.shell.command_words import Command, Word, commands_of
from gates.static_scan.sql.sql_words import HOLE
from gates.static_scan.word_lists import word_lists

# Those of containers take none.
_FLAGS_OF_CONTAINERS = frozenset({"-i", "-t"})
_INTERPRETER = re.compile(
    r"(?:python[0-9.]*|pypy[0-9]*|ipython[0-9]?|py|\$\{?PYTHON\}?|node|nodejs|ts-node|tsx|bun|deno)"
)
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\[[^\]\n]{0,80}\])?\+?=")
_CLIENT_VARIABLE = re.compile(
    r"\$\{?\w{0,40}(?:MYSQL|MARIADB|mysql|mariadb)(?:_?(?:CMD|BIN|CLI|CLIENT|cmd|bin|cli|client))?(?:\[@\])?\}?"
)
_CODE_OPTIONS = {"python": ("-c", "--command"), "javascript": ("-e", "--eval", "-p", "--print", "-pe", "eval")}
_MAX_DEPTH = 3


def _programs() -> Mapping[str, frozenset[str]]:
    return word_lists("programs")


class Started(NamedTuple):
    """A program that a command starts: a client, a dump or an interpreter, and the words after it."""

    name: str
    words: list[Word]

    @property
    def is_client(self) -> bool:
        """Whether it may write to the database."""
        return self.name in _programs()["clients"] or self.name in _programs()["loaders"]

    @property
    def is_dump(self) -> bool:
        """Whether it reads the database."""
        return self.name in _programs()["dumps"]

    def code(self) -> Word | None:
        """The code that an interpreter gets after `-c` or `-e`."""
        texts = [word.text for word in self.words]
        options = _CODE_OPTIONS.get(self.name, ())
        place = next((place for place, text in enumerate(texts[:-1]) if text in options), -1)
        if place >= 0:
            return self.words[place + 1]
        joined = next((word for word in self.words if word.text.startswith(("--command=", "--eval="))), None)
        return joined._replace(text=joined.text.partition("=")[2]) if joined is not None else None

    @property
    def reads_code(self) -> bool:
        """Whether an interpreter reads its code: it gets no script."""
        texts = [word.text for word in self.words]
        place = next((place for place, text in enumerate(texts) if "<" in text or text == "-"), len(texts))
        return not any(text[:1] != "-" and text not in ("shell", "shell_plus", "manage.py") for text in texts[:place])


def clients_in(parts: Sequence[str]) -> list[Started]:
    """The clients, dumps and interpreters of a command line, or of a list of a program and its arguments."""
    if len(parts) == 1 or (parts and " " in parts[0]):
        return [found for command in commands_of(parts[0][:20_000]) for found in _started(command, 0)]
    return _started(Command([Word(text, 0, is_quoted=" " in text) for text in parts]), 0)


def _started(command: Command, depth: int) -> list[Started]:
    started = started_by(command)
    if started is not None or depth >= _MAX_DEPTH:
        return [started] if started is not None else []
    return [
        found
        for word in inner_command_lines(command)
        for inner in commands_of(word.text[:20_000])
        for found in _started(inner, depth + 1)
    ]


def started_by(command: Command, variables: Callable[[str], list[Word]] = lambda _: []) -> Started | None:
    """The client, dump or interpreter that a command starts, also through `sudo`, `docker exec` and the like."""
    words = own_words(command)
    for _ in range(_MAX_DEPTH):
        named = words[0].text if words else ""
        name = named.strip("${}[@]") if named.startswith("$") else f"{named}()"
        if words and (known := variables(name)):
            words = [*known, *words[1:]]
    if not words:
        return None
    first = words[0].text.rpartition("/")[2]
    if first in ("command", "type", "which", "hash") and len(words) > 1 and words[1].text in ("-v", "-V"):
        return None
    if first in _programs()["containers"]:
        words = _in_container(words)
    elif first in _programs()["starters"] or first.rpartition(".")[2] in ("shell", "command"):
        words = _from(words)
    if not words:
        return None
    name = words[0].text.rpartition("/")[2]
    if name.endswith(".exe"):
        name = name[:-4]
    rest = words[1:]
    if _CLIENT_VARIABLE.fullmatch(name):
        return Started("mysql", rest)
    if name in _programs()["clients"] or name in _programs()["dumps"] or name in _programs()["loaders"]:
        asks = any(word.text in _programs()["questions"] for word in rest[:8])
        return None if asks else Started(name, rest)
    if _INTERPRETER.fullmatch(name) or name in (HOLE, "flask", "django-admin", "manage.py"):
        return _of_interpreter(name, rest)
    return None


def own_words(command: Command) -> list[Word]:
    """The words from the program on: without values of variables, and words of the language."""
    words = command.words
    place = 0
    while place < len(words) and (words[place].text in _programs()["keywords"] or _ASSIGNMENT.match(words[place].text)):
        place += 1
    # Make and Ansible begin a command with signs.
    if place < len(words) and words[place].text[:1] in "@-+" and len(words[place].text) > 1:
        return [words[place]._replace(text=words[place].text.lstrip("@-+")), *words[place + 1 :]]
    return words[place:]


def inner_command_lines(command: Command) -> list[Word]:
    """The words that a shell, or a program which starts others, takes for command lines."""
    words = own_words(command)
    names = {word.text.rpartition("/")[2] for word in words[:12]}
    first = words[0].text.rpartition("/")[2] if words else ""
    if (
        first in _programs()["starters"]
        or first in _programs()["shells"]
        or names & _programs()["shells"]
        or command.words[:1] != words[:1]
    ):
        return [word for word in words if word.is_quoted and " " in word.text]
    return []


def _from(words: list[Word]) -> list[Word]:
    """The words from the client or interpreter on that a starter is given."""
    for place, word in enumerate(words[1:30], 1):
        name = word.text.rpartition("/")[2]
        if words[place - 1].text in _programs()["no_start"] or (
            words[place - 1].text in _programs()["valued"] and word.text == name
        ):
            if words[place - 1].text in _programs()["no_start"]:
                return []
            continue
        if (
            name in _programs()["clients"]
            or name in _programs()["dumps"]
            or name in _programs()["loaders"]
            or _INTERPRETER.fullmatch(name)
        ):
            return words[place:]
        if name in ("flask", "manage.py", "django-admin") or _CLIENT_VARIABLE.fullmatch(name):
            return words[place:]
    return []


def _in_container(words: list[Word]) -> list[Word]:
    """The command that a container runs: after its name or image, or after `--`."""
    texts = [word.text for word in words]
    place = next((place for place, text in enumerate(texts[:20]) if text in ("exec", "run")), 0)
    if not place:
        return []
    if "--" in texts[place:]:
        return words[texts.index("--", place) + 1 :]
    position, valued = place + 1, _programs()["valued"] - _FLAGS_OF_CONTAINERS
    while position < len(words) and texts[position].startswith("-"):
        if texts[position] == "--entrypoint" or texts[position].startswith("--entrypoint="):
            given = texts[position].partition("=")[2] or (texts[position + 1] if position + 1 < len(words) else "")
            return [words[position]._replace(text=given), *words[position + 1 :]]
        position += 2 if texts[position] in valued else 1
    inside = words[position + 1 :]
    return inside if not inside or started_by(Command(inside[:1])) is not None else _within(inside)


def _within(words: list[Word]) -> list[Word]:
    """The words of a command that may begin with a starter of its own."""
    first = words[0].text.rpartition("/")[2]
    if first in _programs()["starters"]:
        return _from(words)
    return words


def _of_interpreter(name: str, words: list[Word]) -> Started | None:
    texts = [word.text for word in words]
    script = next((text.rpartition("/")[2] for text in texts[:6] if not text.startswith("-")), "")
    if name in ("django-admin", "manage.py") or script in ("manage.py", "django-admin"):
        rest = words if name in ("django-admin", "manage.py") else words[1:]
        verbs = [word.text for word in rest[:6]]
        if {"dbshell", "flush", "loaddata", "reset_db", "sqlflush"} & {*verbs}:
            return Started("mysql", [])
        return Started("python", rest) if {"shell", "shell_plus"} & {*verbs} else None
    if name == "flask":
        return Started("python", words) if script == "shell" else None
    if name == HOLE and not {"-c", "-e"} & {*texts[:4]}:
        return None
    is_python = name.startswith(("py", "ipy", "$")) or (name == HOLE and "-c" in texts[:4])
    kind = "python" if is_python else "javascript"
    return Started(kind, words)
