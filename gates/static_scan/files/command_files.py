"""Files that hold commands of a shell among other things: CI and compose files, Makefiles, Dockerfiles, crontabs.

Each becomes a script of a shell with the same lines: what is no command, and no SQL, becomes blank.
"""

from __future__ import annotations

import re
import shlex
from pathlib import PurePosixPath

from gates.static_scan.files.yaml_commands import commands_of_yaml
from gates.static_scan.shell.client_programs import clients_in
from gates.static_scan.sql.sql_words import is_sql, quoted

# What such a file is, by its name or suffix.
_NAMES = {
    "makefile": "make",
    "gnumakefile": "make",
    "justfile": "make",
    "dockerfile": "docker",
    "containerfile": "docker",
    "crontab": "cron",
    "procfile": "yaml",
    "jenkinsfile": "shell",
    "package.json": "yaml",
    "composer.json": "yaml",
    "devcontainer.json": "yaml",
    "tox.ini": "settings",
    "setup.cfg": "settings",
    ".envrc": "shell",
}
_SUFFIXES = {
    ".yml": "yaml",
    ".yaml": "yaml",
    ".mk": "make",
    ".just": "make",
    ".dockerfile": "docker",
    ".cron": "cron",
    ".crontab": "cron",
    ".service": "settings",
    ".toml": "settings",
    ".bats": "shell",
    ".bat": "batch",
    ".cmd": "batch",
}
# Written by programs, of which none is run.
_LOCK_FILES = frozenset({"pnpm-lock.yaml", "poetry.lock", "uv.lock", "pdm.lock", "pixi.lock"})
_INTERESTING = re.compile(
    r"my|maria|python|node|manage|flask|django|"
    r"\b(?:insert|update|delete|replace|select|truncate|create|alter|drop|call|load|grant|revoke|rename)\s",
    re.IGNORECASE,
)
_MAKE_NAME = re.compile(r"\$[({](\w{1,80})[)}]")
_MAKE_VALUE = re.compile(r"(?:export |override )?(\w{1,80})[ \t]{0,8}(?:\?|:{1,3}|\+)?=[ \t]{0,8}(.*)")
_CRON = re.compile(
    r"(?:@\w{1,20}|\S{1,60}[ \t]{1,20}\S{1,60}[ \t]{1,20}\S{1,60}[ \t]{1,20}\S{1,60}[ \t]{1,20}\S{1,60})[ \t]{1,20}"
)
# In the table of the system a user stands before each command; in others these names are users too.
_USER = re.compile(r"[a-z_][a-z0-9_.-]{0,60}")
_USERS = frozenset({"root", "www-data", "mysql", "deploy", "app"})
_SHOWING = frozenset({"echo", "printf", "logger", "which", "man", "pip", "pkill", "killall", "pgrep"})
_PROGRAM = re.compile(
    r"(?:[\w.~-]{0,60}/[\w./-]{1,200}|python[\d.]{0,5}|php|node|ruby|bash|sh|zsh|cd|env|flock|nice|timeout"
    r"|npm|npx|make|docker|podman|uv|poetry)[ \t]"
)
_INSTRUCTION = re.compile(r"[ \t]{0,80}(RUN|CMD|ENTRYPOINT|HEALTHCHECK|ONBUILD|SHELL)\b", re.IGNORECASE)
_OPTIONS = re.compile(r"(?:[ \t]{1,20}--[\w=,/.:-]{1,200}){1,9}[ \t]")
_SETTING = re.compile(r"[ \t]{0,80}[\w.\"'-]{1,120}[ \t]{0,20}=[ \t]{0,20}(.*)")


def kind_of(path: str) -> str:
    """What a file of commands is; empty for another file."""
    name = PurePosixPath(path).name.lower()
    if name in _LOCK_FILES:
        return ""
    if _has_users(path) and PurePosixPath(name).suffix in ("", ".cron", ".crontab"):
        return "cron of the system"
    known = _NAMES.get(name) or _SUFFIXES.get(PurePosixPath(name).suffix, "")
    if known:
        return known
    if name.startswith(("dockerfile.", "containerfile.")):
        return "docker"
    if name.startswith("makefile."):
        return "make"
    return ""


def _has_users(path: str) -> bool:
    """Whether a crontab is one of the system, in which a user stands before each command."""
    return "cron.d/" in path or path.endswith("etc/crontab")


