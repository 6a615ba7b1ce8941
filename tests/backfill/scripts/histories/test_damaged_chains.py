"""Damaged chains of patches: every text is the stored one or set aside, and no damage shows another layout."""

from __future__ import annotations

import random

import pytest

from backfill.mapping.model import PatchLayout
from backfill.scripts.histories.fitting_layouts import fitting_layouts
from backfill.scripts.histories.patch_chain import PatchChain
from backfill.scripts.histories.patch_layout import LAYOUTS
from domain.submissions.answer import Refusal
from tests.backfill.scripts.histories.stored_chain import TEXTS, Stored, only, patches
from tests.legacy.patch_maker import make_patch


def written_at_random(chance: random.Random) -> list[str]:
    """Texts of a script of which lines are added, replaced and removed; of some scripts only at the end."""
    texts = [f"Start {chance.random()}.\nSecond {chance.random()}.\n"]
    only_appended = chance.randrange(3) == 0
    for number in range(20):
        rows = texts[-1].splitlines(keepends=True)
        at = len(rows) if only_appended else chance.randrange(len(rows) + 1)
        added = [f"Line {number} {chance.choice('äé🎬x')}.\n"] * chance.choice([1, 1, 2])
        rows[at : at + chance.randrange(2)] = added
        texts.append("".join(rows))
    return texts


def damaged(chance: random.Random, made: list[str | None]) -> None:
    """Lose, cut or change a patch, or put one of another script in its place."""
    place = chance.choice([place for place, patch in enumerate(made) if patch is not None])
    patch = made[place] or ""
    foreign = make_patch("Foo.\nBar.\n", "Foo.\nBaz.\nBar.\n")
    made[place] = chance.choice(
        [None, patch[: chance.randrange(1, len(patch) - 1)], "garbage", foreign, "@@ -1 +1 @@\n-🎬\n+x\n"]
    )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_whatever_is_damaged_no_text_is_another_than_the_stored_one(layout: PatchLayout) -> None:
    rebuilt = 0
    for seed in range(100):
        chance = random.Random(seed)
        texts = written_at_random(chance)
        made = patches(layout, texts)
        whole = {20} | {chance.randrange(21) for _ in range(chance.randrange(3))}
        for _ in range(chance.randrange(1, 3)):
            damaged(chance, made)

        found = Stored(only(*whole, texts=texts), made).all(layout=layout)

        assert all(each == text or each.replace("_", "").isalpha() for each, text in zip(found, texts, strict=True))
        assert all(found[place] == texts[place] for place in whole)
        rebuilt += sum(each == text for each, text in zip(found, texts, strict=True)) - len(whole)
    assert rebuilt > 800


@pytest.mark.parametrize("layout", LAYOUTS)
def test_patches_that_only_append_are_not_taken_for_those_of_another_step(layout: PatchLayout) -> None:
    """Each fits later texts as well, where it would take a line out of the middle or add it a second time."""
    for seed in range(50):
        chance = random.Random(seed)
        texts = ["".join(f"Line {number}.\n" for number in range(last)) for last in range(3, 20)]
        made = patches(layout, texts)
        one, other = chance.sample([place for place, patch in enumerate(made) if patch is not None], 2)
        made[one], made[other] = made[other], made[one]

        found = Stored(only(-1, texts=texts), made).all(layout=layout)

        assert all(each == text or each.replace("_", "").isalpha() for each, text in zip(found, texts, strict=True))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("other", LAYOUTS)
def test_a_chain_that_fits_only_another_layout_is_set_aside(layout: PatchLayout, other: PatchLayout) -> None:
    texts = written_at_random(random.Random(1))
    stored = Stored(only(0, -1, texts=texts), patches(layout, texts))

    found = stored.all(layout=other)

    expected = texts[1:-1] if other == layout else ["patch_layout_differs"] * 19
    assert found == [texts[0], *expected, texts[-1]]


def test_without_a_layout_only_whole_texts_come_over() -> None:
    stored = Stored(only(0, -1), patches())

    found = PatchChain(stored.rows, stored, None, None).texts(range(6))

    codes = [each.code if isinstance(each, Refusal) else each.decode() for each in found]
    assert codes == [TEXTS[0], *["patch_layout_undecided"] * 4, TEXTS[5]]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_damaged_chain_shows_another_layout(layout: PatchLayout) -> None:
    decided = 0
    for seed in range(60):
        chance = random.Random(seed)
        texts = written_at_random(chance)
        made = patches(layout, texts)
        latest = texts[-1] if chance.randrange(2) else None
        stored = Stored(only(0, -1, texts=texts), made)
        decided += fitting_layouts(stored.rows, stored, latest) == [LAYOUTS[layout]]
        for _ in range(chance.randrange(1, 3)):
            damaged(chance, stored.stored_patches)
        assert LAYOUTS[layout] in (found := fitting_layouts(stored.rows, stored, latest)) or not found
    assert decided > 50
