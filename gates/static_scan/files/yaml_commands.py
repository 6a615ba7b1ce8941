"""The commands and the SQL of a file of YAML, as a script of a shell with the same lines."""

from __future__ import annotations

import re
import shlex
from bisect import bisect_left
from typing import NamedTuple

import yaml

from gates.static_scan.code.name_words import words_of
from gates.static_scan.shell.client_programs import clients_in
from gates.static_scan.sql.sql_words import is_sql, mentions_sql, quoted

# Keys whose value is a command, or a list of commands.
_COMMANDS = frozenset(
    """run script scripts command commands cmd cmds shell exec sh bash entrypoint args entry argv runcmd bootcmd raw
    test task tasks before install deploy release web worker hook hooks post pre start build inlinescript powershell
    predeploy startup lifecycle steps""".split()
)
# Keys whose list is one command, word by word.
_ONE_COMMAND = frozenset("command args entrypoint cmd argv test exec".split())
_TALK = frozenset("name description title summary message comment help label reason note example examples text".split())
_LABELS = frozenset("labels annotations".split())
_MAX_DEPTH = 100
_MAX_KEY = 200
_OPTION = re.compile(r"\s-|\s[<|]|[<|]\s")
_MODULES = ("community.mysql.", "mysql_db", "mysql_query", "mysql_user", "mysql_variables", "mysql_replication")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KEY = re.compile(r"[ \t]{0,200}(?:- {1,20}){0,5}([\w.\"'-]{1,120}):(?:[ \t]|$)")


class _Scalar(NamedTuple):
    """A text of the file: its first line from 0 on, the keys that lead to it, and its list, if it is in one."""

    text: str
    line: int
    is_block: bool
    keys: tuple[str, ...]
    listed: int
    is_key: bool


class _Open:
    """A mapping or a list that has begun."""

    def __init__(self, *, is_mapping: bool, number: int) -> None:
        self.is_mapping = is_mapping
        self.number = number
        self.key: str | None = None


def commands_of_yaml(text: str) -> str:
    """The commands at their lines."""
    lines: list[list[str]] = [[] for _ in range(text.count("\n") + 1)]
    try:
        scalars = _scalars(text)
    except (yaml.YAMLError, RecursionError, ValueError):
        # A template of YAML: each line by itself.
        scalars = _lines_of(text)
    lists: dict[int, list[_Scalar]] = {}
    for each in scalars:
        if each.listed and not each.is_key and _is_one_command(each):
            lists.setdefault(each.listed, []).append(each)
        elif shown := _shown(each):
            _put(lines, each.line, shown)
    for parts in lists.values():
        words = [part.text for part in parts]
        if (
            len(words) == 1
            or any("\n" in word.strip() for word in words)
            or not any(len(part.split()) == 1 for part in words[:2])
        ):
            for part in parts:
                if shown := _shown(part):
                    _put(lines, part.line, shown)
        else:
            _put_words(lines, parts)
    return "\n".join(" ; ".join(parts) for parts in lines)


def _put(lines: list[list[str]], line: int, shown: str) -> None:
    for number, part in enumerate(shown.split("\n")):
        if part:
            lines[min(line + number, len(lines) - 1)].append(part)


def _put_words(lines: list[list[str]], parts: list[_Scalar]) -> None:
    """One command, each word at its line."""
    words: dict[int, list[str]] = {}
    for part in parts:
        words.setdefault(min(part.line, len(lines) - 1), []).append(shlex.quote(part.text.replace("\n", " ")))
    last = max(words)
    for line in range(min(words), last + 1):
        shown = " ".join(words.get(line, ()))
        _put(lines, line, shown if line == last else f"{shown} \\")


def _shown(scalar: _Scalar) -> str:
    """What a text is as a command; empty if it is none."""
    text = scalar.text
    if scalar.is_key:
        is_module = text.startswith(_MODULES) and not text.endswith(("_info", "query"))
        return "mysql" if is_module else ""
    last = scalar.keys[-1] if scalar.keys else ""
    if (
        not text.strip()
        or ({word for key in scalar.keys[-2:] for word in words_of(key)} & _LABELS)
        or ({*words_of(last)} & _TALK and not scalar.is_block)
    ):
        return ""
    if mentions_sql(text[:400]) and is_sql(text):
        return "_=" + shlex.quote(text.rstrip("\n"))
    if any(_is_command_key(key) for key in scalar.keys[-2:]):
        return text.rstrip("\n")
    found = _OPTION.search(text) and clients_in([text])
    return text.rstrip("\n") if found else ""


def _is_command_key(key: str) -> bool:
    words = words_of(key.rpartition(".")[2])
    return bool(words) and words[-1] in _COMMANDS


def _is_one_command(scalar: _Scalar) -> bool:
    words = words_of(scalar.keys[-1].rpartition(".")[2]) if scalar.keys else ()
    return bool(words) and words[-1] in _ONE_COMMAND


def _scalars(text: str) -> list[_Scalar]:
    """The texts of a file, in their order."""
    found: list[_Scalar] = []
    opened: list[_Open] = []
    number = 0
    # YAML ends a line also after other characters than the rest of the scan does.
    ends = [match.start() for match in re.finditer("\n", text)]
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            number += 1
            if len(opened) > _MAX_DEPTH:
                raise ValueError
            opened.append(_Open(is_mapping=isinstance(event, yaml.MappingStartEvent), number=number))
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            opened.pop()
            _value_ends(opened)
        elif isinstance(event, yaml.AliasEvent):
            _value_ends(opened)
        elif isinstance(event, yaml.ScalarEvent):
            owner = opened[-1] if opened else None
            keys = tuple(each.key for each in opened[-6:] if each.key is not None)
            is_key = owner is not None and owner.is_mapping and owner.key is None
            is_block = event.style in ("|", ">")
            index = event.start_mark.index if event.start_mark is not None else 0
            line = bisect_left(ends, index) + (1 if is_block else 0)
            listed = owner.number if owner is not None and not owner.is_mapping else 0
            found.append(_Scalar(event.value.replace("$$", "$"), line, is_block, keys, listed, is_key))
            if is_key and owner is not None:
                owner.key = event.value[-_MAX_KEY:]
            else:
                _value_ends(opened)
    return found


def _value_ends(opened: list[_Open]) -> None:
    if opened and opened[-1].is_mapping:
        # A mapping as a key of a mapping has no name.
        opened[-1].key = None if opened[-1].key is not None else ""


def _lines_of(text: str) -> list[_Scalar]:
    """The lines of a file that is no YAML by itself, without keys and signs of lists."""
    found = []
    key = ""
    for number, line in enumerate(text.split("\n")):
        match = _KEY.match(line)
        key = match[1] if match is not None else key
        value = (line[match.end() :] if match is not None else line).strip().removeprefix("- ").strip()
        if value[:1] in ("'", '"') and (plain := value.rstrip(", }]")).endswith(value[0]) and len(plain) > 1:
            value = plain[1:-1].replace('\\"', '"') if value[0] == '"' else plain[1:-1]
        if value.startswith("{") and not value.startswith("{{"):
            value = " ; ".join(quoted(value)) or value
        if value.startswith("[") and value.endswith("]"):
            value = " ".join(shlex.quote(part.strip(" '\"").replace('\\"', '"')) for part in value[1:-1].split(","))
        if value and not value.startswith(("#", "//")):
            found.append(_Scalar(value, number, is_block=False, keys=(key,), listed=0, is_key=False))
    return found
