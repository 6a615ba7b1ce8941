"""Plain words: names, comments, docstrings and documents avoid a private dialect that readers cannot search for.

String literals of tests are data, and so are screenplays; in the packages the texts of messages are checked too.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.test_layers import PACKAGES, ROOT

# Each with the words to use instead.
BANNED = {
    "whoever": "the caller, the process that …",
    "somebody": "another worker, another user",
    "nobody": "no worker, no other process",
    "anew": "again, from scratch",
    "told": "given, reported; for a list of records: records",
    "said": "output, message; or the noun itself",
    "heard": "received, delivered",
    "meanwhile": "in the meantime, at the same time",
    "beside": "next to",
    "patience": "timeout",
}
# In a sentence this is plain: a server that is asked. As a name it says nothing.
BANNED_AS_NAMES = {"asked": "request, query, requested"}
# Constants are MAX_… and MIN_….
BANNED_PREFIXES = ("MOST_", "LONGEST_", "LARGEST_", "LEAST_")
WORDS = re.compile(rf"\b({'|'.join(BANNED)})\b", re.IGNORECASE)
ANYWHERE = re.compile("|".join([*BANNED, *BANNED_AS_NAMES, *BANNED_PREFIXES]), re.IGNORECASE)
NAME_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
ALLOWED = {
    # The patience algorithm is what the field calls it.
    ("domain/commands/line_list.py", "patience"),
    ("domain/commands/line_matching.py", "patience"),
    # A fact of a refusal, which producers read by its name.
    ("domain/formats/registry.py", "asked"),
    ("backfill/content/recognise.py", "asked"),
    # An instruction to a model, in everyday English.
    ("workers/proposals/language_models/prompt.py", "anew"),
    # Lines of the sample screenplay.
    ("cli/demo/screenplay.py", "nobody"),
    ("README.md", "nobody"),
    # The account `nobody` of Unix.
    ("tests/services/galera.py", "nobody"),
}
ALLOWED_FILES = {"CHANGELOG.md", "tests/test_plain_words.py"}
DOCUMENTS = {".md", ".sh", ".toml", ".yml", ".mjs"}


class Use(NamedTuple):
    """A banned word and where it is."""

    file: str
    line: int
    word: str


def uses_in_python(file: str, source: str, *, data: bool) -> Iterator[Use]:
    """The banned words of a module; with `data`, string literals other than docstrings are not checked."""
    docstrings = docstring_lines(source)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        line = token.start[0]
        if token.type == tokenize.NAME:
            parts = {part.lower() for part in NAME_PARTS.findall(token.string)}
            yield from (Use(file, line, word) for word in (*BANNED, *BANNED_AS_NAMES) if word in parts)
            yield from (Use(file, line, prefix) for prefix in BANNED_PREFIXES if token.string.startswith(prefix))
        elif token.type == tokenize.COMMENT or (is_text(token.type) and (not data or line in docstrings)):
            yield from (Use(file, line, match[0].lower()) for match in WORDS.finditer(token.string))


def is_text(token_type: int) -> bool:
    """Whether a token is a string, or from Python 3.12 on the text of an f-string."""
    return token_type in (tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING))


def docstring_lines(source: str) -> set[int]:
    """The lines at which docstrings begin, those of constants included."""
    expressions = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Expr))
    return {value.lineno for value in expressions if isinstance(value, ast.Constant) and isinstance(value.value, str)}


def uses_in_document(file: str, text: str) -> Iterator[Use]:
    """The banned words of a document."""
    for number, line in enumerate(text.splitlines(), 1):
        yield from (Use(file, number, match[0].lower()) for match in WORDS.finditer(line))


def uses() -> Iterator[Use]:
    """The banned words of the project."""
    for folder in (*PACKAGES, "tests", "docs", "examples", ".ci", "."):
        paths = ROOT.glob("*") if folder == "." else (ROOT / folder).rglob("*")
        for path in sorted(path for path in paths if path.is_file() and "node_modules" not in path.parts):
            file = str(path.relative_to(ROOT))
            is_document = path.suffix in DOCUMENTS or path.name in ("Makefile", "Dockerfile")
            if file in ALLOWED_FILES or not (is_document or path.suffix == ".py"):
                continue
            text = path.read_text()
            if ANYWHERE.search(text):  # to read a module token by token takes a hundred times as long
                found = (
                    uses_in_document(file, text) if is_document else uses_in_python(file, text, data=folder == "tests")
                )
                yield from found


def test_no_banned_word_is_used():
    wrong = [use for use in uses() if (use.file, use.word) not in ALLOWED]
    assert wrong == [], "\n".join(
        f"{file}:{line}: {word}: {(BANNED | BANNED_AS_NAMES).get(word, 'MAX_, MIN_')}" for file, line, word in wrong
    )


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("told = 1", ["told"]),
        ("def rows_told_of(): ...", ["told"]),
        ("class HeardBell: ...", ["heard"]),
        ("MOST_LINES = 3", ["MOST_"]),
        ("x = 1  # whoever calls", ["whoever"]),
        ('def f():\n    """Nobody else."""', ["nobody"]),
        ('LIMIT = 3\n"""Of what was said."""', ["said"]),
        ("asked = 1  # when asked", ["asked"]),
        ('text = "He said so."', []),
        ("retold = basked = 1", []),
        ("x.most_common()", []),
    ],
)
def test_a_banned_word_is_found(source: str, found: list[str]):
    assert [use.word for use in uses_in_python("x.py", source, data=True)] == found


def test_the_texts_of_the_packages_are_checked():
    assert [use.word for use in uses_in_python("x.py", 'raise E("Somebody else has it")', data=False)] == ["somebody"]
    assert [use.word for use in uses_in_python("x.py", 'raise E(f"{x} is told")', data=False)] == ["told"]
    assert [use.line for use in uses_in_document("x.md", "a\nAnew.\n")] == [2]
