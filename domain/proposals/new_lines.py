"""New lines of a model as lines of a script: their ids, line ends and brackets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain.proposals.model_output import NewLine
from domain.script.line import Line, LineFormat

# A speech has no empty lines: these formats follow a line of it directly.
SPOKEN: frozenset[LineFormat] = frozenset({"parenthetical", "dialogue", "lyric"})
SPEECH: frozenset[LineFormat] = SPOKEN | {"character"}


def new_lines(written: Sequence[NewLine], ids: Iterator[str]) -> Iterator[Line]:
    """The lines that a model wrote, with ids."""
    for position, line in enumerate(written):
        following = written[position + 1].format if position + 1 < len(written) else None
        yield Line(next(ids), line.format, printed(line.format, line.text), _line_end(line, following))


def printed(line_format: LineFormat, text: str) -> str:
    """A text as it is stored: a parenthetical has its brackets, which models often leave out."""
    if line_format != "parenthetical" or not text.strip():
        return text
    words = text.strip()
    return f"{'' if words.startswith('(') else '('}{words}{'' if words.endswith(')') else ')'}"


def rewritten_rows(old: Line, line_format: LineFormat, text: str) -> list[str]:
    """The rows of a model's new text for a line: one, or more where the text holds line ends.

    Space at the end is dropped, as the model cannot see it, but stays where the line ended with it before.
    """
    rows = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")
    if old.text == old.text.rstrip(" \t"):
        rows = [row.rstrip(" \t") for row in rows]
    filled = [row for row in rows if row.strip()] or [""]
    if line_format == "parenthetical" and not (line_format == old.format and [old.text] == filled):
        filled = [printed(line_format, " ".join(row.strip() for row in filled))]
    return filled


def _line_end(line: NewLine, following: LineFormat | None) -> str:
    """The line ends after a new line: none empty in a speech, nor after a cue that ends the new lines."""
    if line.close or line.format in ("character", "parenthetical"):
        return "\n"
    return "\n" if line.format in SPEECH and following in SPOKEN else "\n\n"
