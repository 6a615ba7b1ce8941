"""A chain of revisions of which few hold their text, and the others a patch to a neighbour: every text of it, strictly.

A revision is rebuilt from the nearest whole text before it, else from the one after it, and only if each patch between
them fits exactly. Memory holds one text. Before the first text is rebuilt the whole chain is walked once, because a
patch that is missing may show only where the chain reaches the next whole text.

The layout of the patches is that of the whole table: a chain that fits only another one is not read in that one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from backfill.content.patch_text import utf16
from backfill.scripts.histories.chain_steps import OUT_OF_PLACE, PATCH_MISSING, ChainSteps
from backfill.scripts.histories.fitting_layouts import fitting_layouts
from backfill.scripts.histories.patch_layout import LAYOUTS, ChainReader, ChainRow, Layout, Run, doubtful_edges
from domain.submissions.answer import Refusal

CHAIN_BROKEN = Refusal("patch_chain_broken", "A patch between this save and the nearest whole text cannot be applied.")
CHAIN_DISAGREES = Refusal("patch_chain_disagrees", "The patches lead to another text than the next one that is whole.")
NO_WHOLE_TEXT = Refusal("no_whole_text", "No whole text is left from which this save could be rebuilt.")
HALF_CHARACTER = Refusal("patch_halves_character", "The patches lead to a text with half a character.")
LAYOUT_UNDECIDED = Refusal(
    "patch_layout_undecided",
    "No history shows between which saves the patches lead: write `patch_layout` in the mapping.",
)
OTHER_LAYOUT = 'The patches of this script fit only `patch_layout = "{name}"`, which is not that of the table.'


class PatchChain(ChainSteps):
    """The chain of one script, which has at least one row; without a layout it has only the whole texts."""

    def __init__(
        self, rows: Sequence[ChainRow], reader: ChainReader, latest: str | None, layout: Layout | None
    ) -> None:
        super().__init__(rows, reader, latest, layout or LAYOUTS["from_previous"])
        self._doubtful = doubtful_edges(rows)
        self._runs: list[Run] = [] if layout is not None else [self._all_refused(LAYOUT_UNDECIDED)]
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
            others = (at for at in range(start, len(places)) if places[at] > run.last or self._whole[places[at]])
            end = next(others, len(places))
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
                if (refusal := self._crossed(patch, text, up=True, is_proven=True)) is not None:
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
            if (refusal := self._crossed(patch, text, up=False, is_proven=True)) is not None:
                return refusal
        return place, text

    def _run(self, place: int) -> Run:
        """The run of a place; at the first call the whole chain is walked."""
        if not self._runs:
            self._walk()
            if any(run.refusal is not None for run in self._runs):
                self._require_layout()
        return self._runs[bisect_right(self._runs, place, key=lambda run: run.first) - 1]

    def _all_refused(self, refusal: Refusal) -> Run:
        return Run(0, len(self._rows) - 1, 0, refusal)

    def _require_layout(self) -> None:
        """Refuse a chain with broken patches as a whole if they all fit in another layout."""
        others = fitting_layouts(self._rows, self._reader, self._latest)
        if others and self._layout not in others:
            refusal = Refusal("patch_layout_differs", OTHER_LAYOUT.format(name=others[0].name))
            self._runs = [self._all_refused(refusal)]

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
        displaced = len(self._rows) + 1
        for edge, patch in zip(edges, self._patches(edges), strict=True):
            refusal = self._crossed(patch, text, up=True)
            if refusal is OUT_OF_PLACE:
                refusal, displaced = None, min(edge, displaced)
            if refusal is not None:
                reached = edge - 1
                break
        doubt = next((edge for edge in edges if edge in self._doubtful), None) if self._doubtful else None
        if refusal is None and checked:
            if text == self._anchor(final + 1):
                return final, None
            if doubt is None:
                return first - 1, CHAIN_DISAGREES
        if displaced <= min(reached, displaced if doubt is None else doubt):
            return displaced - 1, OUT_OF_PLACE
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


def _utf8(text: bytearray) -> bytes | Refusal:
    try:
        return text.decode("utf-16-le").encode()
    except UnicodeDecodeError:
        return HALF_CHARACTER
