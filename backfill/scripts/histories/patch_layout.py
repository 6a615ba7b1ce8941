"""How the patches of a chain lie between its rows, and between which rows a patch may be missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, Protocol

from backfill.mapping.model import PatchLayout
from domain.submissions.answer import Refusal

NUMBER_MISSING = Refusal(
    "revision_missing", "A revision next to this one is missing, so its patch may not be the next."
)
NUMBER_TWICE = Refusal("revision_twice", "Two revisions have one number: it is unknown which one the next follows.")


class ChainRow(NamedTuple):
    """A row of a chain: its number, and the lengths of its text and of its patch, -1 for NULL."""

    number: int | None
    text_length: int
    patch_length: int


class ChainReader(Protocol):
    """Reads the rows of a chain by their places."""

    def texts(self, places: Sequence[int]) -> Iterator[str | None]:
        """The whole texts of rows, in the order of the places; None where one is gone."""

    def patches(self, places: Sequence[int]) -> Iterator[str | None]:
        """The patches of rows, in the order of the places."""


class Layout(NamedTuple):
    """Whether the patch of a row leads to it or from it to the next row, and in which direction it was written."""

    leads_to: bool
    is_forward: bool

    @property
    def name(self) -> PatchLayout:
        """The value of `patch_layout` in a mapping."""
        return next(name for name, layout in LAYOUTS.items() if layout == self)

    @property
    def makes_own_text(self) -> bool:
        """Whether the patch of a row makes its text, so that a row with its whole text needs none."""
        return self.leads_to == self.is_forward

    def row(self, edge: int) -> int:
        """The place of the row with the patch between the places `edge - 1` and `edge`."""
        return edge if self.leads_to else edge - 1


# The likeliest first.
LAYOUTS: dict[PatchLayout, Layout] = {
    "from_previous": Layout(leads_to=True, is_forward=True),
    "to_previous": Layout(leads_to=True, is_forward=False),
    "to_next": Layout(leads_to=False, is_forward=True),
    "from_next": Layout(leads_to=False, is_forward=False),
}


class Run(NamedTuple):
    """Rows that are rebuilt from the whole text at one place, or why they cannot be."""

    first: int
    last: int
    anchor: int
    refusal: Refusal | None = None


def whole_texts(rows: Sequence[ChainRow]) -> bytearray:
    """For each row whether it holds its text. Where none is NULL, an empty text is one that was cleared."""
    empty_is_whole = any(row.text_length < 0 for row in rows)
    whole = bytearray(row.text_length > 0 or (row.text_length == 0 and empty_is_whole) for row in rows)
    if not any(whole) and rows[-1].text_length == 0:
        whole[-1] = True
    return whole


def doubtful_edges(rows: Sequence[ChainRow]) -> dict[int, Refusal]:
    """The places before which a row may be missing, or which share their number; only where numbers count the rows."""
    numbers = [row.number for row in rows if row.number is not None]
    steps = [after - before for before, after in pairwise(numbers)]
    if len(numbers) < len(rows) or 2 * steps.count(1) < len(steps):
        return {}
    doubtful = {place: NUMBER_MISSING for place, step in enumerate(steps, 1) if step > 1}
    # A number that comes again later was given again, because the numbers began again.
    for place in (place for place, step in enumerate(steps, 1) if step == 0):
        doubtful |= dict.fromkeys(range(max(1, place - 1), min(place + 2, len(rows))), NUMBER_TWICE)
    return doubtful
