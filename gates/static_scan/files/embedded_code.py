"""Code inside files of another kind: scripts of Vue, Svelte, Astro and HTML pages, and cells of notebooks.

The code stays at its lines: what is not code becomes blank.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from gates.static_scan.sql.sql_words import WRITES

PAGES = frozenset({".vue", ".svelte", ".astro", ".html", ".htm"})
NOTEBOOK = ".ipynb"
_SCRIPT = re.compile(r"<script\b[^>]{0,2000}>", re.IGNORECASE)
_END = re.compile(r"</script", re.IGNORECASE)
_LANGUAGE = re.compile(r"""\blang\s*=\s*["']?(tsx?|jsx?)""", re.IGNORECASE)
_NO_SCRIPT = re.compile(r"""\btype\s*=\s*["']?(application/(ld\+)?json|text/(x-)?template|importmap)""", re.IGNORECASE)
_GIVEN_MAGIC = re.compile(r"[ \t]{0,80}[\w, \t]{1,80}=[ \t]{0,20}([%!][^\n]{1,4000})")
_NOT_BLANK = re.compile(r"[^\n]")


class _Cell(msgspec.Struct):
    cell_type: str = ""
    source: str | list[str] = ""


class _Notebook(msgspec.Struct):
    cells: list[_Cell] = []
    metadata: dict[str, Any] = {}


def scripts_of_page(text: str, suffix: str) -> tuple[str, str]:
    """The scripts of a page at their places, and their language."""
    kept: list[tuple[int, int]] = []
    language = "javascript"
    if suffix == ".astro" and text.lstrip().startswith("---"):
        start = text.index("---") + 3
        end = text.find("\n---", start)
        kept.append((start, len(text) if end < 0 else end))
        language = "typescript"
    position = kept[0][1] if kept else 0
    while (opening := _SCRIPT.search(text, position)) is not None:
        closing = _END.search(text, opening.end())
        position = len(text) if closing is None else closing.start()
        if _NO_SCRIPT.search(opening[0]):
            continue
        kept.append((opening.end(), position))
        if (named := _LANGUAGE.search(opening[0])) is not None and named[1].lower().startswith("ts"):
            language = "tsx" if named[1].lower() == "tsx" else "typescript"
    parts, done = [], 0
    for start, end in kept:
        parts += [_NOT_BLANK.sub(" ", text[done:start]), text[start:end], ";" if text[end : end + 1] == "<" else ""]
        done = end + (1 if text[end : end + 1] == "<" else 0)
    return "".join((*parts, _NOT_BLANK.sub(" ", text[done:]))), language


def code_of_notebook(text: str) -> str | None:
    """The Python of a notebook, each line at the line of the file that holds it; None where the lines are not known."""
    try:
        notebook = msgspec.json.decode(text.encode(), type=_Notebook)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    language = _language_of(notebook)
    if language not in ("", "python"):
        return None
    lines = text.split("\n")
    code = [""] * len(lines)
    place = 0
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        source = cell.source if isinstance(cell.source, list) else [cell.source]
        for number, line in enumerate(_without_magics(source)):
            written = msgspec.json.encode(source[number]).decode()
            place = next((at for at in range(place, len(lines)) if _holds(lines[at], written, source[number])), -1)
            if place < 0 or "\n" in source[number].rstrip("\n") or code[place]:
                return None
            code[place] = line.rstrip("\n")
            place += 1
    return "\n".join(code)


def _holds(line: str, written: str, source: str) -> bool:
    """Whether a line of the file is that text of JSON, however its letters are escaped."""
    stripped = line.strip().rstrip(",")
    if stripped == written:
        return True
    if not stripped.startswith('"'):
        return False
    try:
        return bool(msgspec.json.decode(stripped.encode(), type=str) == source)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return False


def _language_of(notebook: _Notebook) -> str:
    named = notebook.metadata.get("language_info")
    name = named.get("name") if isinstance(named, dict) else ""
    return name if isinstance(name, str) else ""


def _without_magics(source: list[str]) -> list[str]:
    """The lines of a cell as Python: `%sql …` and `!mysql …` become texts, other magics nothing."""
    first = source[0].strip() if source else ""
    if first.startswith("%%"):
        if first.startswith(("%%sql", "%%bash", "%%sh", "%%script")):
            return ["", *_as_text(source[1:], is_sql=first.startswith("%%sql"))]
        return source if first.startswith(("%%time", "%%capture")) else ["" for _ in source]
    found = []
    for line in source:
        stripped = line.strip()
        if (given := _GIVEN_MAGIC.match(line)) is not None:
            # `rows = %sql SELECT 1`
            found.append(line[: given.start(1)] + (_as_call(given[1].strip()).removeprefix("_ = ")))
        elif stripped.startswith(("%", "!")):
            indent = line[: len(line) - len(line.lstrip())]
            words = {word.upper() for word in stripped.split()[:4]}
            is_run = stripped.startswith(("%sql", "!")) or bool(words & WRITES)
            found.append(indent + (_as_call(stripped) if is_run else "pass"))
        else:
            found.append(line)
    return found


def _as_text(lines: list[str], *, is_sql: bool) -> list[str]:
    """The lines as one text of Python, given to a shell unless they are SQL."""
    if not any(line.strip() for line in lines):
        return lines
    plain = [line.rstrip("\n").replace("\\", "\\\\").replace("'", "\\'") for line in lines]
    plain[0] = f"{'_ = (' if is_sql else 'system('}'''{plain[0]}"
    plain[-1] += "''')"
    return plain


def _as_call(line: str) -> str:
    command = line.removeprefix("%sql").lstrip("!% ")
    return f"system({command!r})" if line.startswith("!") else f"_ = {command!r}"
