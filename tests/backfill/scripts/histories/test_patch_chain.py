"""A chain of patches gives back every text exactly, or says of which it cannot; nothing is guessed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from urllib.parse import quote

import pytest

from backfill.mapping.model import PatchLayout
from backfill.scripts.histories.patch_layout import LAYOUTS
from domain.submissions.answer import Refusal
from tests.backfill.scripts.histories.stored_chain import TEXTS, Stored, only, patches
from tests.legacy.patch_maker import make_patch


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("whole", [(-1,), (0,), (0, -1), (2,), (1, 3), range(6)])
def test_every_text_is_rebuilt_in_each_layout(layout: PatchLayout, whole: Sequence[int]) -> None:
    assert Stored(only(*whole), patches(layout)).all(layout=layout) == TEXTS


def test_the_first_patch_may_start_from_nothing() -> None:
    first = make_patch("", TEXTS[0])

    assert Stored(only(), [first, *patches()[1:]]).all() == TEXTS
    assert Stored(only(-1), [first, *patches()[1:]]).all() == TEXTS


def test_the_text_of_the_script_may_be_the_one_after_the_last_patch() -> None:
    texts = TEXTS[:3]
    made = [make_patch(before, after) for before, after in pairwise(TEXTS[:4])]

    assert Stored(only(texts=texts), made).all(TEXTS[3], "to_next") == texts
    assert Stored(only(texts=texts), patches(texts=texts)).all(texts[-1]) == texts
    assert set(Stored(only(texts=texts), patches(texts=texts)).all("Another.")) == {"no_whole_text"}


def test_a_clean_up_that_is_half_done_changes_nothing() -> None:
    assert Stored(only(-2, -1), patches()).all() == TEXTS
    assert Stored(only(-2, -1), patches("to_next")).all(layout="to_next") == TEXTS


def test_an_empty_text_where_others_are_null_is_a_text() -> None:
    texts = ["One.\n", "", "Two.\n"]

    assert Stored([None, "", None], patches(texts=texts)).all() == texts
    assert Stored(["", "", "Two.\n"], patches(texts=texts)).all() == texts


BROKEN = "patch_chain_broken"
CUT = [  # broken edge, whole texts, what comes of the six rows
    (3, (0,), [*TEXTS[:3], "x", BROKEN, BROKEN]),
    (3, (-1,), [BROKEN, BROKEN, "x", *TEXTS[3:]]),
    (3, (0, -1), TEXTS),
    (5, (0,), [*TEXTS[:5], "x"]),
    (1, (-1,), ["x", *TEXTS[1:]]),
]
DAMAGE = {
    "patch_does_not_fit": "@@ -1,3 +1,3 @@\n-xyz\n+abc\n",
    "patch_malformed": "@@ -1,3 +1,4 @@\n nonsense\n",
    "patch_missing": None,
}


@pytest.mark.parametrize(("edge", "whole", "expected"), CUT)
@pytest.mark.parametrize("code", DAMAGE)
@pytest.mark.parametrize("layout", ["from_previous", "to_next"])
def test_a_patch_that_cannot_be_applied_sets_aside_what_needs_it(
    edge: int, whole: Sequence[int], expected: list[str], code: str, layout: PatchLayout
) -> None:
    made = patches(layout)
    made[LAYOUTS[layout].row(edge)] = DAMAGE[code]

    assert Stored(only(*whole), made).all(layout=layout) == [code if text == "x" else text for text in expected]


@pytest.mark.parametrize(("whole", "broken"), [((-1,), 4), ((-1,), 1), ((0,), 4)])
def test_a_patch_that_was_changed_since_it_was_read_gives_no_other_text(whole: Sequence[int], broken: int) -> None:
    stored = Stored(only(*whole), patches())
    chain = stored.chain()
    assert [text for text in chain.texts(range(6)) if isinstance(text, Refusal)] == []
    # Its first hunk fits everywhere, the second one nowhere.
    stored.stored_patches[broken] = "@@ -0,0 +1 @@\n+x\n@@ -1 +1 @@\n-y\n+z\n"

    for places in ([0], range(6), [broken - 1], [broken], range(6)):
        for place, text in zip(places, chain.texts(places), strict=True):
            assert isinstance(text, Refusal) or text.decode() == TEXTS[place]


def test_a_whole_text_that_is_gone_since_is_not_taken_for_an_empty_one() -> None:
    stored = Stored(["One.", None, None], [None, "@@ -1,4 +1,8 @@\n+Two.\n One.\n", "@@ -1,4 +1,8 @@\n+Two.\n Two.\n"])
    chain = stored.chain()
    assert [*chain.texts([2])] == [b"Two.Two.One."]
    stored.stored[0] = None

    assert [text.code for text in chain.texts([1, 2]) if isinstance(text, Refusal)] == ["patch_missing"] * 2


def test_rows_between_two_broken_patches_are_set_aside() -> None:
    made = patches()
    made[2], made[5] = None, None

    assert Stored(only(0, -1), made).all() == [*TEXTS[:2], "patch_missing", BROKEN, "patch_missing", TEXTS[5]]


def test_a_text_that_the_patches_do_not_lead_to_leaves_nothing_between_certain() -> None:
    middle = "".join(f"Line {number}.\n" for number in range(9))
    texts = [f"cat\n{middle}", f"dog\n{middle}", f"dog\n{middle}two\n", f"dog\n{middle}two\nthree\n"]
    made = patches(texts=texts)
    # The row that made the cat a dog is gone, and every later patch fits all the same.
    found = Stored([texts[0], None, texts[3]], [None, made[2], made[3]]).all()

    assert found == [texts[0], "patch_chain_disagrees", texts[3]]
    assert Stored([texts[0], None, texts[3]], [None, made[2], made[3]], [1, 3, 4]).all()[1] == texts[2]


def test_a_missing_revision_is_seen_by_its_number() -> None:
    stored = Stored([None, None, None, TEXTS[3]], patches(texts=TEXTS[:4]), [1, 2, 4, 5])

    assert stored.all() == [BROKEN, "revision_missing", *TEXTS[2:4]]
    stored = Stored([TEXTS[0], None, None, TEXTS[3]], patches(texts=TEXTS[:4]), [1, 2, 4, 5])
    assert stored.all() == TEXTS[:4]
    stored = Stored([None, None, None, TEXTS[3]], patches(texts=TEXTS[:4]), [100, 205, 311, 404])
    assert stored.all() == TEXTS[:4]


def test_two_revisions_after_one_are_not_put_in_a_row() -> None:
    texts = ["a\n", "a\nb\n", "a\nc\n", "a\nb\nd\n"]
    made = [None, make_patch("a\n", "a\nb\n"), make_patch("a\n", "a\nc\n"), make_patch("a\nb\n", "a\nb\nd\n")]

    found = Stored([None, None, None, texts[3]], made, [1, 2, 2, 3]).all()

    assert found[3] == texts[3]
    assert {"revision_twice", BROKEN} == set(found[:3])


def test_half_a_character_is_refused() -> None:
    half = "@@ -1,4 +1,4 @@\n a\n-b\n+c\n 🎬\n"
    stored = Stored(["ab🎬", None, None], [None, half, "@@ -1,2 +1,3 @@\n+x\n ac\n"])
    assert stored.all() == ["ab🎬", "ac🎬", "xac🎬"]

    # A position that JavaScript counts, within the emoji; only the next whole text proves that it was meant.
    inside, outside = "@@ -3,0 +4 @@\n+x\n", "@@ -4 +3,0 @@\n-x\n"
    assert Stored(["ab🎬", None], [None, inside]).all()[1] == "patch_out_of_place"
    assert Stored(["ab🎬", None, "ab🎬"], [None, inside, outside]).all()[1] == "patch_halves_character"


def test_a_position_counts_utf16_units_and_is_never_moved() -> None:
    text = "🎬" * 40 + " The door opens. The door opens. The door opens.\n"
    old, new = " The door opens.", " The door closes."
    patch = f"@@ -79,22 +79,23 @@\n 🎬\n-{quote(old, safe=' .')}\n+{quote(new, safe=' .')}\n  The\n"

    [_, found] = Stored([text, None], [None, patch]).all()

    assert found == text.replace("opens", "closes", 1)
    assert Stored([text, None], [None, patch.replace("79", "80")]).all()[1] == "patch_does_not_fit"


@pytest.mark.parametrize("damaged", ["@@ -9", "@@ -1"])
def test_a_patch_that_leads_back_but_not_forth_parts_the_chain(damaged: str) -> None:
    """Else the saves before it would be rebuilt, and all those after it be refused as they are read from there."""
    made = patches()
    assert made[2] is not None
    made[2] = made[2].replace("@@ -", damaged, 1)
    stored = Stored(only(-1), made)

    assert stored.all() == ["patch_chain_broken", "patch_does_not_fit", *TEXTS[2:]]
    # Each text alone, in any order, is what it is among all.
    assert [next(stored.chain().texts([place])) for place in range(2, 6)] == [text.encode() for text in TEXTS[2:]]


def test_patches_that_fit_a_step_they_were_not_written_for_do_not_shift_the_history() -> None:
    """Where each save adds to the end, the patch of one step can be taken back one step too late."""
    saves = ["One.\n", "One.\nTwo.\n", "One.\nTwo.\nThree.\n", "Four.\nOne.\nTwo.\nThree.\n"]
    made = patches(texts=saves)
    # Without context, as some writers leave it at the beginning of a text.
    made[3] = "@@ -0,0 +1,6 @@\n+Four.%0A\n"

    assert Stored(only(2, 3, texts=saves), made).all(latest=saves[-1]) == saves


@pytest.mark.parametrize("seed", [18, 40, 50, 59, 97])
def test_a_row_with_a_whole_text_may_have_no_patch(seed: int) -> None:
    """Many patches fit the next step as well, so all whole texts have a say in which way they lead."""
    chance = random.Random(seed)
    rows = [f"Line {number}.\n" for number in range(12)]
    texts = []
    for number in range(26):
        texts.append("".join(rows))
        place = chance.randrange(len(rows))
        rows[place : place + chance.randrange(2)] = [f"More {number}.\n"]
    whole = (0, 9, 19)
    made = [None if place in whole else patch for place, patch in enumerate(patches(texts=texts))]

    assert Stored(only(*whole, texts=texts), made).all() == texts


def test_reading_goes_on_where_it_stopped() -> None:
    texts = [f"Line {number}.\n" * 3 for number in range(400)]
    stored = Stored(only(-1, texts=texts), patches(texts=texts))
    chain = stored.chain()
    first = next(iter(chain.texts(range(400))))
    assert first == texts[0].encode()
    walked = stored.read
    assert walked < 900

    for start in range(0, 399, 7):
        places = range(start, min(start + 7, 399))
        assert [*chain.texts(places)] == [texts[place].encode() for place in places]

    assert stored.read - walked < 900
