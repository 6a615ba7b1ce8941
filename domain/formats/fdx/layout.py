"""Default line ends between the lines of a screenplay, as in plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Protocol

from domain.formats.fdx.paragraph import CONTINUES
from domain.script.line import Attr, LineFormat

SPOKEN = frozenset({"parenthetical", "dialogue", "lyric"})
ASIDE = frozenset({"note", "boneyard", "synopsis"})


class Set(Protocol):
    """A line, or a draft of one."""

    @property
    def format(self) -> LineFormat: ...

    @property
    def attrs(self) -> dict[str, Attr]: ...


def default_seps(lines: Sequence[Set], joined: Sequence[bool], title_page: int) -> Iterator[str]:
    """One or two line ends for each line: an empty line follows a speech and every other paragraph.

    `joined` says of each line whether it is in the same paragraph as the line above. The first `title_page` lines are a
    title page, whose empty lines are paragraphs; an empty line ends it.
    """
    speaking = False
    for position, (line, after) in enumerate(zip_longest(lines, lines[1:])):
        speaking = line.format == "character" or (speaking and line.format in SPOKEN | ASIDE)
        if after is None or position < title_page:
            yield "\n\n" if after is not None and position == title_page - 1 else "\n"
            continue
        close = joined[position + 1] or (line.format == after.format == "lyric") or _close(after, speaking=speaking)
        yield "\n" if close else "\n\n"


def _close(after: Set, *, speaking: bool) -> bool:
    return after.attrs.get(CONTINUES) is True or after.format in ASIDE or (speaking and after.format in SPOKEN)
