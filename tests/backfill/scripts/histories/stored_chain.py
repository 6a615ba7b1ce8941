"""The rows of a chain of patches, in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from backfill.mapping.model import PatchLayout
from backfill.scripts.histories.patch_chain import PatchChain
from backfill.scripts.histories.patch_layout import LAYOUTS, ChainRow
from domain.submissions.answer import Refusal
from tests.legacy.patch_maker import make_patch

TEXTS = [
    "One 🎬.\nTwo.\n",
    "One 🎬.\nTwo, changed 🎬.\n",
    "Zero.\nOne 🎬.\nTwo, changed 🎬.\nThree.\n",
    "Zero.\nThree.\n",
    "",
    "Zero.\nThree.\nÄnna 100%.\n",
]


class Stored:
    """Rows of a chain: numbers, texts and patches; it counts what is read."""

    def __init__(self, texts: Sequence[str | None], patches: Sequence[str | None], numbers: Sequence[int] = ()) -> None:
        self.stored, self.stored_patches = list(texts), list(patches)
        self.numbers = numbers or range(1, len(texts) + 1)
        self.read = 0

    def texts(self, places: Sequence[int]) -> Iterator[str | None]:
        yield from (self.stored[place] for place in places)

    def patches(self, places: Sequence[int]) -> Iterator[str | None]:
        for place in places:
            self.read += 1
            yield self.stored_patches[place]

    @property
    def rows(self) -> list[ChainRow]:
        return [
            ChainRow(number, -1 if text is None else len(text), -1 if patch is None else len(patch))
            for number, text, patch in zip(self.numbers, self.stored, self.stored_patches, strict=True)
        ]

    def chain(self, latest: str | None = None, layout: PatchLayout = "from_previous") -> PatchChain:
        return PatchChain(self.rows, self, latest, LAYOUTS[layout])

    def all(self, latest: str | None = None, layout: PatchLayout = "from_previous") -> list[str]:
        """The texts, or the codes of refusals."""
        found = self.chain(latest, layout).texts(range(len(self.stored)))
        return [each.code if isinstance(each, Refusal) else each.decode() for each in found]


def only(*places: int, texts: Sequence[str] = TEXTS) -> list[str | None]:
    """The texts of some places, the others NULL."""
    return [text if place in places or place - len(texts) in places else None for place, text in enumerate(texts)]


def patches(layout: PatchLayout = "from_previous", texts: Sequence[str] = TEXTS) -> list[str | None]:
    leads_to, forward = LAYOUTS[layout]
    pairs = pairwise(texts)
    made = [make_patch(before, after) if forward else make_patch(after, before) for before, after in pairs]
    return [None, *made] if leads_to else [*made, None]
