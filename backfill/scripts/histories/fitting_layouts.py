"""The layouts in which a chain of patches is undamaged: each patch next to a whole text fits, and none is missing.

A patch that was written for another step may fit as well, as where each save added to the end of the one before. So a
patch has to lead to the whole text that is there, and to be in its place (`chain_steps`).
"""

from __future__ import annotations

from collections.abc import Sequence

from backfill.content.patch_text import read_patch
from backfill.scripts.histories.chain_steps import ChainSteps, in_place
from backfill.scripts.histories.patch_layout import LAYOUTS, ChainReader, ChainRow, Layout, doubtful_edges
from domain.errors import Rejected

# How many patches next to a whole text are tried to see which way they lead.
TRIED_PATCHES = 16
# And how many whole texts, from either end of the chain.
TRIED_TEXTS = 8


def fitting_layouts(rows: Sequence[ChainRow], reader: ChainReader, latest: str | None) -> list[Layout]:
    """The layouts in which a chain is undamaged; empty if there is none, or if nothing shows it."""
    if doubtful_edges(rows):
        return []
    return [layout for layout in LAYOUTS.values() if _Trial(rows, reader, latest, layout).fits()]


class _Trial(ChainSteps):
    """A chain that is tried in one layout."""

    def fits(self) -> bool:
        """Whether no patch is missing, and those next to the first and the last whole texts fit."""
        last = len(self._rows) - 1
        anchors = self._anchors() or ([last] if self._latest is not None else [])
        if not anchors or any(map(self._is_missing, range(1, last + 1))) or self._leads_nowhere():
            return False
        if len(anchors) > TRIED_TEXTS:
            anchors = [*anchors[: TRIED_TEXTS // 2], *anchors[-TRIED_TEXTS // 2 :]]
        shown = 0
        for start, end in zip([None, *anchors], [*anchors, None], strict=True):
            # From either of two texts: the patches between them may be too many to try all.
            if start is not None:
                final = last if end is None else min(end, last)
                found = self._fitting_from(start, range(start + 1, min(final, start + TRIED_PATCHES) + 1), up=True)
                if found is None:
                    return False
                shown += found
            if end is not None:
                found = self._fitting_from(
                    end, range(end, max(0 if start is None else start, end - TRIED_PATCHES), -1), up=False
                )
                if found is None:
                    return False
                shown += found
        return shown > 0

    def _is_missing(self, edge: int) -> bool:
        row = self._layout.row(edge)
        return self._rows[row].patch_length < 0 and not (self._layout.makes_own_text and self._whole[row])

    def _leads_nowhere(self) -> bool:
        """Whether the last row has a patch to a text that is not there."""
        return not self._layout.leads_to and self._rows[-1].patch_length > 0 and self._latest is None

    def _fitting_from(self, anchor: int, edges: Sequence[int], *, up: bool) -> int | None:
        """How many patches from a whole text on show that they belong there; None if one does not fit."""
        text = self._anchor(anchor)
        shown, is_in_place = 0, True
        for edge, patch in zip(edges, self._patches(edges), strict=True):
            if patch is None:
                # The row has its whole text instead.
                break
            try:
                hunks = read_patch(patch)
                # A hunk without context fits everywhere and says nothing.
                forward = up == self._layout.is_forward
                shown += bool(hunks) and all(hunk.before if forward else hunk.after for hunk in hunks)
                length = len(text)
                self._cross(hunks, text, up=up)
                is_in_place = is_in_place and in_place(patch, hunks, len(text) if forward else length)
            except Rejected:
                return None
            place = edge if up else edge - 1
            if 0 <= place < len(self._rows) and self._whole[place]:
                if text != self._anchor(place):
                    return None
                shown, is_in_place = shown + bool(hunks), True
        return shown if is_in_place else None