def script_of(text: str, kind: str) -> str:
    """The commands of a file as a script of a shell, at their lines."""
    if not _INTERESTING.search(text):
        return "\n" * text.count("\n")
    if kind == "yaml":
        return commands_of_yaml(text)
    if kind == "shell":
        return text
    lines = text.split("\n")
    change = {
        "make": _of_make,
        "docker": _of_docker,
        "cron": _of_cron,
        "cron of the system": lambda listed: _of_cron(listed, has_users=True),
        "settings": _of_settings,
        "batch": _of_batch,
    }
    return "\n".join(change[kind](lines))


def _of_make(lines: list[str]) -> list[str]:
    found, goes_on = [], False
    for line in lines:
        is_recipe = line.startswith(("\t", "    ")) or goes_on
        goes_on = is_recipe and line.rstrip("\r").endswith("\\")
        text = _MAKE_NAME.sub(r"${\1}", line).replace("$$", "$")
        if is_recipe:
            found.append(text.lstrip("\t @-+"))
        elif (given := _MAKE_VALUE.match(text)) is not None:
            value = given[2].replace("$(shell ", "$(")
            found.append(f"{given[1]}={value if value[:1] in ('$', '') else repr(value)}")
        else:
            found.append(text.partition(";")[2] if ";" in text and ":" in text and not text.startswith("#") else "")
    return found


def _of_docker(lines: list[str]) -> list[str]:
    found, goes_on = [], False
    for line in lines:
        begins = None if goes_on else _INSTRUCTION.match(line)
        if begins is not None:
            rest = line[begins.end() :]
            rest = _OPTIONS.sub(" ", rest, count=1) if rest.lstrip().startswith("--") else rest
            found.append(_as_words(rest.replace("CMD ", "", 1) if begins[1].upper() == "HEALTHCHECK" else rest))
        else:
            # What follows a heredoc of RUN is read as commands.
            is_other = not goes_on and line[:1].isalpha() and line.partition(" ")[0].isupper()
            found.append("" if is_other else line)
        goes_on = line.rstrip().endswith("\\") and (begins is not None or goes_on)
    return found


def _as_words(text: str) -> str:
    """A list of JSON as a command line."""
    stripped = text.strip()
    if not (stripped.startswith("[") and stripped.endswith("]")):
        return text
    return stripped[1:-1].replace('", "', '" "').replace('","', '" "')


def _of_cron(lines: list[str], *, has_users: bool = False) -> list[str]:
    found = []
    for line in lines:
        match = None if line.lstrip().startswith("#") else _CRON.match(line)
        if match is None:
            found.append(line if "=" in line.partition(" ")[0] else "")
            continue
        command = line[match.end() :]
        words = command.split(None, 1)
        is_name = len(words) == 2 and (words[0] in _USERS or (has_users and _USER.fullmatch(words[0]) is not None))
        is_name = is_name or (len(words) == 2 and _is_user(*words))
        # `mysql` is a user and a client.
        has_user = is_name and (not clients_in([command]) or bool(clients_in([words[1]])))
        found.append(words[1] if has_user and not words[1].startswith("-") else command)
    return found


def _is_user(first: str, rest: str) -> bool:
    """Whether a program comes after the first word, which is no program that shows it: `www python manage.py`."""
    return _USER.fullmatch(first) is not None and first not in _SHOWING and _PROGRAM.match(rest) is not None


def _of_settings(lines: list[str]) -> list[str]:
    found = []
    for line in lines:
        match = _SETTING.match(line)
        value = (match[1] if match is not None else line).strip()
        if value[:3] in ("'''", '"""'):
            value = value[3:]
        if value[:1] in ("'", '"') and value.rstrip(",").endswith(value[0]) and len(value) > 1:
            value = value.rstrip(",")[1:-1].replace('\\"', '"')
        if value[:1] in ("{", "["):
            value = " ; ".join(quoted(value))
        value = "_=" + shlex.quote(value) if is_sql(value) else value
        found.append("" if line.lstrip().startswith(("#", ";", "[")) else value)
    return found


def _of_batch(lines: list[str]) -> list[str]:
    """The commands with the paths and the continued lines of a shell."""
    found = []
    for line in lines:
        plain = line.strip(" \t\r").lstrip("@").replace("\\", "/")
        plain = plain[:-1] + "\\" if plain.endswith("^") else plain
        found.append("" if plain.lower().startswith(("rem ", "::", "echo ")) else plain)
    return found
