"""The source files of a tree: what is read, and what is left out and why. No link is followed."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from domain.counting import counted
from gates.static_scan.code.source_text import LANGUAGES, is_dense
from gates.static_scan.files.command_files import kind_of, script_of
from gates.static_scan.files.embedded_code import NOTEBOOK, PAGES, code_of_notebook, scripts_of_page
from gates.static_scan.files.large_files import MAX_SETTINGS_BYTES, refusal
from gates.static_scan.files.other_languages import NOT_READ
from gates.static_scan.touchpoint import Skipped, Unread

MAX_FILE_BYTES = 1 << 20
# What has statements or commands, and no tree of code.
SQL_LANGUAGES = frozenset({"sql", "shell"})
SKIPPED_FOLDERS = {
    "node_modules": "installed packages",
    "bower_components": "installed packages",
    "site-packages": "installed packages",
    ".git": "version control",
    ".hg": "version control",
    ".svn": "version control",
    ".venv": "an environment",
    "venv": "an environment",
    "__pycache__": "compiled files",
    ".mypy_cache": "a cache",
    ".ruff_cache": "a cache",
    ".pytest_cache": "a cache",
    ".tox": "an environment",
    ".nox": "an environment",
    ".next": "build output",
    ".nuxt": "build output",
    ".turbo": "a cache",
}
_INTERPRETERS = {
    b"python": "python",
    b"node": "javascript",
    b"deno": "typescript",
    b"bun": "typescript",
    b"bash": "shell",
    b"/sh": "shell",
    b"zsh": "shell",
    b"ksh": "shell",
    b"dash": "shell",
}
# Besides code: pages with scripts, notebooks, SQL and scripts of a shell.
_SUFFIXES = {
    **LANGUAGES,
    **dict.fromkeys(PAGES, "page"),
    NOTEBOOK: "notebook",
    ".sql": "sql",
    **dict.fromkeys((".sh", ".bash", ".zsh", ".ksh"), "shell"),
}


# The declaration of an encoding in one of the first two lines; in UTF-7 a comment may hold a line of code.
_CODING = re.compile(r"coding[:=][ \t]*([-\w.]{1,100})")
_SAFE_CODING = re.compile(
    r"(?i)(utf[-_]?8([-_]sig)?|(us-)?ascii|latin[-_]?1|iso[-_]8859[-_]\d{1,2}|cp125\d|windows-125\d)([-_].*)?"
)


class Excluded(NamedTuple):
    """A pattern of paths that a configuration leaves out, and the reason it gives."""

    pattern: str
    reason: str


class SourceFile(NamedTuple):
    """A file that was read."""

    path: str
    text: str
    language: str


class SourceFiles:
    """Walks a tree, or a single file."""

    def __init__(self, root: Path, excluded: Sequence[Excluded] = ()) -> None:
        self._root = root
        self._excluded = excluded
        self.skipped: list[Skipped] = []
        self.unread: list[Unread] = []

    def read(self, progress: Callable[[str], None] = lambda _: None) -> Iterator[SourceFile]:
        """Every source file, in the order of paths."""
        for path, name in self._walk():
            progress(name)
            if (file := self._file(path, name)) is not None:
                yield file

    def _walk(self) -> Iterator[tuple[Path, str]]:
        if self._root.is_file():
            yield self._root, self._root.name
            return
        others: Counter[str] = Counter()
        for folder, folders, files in os.walk(self._root, onerror=self._not_listed):
            here = Path(folder)
            prefix = here.relative_to(self._root)
            for name in sorted(folders):
                self._keep_out(here / name, prefix / name, folders)
            folders.sort()
            for name in sorted(files):
                path, relative = here / name, (prefix / name).as_posix()
                suffix = path.suffix.lower()
                if suffix in NOT_READ and not self._exclusion(relative):
                    others[suffix] += 1
                is_known = _sort_of(relative) != ""
                if not is_known and "." in name:
                    continue
                if excluded := self._exclusion(relative):
                    if is_known:
                        self.skipped.append(Skipped(relative, excluded.reason))
                elif self._is_read(path, relative, is_known=is_known):
                    yield path, relative
        for suffix, count in sorted(others.items()):
            self.skipped.append(
                Skipped(f"*{suffix}", f"{counted(count, 'file')} of {NOT_READ[suffix]}, which is not read")
            )

    def _keep_out(self, path: Path, relative: Path, folders: list[str]) -> None:
        name, shown = path.name, relative.as_posix() + "/"
        excluded = self._exclusion(relative.as_posix()) or self._exclusion(shown)
        if name in SKIPPED_FOLDERS:
            self.skipped.append(Skipped(shown, SKIPPED_FOLDERS[name]))
        elif excluded:
            self.skipped.append(Skipped(shown, excluded.reason))
        elif path.is_symlink():
            lead = self._lead(path)
            if lead == "read":
                self.skipped.append(Skipped(shown, "a link to a folder that is read by its own name"))
            else:
                place = "outside" if lead == "outside" else "that is left out"
                self._add_unread(shown, "link", f"It is a link to a folder {place}, which was not followed.")
        else:
            return
        folders.remove(name)

    def _is_read(self, path: Path, relative: str, *, is_known: bool) -> bool:
        """Whether a file is read; what only has the name of a source file is named."""
        if not path.is_symlink():
            if path.is_file() or not path.exists():  # removed just now: reading it says so
                return True
            if is_known:
                self._add_unread(relative, "no_file", "It is a pipe, a socket or a device: it was not read.")
            return False
        lead = self._lead(path)
        if is_known and lead == "outside":
            self._add_unread(relative, "link", "It is a link to a place outside, which was not followed.")
        elif is_known and lead in ("read", "nowhere"):
            nowhere = lead == "nowhere"
            reason = "a link that leads nowhere" if nowhere else "a link to a file that is read by its own name"
            self.skipped.append(Skipped(relative, reason))
        return lead == "left out" and path.is_file()

    def _lead(self, path: Path) -> str:
        """Where a link leads: outside, nowhere, to what is read by its own name, or to what is left out."""
        try:
            target = path.resolve(strict=True)
        except (OSError, RuntimeError):
            return "nowhere"
        root = self._root.resolve()
        if not target.is_relative_to(root) or {*target.relative_to(root).parts} & SKIPPED_FOLDERS.keys():
            return "outside"
        relative = target.relative_to(root).as_posix()
        if self._exclusion(relative):
            return "left out"
        if target.is_dir() or _sort_of(relative) == _sort_of(path.relative_to(self._root).as_posix()) != "":
            return "read"
        return "left out"

    def _exclusion(self, relative: str) -> Excluded | None:
        return next((each for each in self._excluded if fits(relative, each.pattern)), None)

    def _file(self, path: Path, name: str) -> SourceFile | None:
        suffix = path.suffix.lower()
        commands = "" if suffix in _SUFFIXES else kind_of(name)
        language = "shell" if commands else _SUFFIXES.get(suffix, "")
        try:
            with path.open("rb") as opened:
                if not language and not (language := _interpreter(opened.readline(200))):
                    return None
                opened.seek(0)
                data = opened.read((MAX_SETTINGS_BYTES if commands else MAX_FILE_BYTES) + 1)
        except OSError as error:
            self._add_unread(name, "unreadable", f"It cannot be read: {error.strerror or error}.")
            return None
        if len(data) > MAX_FILE_BYTES and (refused := refusal(data, is_settings=commands != "")) is not None:
            self.unread.append(Unread(name, *refused))
            return None
        text = _decoded(data)
        if text is None:
            self._add_unread(name, "not_utf8", "It is not UTF-8: it was not read.")
            return None
        if language == "python" and (coding := _coding(text)) and not _SAFE_CODING.fullmatch(coding):
            sentence = f"Python reads it as {coding[:40]}, in which its text means something else: it was not read."
            self._add_unread(name, "encoding", sentence)
            return None
        if commands:
            # A large one that is not refused has no command.
            text = script_of(text, commands) if len(data) <= MAX_FILE_BYTES else "\n" * text.count("\n")
        elif language == "page":
            text, language = scripts_of_page(text, suffix)
        elif language == "notebook":
            code = code_of_notebook(text)
            if code is None:
                sentence = (
                    "It is a notebook of another language, or without a line for each line of code: it was not read."
                )
                self._add_unread(name, "notebook", sentence)
                return None
            text, language = code, "python"
        if language not in SQL_LANGUAGES and is_dense(text):
            self._add_unread(name, "minified", "Its lines are too long for code that people write: it was not read.")
            return None
        return SourceFile(name, text, language)

    def _not_listed(self, error: OSError) -> None:
        name = os.path.relpath(error.filename, self._root)
        self._add_unread(name + "/", "unreadable", f"The folder cannot be read: {error.strerror or error}.")

    def _add_unread(self, name: str, code: str, sentence: str) -> None:
        self.unread.append(Unread(name, 1, code, sentence))


def _sort_of(path: str) -> str:
    """As what a file is read by its name; empty for another file."""
    return _SUFFIXES.get(PurePosixPath(path).suffix.lower(), "") or kind_of(path)


def fits(path: str, pattern: str) -> bool:
    """Whether a path is meant by a pattern: a file, a folder with all in it, or a pattern with `*`."""
    plain = pattern.rstrip("/")
    return path == plain or path.startswith(plain + "/") or fnmatchcase(path, pattern)


def _decoded(data: bytes) -> str | None:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"", "utf-8-sig")):
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                return None
    return None


def _coding(text: str) -> str:
    """The encoding that Python reads a file in, if one of its first two lines declares it."""
    for line in text.split("\n", 2)[:2]:
        stripped = line.lstrip(" \t\f")
        if stripped[:1] not in ("", "#", "\r"):
            break
        if (found := _CODING.search(stripped)) is not None:
            return found[1]
    return ""


def _interpreter(first_line: bytes) -> str:
    if not first_line.startswith(b"#!"):
        return ""
    return next((language for name, language in _INTERPRETERS.items() if name in first_line), "")
