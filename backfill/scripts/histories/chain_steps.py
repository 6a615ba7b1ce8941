"""The steps of a chain of patches: its whole texts, and what a patch between two rows makes of a text.

An edge is the step between two places next to each other, and has the number of the later one. Place -1 is the empty
text before the first revision, and the place after the last one is the text of the script itself.

A patch of diff-match-patch has context around its changes, except at the beginning and the end of the text. One without
context elsewhere was written for another text, although it may fit. It counts only where the next whole text proves it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backfill.content.patch_text import Hunk, apply_patch, read_patch, require_repeatable, revert_patch, utf16
from backfill.scripts.histories.patch_layout import ChainReader, ChainRow, Layout, whole_texts
from domain.errors import Rejected
from domain.submissions.answer import Refusal

OUT_OF_PLACE = Refusal("patch_out_of_place", "The patch fits the text, but was written for a longer or shorter one.")
PATCH_MISSING = Refusal("patch_missing", "There is no patch between this save and the one next to it.")


class ChainSteps:
    """The chain of one script in one layout; `latest` is the text of the script itself."""

    def __init__(self, rows: Sequence[ChainRow], reader: ChainReader, latest: str | None, layout: Layout) -> None:
        self._rows = rows
        self._reader = reader
        self._latest = latest
        self._layout = layout
        self._whole = whole_texts(rows)

    def _anchors(self) -> list[int]:
        """The places with a whole text."""
        anchors = [place for place, whole in enumerate(self._whole) if whole]
        if self._layout.leads_to and self._rows[0].patch_length > 0 and not self._whole[0]:
            return [-1, *anchors]
        if not self._layout.leads_to and self._rows[-1].patch_length > 0 and self._latest is not None:
            return [*anchors, len(self._rows)]
        return anchors

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

    def _crossed(self, patch: str | None, text: bytearray, *, up: bool, is_proven: bool = False) -> Refusal | None:
        """Go over an edge, towards later revisions or back; why not, if its patch does not fit.

        After OUT_OF_PLACE the text is that after the edge; a proven patch may be out of place.
        """
        if patch is None:
            return PATCH_MISSING
        length = len(text)
        try:
            hunks = read_patch(patch)
            self._cross(hunks, text, up=up)
        except Rejected as refusal:
            return Refusal.of(refusal)
        if is_proven:
            return None
        return None if in_place(patch, hunks, len(text) if up == self._layout.is_forward else length) else OUT_OF_PLACE

    def _cross(self, hunks: Sequence[Hunk], text: bytearray, *, up: bool) -> None:
        """Go over an edge.

        Raises:
            Rejected: the patch does not fit; the text is neither.
        """
        if not up:
            require_repeatable(hunks)
        if up == self._layout.is_forward:
            apply_patch(hunks, text)
        else:
            revert_patch(hunks, text)


def in_place(patch: str, hunks: Sequence[Hunk], length: int) -> bool:
    """Whether a patch begins and ends with context, or else at the ends of the text after it, which has this length."""
    if not hunks:
        return True
    first, last = hunks[0], hunks[-1]
    is_begun = first.after_at == 0 or patch.startswith(" ", patch.find("\n") + 1)
    is_ended = last.after_at + len(last.after) == length or patch.startswith(" ", patch.rfind("\n", 0, -1) + 1)
    return is_begun and is_ended
