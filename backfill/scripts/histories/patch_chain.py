"""A chain of revisions of which few hold their text, and the others a patch to a neighbour: every text of it, strictly.

A revision is rebuilt from the nearest whole text before it, else from the one after it, and only if each patch between
them fits exactly. Memory holds one text. Before the first text is rebuilt the whole chain is walked once, because a
patch that is missing may show only where the chain reaches the next whole text.

An edge is the step between two places next to each other, and has the number of the later one. Place -1 is the empty
text before the first revision, and the place after the last one is the text of the script itself.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from backfill.content.patch_text import apply_patch, read_patch, require_repeatable, revert_patch, utf16
from backfill.scripts.histories.patch_layout import (
    ChainReader,
    ChainRow,
    Layout,
    Run,
    doubtful_edges,
    likely_layouts,
    whole_texts,
)
from domain.errors import Rejected
from domain.submissions.answer import Refusal

PATCH_MISSING = Refusal("patch_missing", "There is no patch between this save and the one next to it.")
CHAIN_BROKEN = Refusal("patch_chain_broken", "A patch between this save and the nearest whole text cannot be applied.")
CHAIN_DISAGREES = Refusal("patch_chain_disagrees", "The patches lead to another text than the next one that is whole.")
NO_WHOLE_TEXT = Refusal("no_whole_text", "No whole text is left from which this save could be rebuilt.")
HALF_CHARACTER = Refusal("patch_halves_character", "The patches lead to a text with half a character.")
# How many patches next to a whole text are tried to see which way they lead.
TRIED_PATCHES = 16
# And how many whole texts, from either end of the chain.
TRIED_TEXTS = 8


class PatchChain:
    """The chain of one script, which has at least one row; `latest` is the text of the script itself."""

    def __init__(self, rows: Sequence[ChainRow], reader: ChainReader, latest: str | None) -> None:
        self._rows = rows
        self._reader = reader
        self._latest = latest
        self._whole = whole_texts(rows)
        self._doubtful = doubtful_edges(rows)
        self._runs: list[Run] = []
        # The run and place of the text that was rebuilt last: reading goes on from it.
        self._reached: tuple[Run, int, bytearray] | None = None

    def texts(self, places: Sequence[int]) -> Iterator[bytes | Refusal]:
        """The texts of rows, whose places ascend, in UTF-8; a refusal where there is none."""
        start = 0
        while start < len(places):
            if self._whole[places[start]]:
                end = next((at for at in range(start, len(places)) if not self._whole[places[at]]), len(places))
                for text in self._reader.texts(places[start:end]):
                    yield PATCH_MISSING if text is None else text.encode(errors="surrogateescape")
                start = end
                continue
            run = self._run(places[start])
            end = next((at for at in range(start, len(places)) if places[at] > run.last), len(places))
            yield from self._of_run(run, places[start:end])
            start = end

    def _of_run(self, run: Run, places: Sequence[int]) -> Iterator[bytes | Refusal]:
        if run.refusal is not None:
            yield from [run.refusal] * len(places)
            return
        begun = self._begin(run, places[0])
        if isinstance(begun, Refusal):
            yield from [begun] * len(places)
            return
        (at, text), refusal = begun, None
        wanted = set(places)
        try:
            if at in wanted:
                yield _utf8(text)
            edges = range(at + 1, places[-1] + 1)
            for edge, patch in zip(edges, self._patches(edges), strict=True):
                if (refusal := self._crossed(patch, text, up=True)) is not None:
                    # The source was changed since the chain was walked.
                    yield from [refusal] * sum(place >= edge for place in places)
                    return
                at = edge
                if at in wanted:
                    yield _utf8(text)
        finally:
            if refusal is None:
                self._reached = run, at, text

    def _begin(self, run: Run, place: int) -> tuple[int, bytearray] | Refusal:
        """A place at or before one of a run, and its text; a refusal if the source was changed since the walk."""
        reached, self._reached = self._reached, None
        if reached is not None and reached[0] == run and reached[1] <= place:
            return reached[1:]
        stored = self._stored(run.anchor)
        if stored is None:
            return PATCH_MISSING
        text = utf16(stored)
        if run.anchor < run.first:
            return run.anchor, text
        edges = range(run.anchor, place, -1)
        for patch in self._patches(edges):
            if (refusal := self._crossed(patch, text, up=False)) is not None:
                return refusal
        return place, text

    def _run(self, place: int) -> Run:
        """The run of a place; at the first call the whole chain is walked."""
        if not self._runs:
            self._layout = self._likeliest()
            self._walk()
        return self._runs[bisect_right(self._runs, place, key=lambda run: run.first) - 1]

    def _walk(self) -> None:
        anchors: list[int | None] = [*self._anchors()]
        if not anchors:
            self._from_latest()
            return
        for start, end in zip([None, *anchors], [*anchors, None], strict=True):
            first = 0 if start is None else start + 1
            final = (len(self._rows) if end is None else end) - 1
            if first <= final:
                self._between(start, end, first, final)

    def _anchors(self) -> list[int]:
        """The places with a whole text."""
        anchors = [place for place, whole in enumerate(self._whole) if whole]
        if self._layout.leads_to and self._rows[0].patch_length > 0 and not self._whole[0]:
            return [-1, *anchors]
        if not self._layout.leads_to and self._rows[-1].patch_length > 0 and self._latest is not None:
            return [*anchors, len(self._rows)]
        return anchors

    def _from_latest(self) -> None:
        """No revision holds its text: the last one may be that of the script, if its patch fits it."""
        last = len(self._rows) - 1
        lowest, why = (last, None) if self._latest is None else self._downwards(last, 0)
        if lowest == last:
            self._runs.append(Run(0, last, 0, NO_WHOLE_TEXT))
            return
        self._refuse(0, lowest - 1, None, why)
        self._runs.append(Run(lowest, last, last))

    def _between(self, start: int | None, end: int | None, first: int, final: int) -> None:
        """The rows from `first` to `final`, between two whole texts, of which one may be missing."""
        reached, why = (first - 1, None) if start is None else self._upwards(start, end, first, final)
        if why is CHAIN_DISAGREES:
            self._runs.append(Run(first, final, first, why))
            return
        if start is not None and reached >= first:
            self._runs.append(Run(first, reached, start))
        lowest, why_below = final + 1, None
        if end is not None and reached < final:
            lowest, why_below = self._downwards(end, reached + 1)
        self._refuse(reached + 1, lowest - 1, why, why_below)
        if end is not None and lowest <= final:
            self._runs.append(Run(lowest, final, end))

    def _upwards(self, start: int, end: int | None, first: int, final: int) -> tuple[int, Refusal | None]:
        """The last row that is reached from the text before it, and why not the next one."""
        text = self._anchor(start)
        checked = end is not None and end < len(self._rows)
        edges = range(first, final + 1 + checked)
        refusal, reached = None, edges[-1]
        for edge, patch in zip(edges, self._patches(edges), strict=True):
            if (refusal := self._crossed(patch, text, up=True)) is not None:
                reached = edge - 1
                break
        doubt = next((edge for edge in edges if edge in self._doubtful), None) if self._doubtful else None
        if refusal is None and checked:
            if text == self._anchor(final + 1):
                return final, None
            if doubt is None:
                return first - 1, CHAIN_DISAGREES
        if doubt is not None and doubt <= reached:
            return doubt - 1, self._doubtful[doubt]
        return min(reached, final), refusal

    def _downwards(self, end: int, lowest: int) -> tuple[int, Refusal | None]:
        """The first row that is reached from the text after it, `lowest` at best, and why not the one before."""
        text = self._anchor(end)
        edges = range(end, lowest, -1)
        for edge, patch in zip(edges, self._patches(edges), strict=True):
            refusal = self._doubtful.get(edge) or self._crossed(patch, text, up=False)
            if refusal is not None:
                return edge, refusal
        return lowest, None

    def _refuse(self, first: int, last: int, why_first: Refusal | None, why_last: Refusal | None) -> None:
        """Rows that nothing leads to: those next to a rebuilt one say why, the others that the chain is broken."""
        if first > last:
            return
        begin, end = first, last
        if why_first is not None:
            self._runs.append(Run(first, first, first, why_first))
            begin += 1
        if why_last is not None and last >= begin:
            end -= 1
        if begin <= end:
            self._runs.append(Run(begin, end, begin, CHAIN_BROKEN))
        if why_last is not None and last > end:
            self._runs.append(Run(last, last, last, why_last))

    def _likeliest(self) -> Layout:
        """The layout in which most patches next to whole texts fit."""
        best, most = None, -1
        for layout in likely_layouts(self._rows):
            self._layout = layout
            fitting, tried = self._fitting()
            if fitting > most:
                best, most = layout, fitting
            if fitting == tried >= TRIED_PATCHES:
                break
        assert best is not None  # noqa: S101 - there are four
        return best

    def _fitting(self) -> tuple[int, int]:
        """How many patches fit next to the first and the last whole texts, and how many were tried.

        A patch that was written for another step may fit as well, as where each save added to the end of the one
        before: those that lead to another text than the one that is there do not count.
        """
        last = len(self._rows) - 1
        anchors = self._anchors() or ([last] if self._latest is not None else [])
        if len(anchors) > TRIED_TEXTS:
            anchors = [*anchors[: TRIED_TEXTS // 2], *anchors[-TRIED_TEXTS // 2 :]]
        fitting = tried = 0
        for start, end in zip([None, *anchors], [*anchors, None], strict=True):
            if start is not None:
                final = last if end is None else min(end, last)
                edges = range(start + 1, min(final, start + TRIED_PATCHES) + 1)
                found = self._fitting_from(start, edges, up=True)
                fitting, tried = fitting + found[0], tried + found[1]
            if end is not None:
                edges = range(end, max(0 if start is None else start, end - TRIED_PATCHES), -1)
                found = self._fitting_from(end, edges, up=False)
                fitting, tried = fitting + found[0], tried + found[1]
        return fitting, tried

    def _fitting_from(self, anchor: int, edges: Sequence[int], *, up: bool) -> tuple[int, int]:
        """How many patches from a whole text on fit, and how many were tried, up to the first one that is missing."""
        text = self._anchor(anchor)
        fitting = 0
        for edge, patch in zip(edges, self._patches(edges), strict=True):
            # A row with a whole text may have no patch.
            if patch is None and self._whole[self._layout.row(edge)]:
                return fitting, fitting
            # A hunk without context fits everywhere and says nothing.
            if self._crossed(patch, text, up=up, with_context=True) is not None:
                return fitting, len(edges)
            place = edge if up else edge - 1
            if place >= 0 and self._whole[place] and text != self._anchor(place):
                return fitting, len(edges)
            fitting += 1
        return fitting, len(edges)

    def _anchor(self, place: int) -> bytearray:
        """The whole text at a place; an empty one if it is gone."""
        return utf16(self._stored(place) or "")

    def _stored(self, place: int) -> str | None:
        """The whole text at a place; None if it is gone."""
        if place < 0:
            return ""
        is_row = place < len(self._rows) and self._whole[place]
        return next(self._reader.texts([place])) if is_row else self._latest

    def _patches(self, edges: Sequence[int]) -> Iterator[str | None]:
        return self._reader.patches([self._layout.row(edge) for edge in edges])

    def _crossed(self, patch: str | None, text: bytearray, *, up: bool, with_context: bool = False) -> Refusal | None:
        """Go over an edge, towards later revisions or back; why not, if its patch does not fit."""
        if patch is None:
            return PATCH_MISSING
        try:
            hunks = read_patch(patch)
            if not up:
                require_repeatable(hunks)
            forward = up == self._layout.is_forward
            if with_context and text and not all(hunk.before if forward else hunk.after for hunk in hunks):
                return CHAIN_BROKEN
            if forward:
                apply_patch(hunks, text)
            else:
                revert_patch(hunks, text)
        except Rejected as refusal:
            return Refusal.of(refusal)
        return None


def _utf8(text: bytearray) -> bytes | Refusal:
    try:
        return text.decode("utf-16-le").encode()
    except UnicodeDecodeError:
        return HALF_CHARACTER
