"""Patches and links: strict readers of histories that are stored as edits."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from backfill.content.linked_lines import Link, in_order
from backfill.content.patch_text import Hunk, apply_patch, read_patch, revert_patch, utf16
from backfill.content.refusals import LinksBroken, PatchDoesNotFit, PatchMalformed

BEFORE = "Anna 🎬 waits at the river."
AFTER = "Anna 🎬 sleeps at the river."
PATCH = "@@ -5,12 +5,13 @@\n  \ud83c\udfac \n-wait\n+sleep\n s at\n".encode("utf-16", "surrogatepass").decode("utf-16")
PATCH = PATCH.replace("🎬", "%F0%9F%8E%AC")


def applied(hunks: Sequence[Hunk], text: str) -> str:
    units = utf16(text)
    apply_patch(hunks, units)
    return units.decode("utf-16-le")


def reverted(hunks: Sequence[Hunk], text: str) -> str:
    units = utf16(text)
    revert_patch(hunks, units)
    return units.decode("utf-16-le")


def test_a_patch_goes_forwards_and_backwards_in_utf16_positions() -> None:
    hunks = read_patch(PATCH)

    assert applied(hunks, BEFORE) == AFTER
    assert reverted(hunks, AFTER) == BEFORE


def test_a_patch_that_was_cut_within_an_encoded_character_is_malformed() -> None:
    with pytest.raises(PatchMalformed):
        read_patch("@@ -1,2 +1 @@\n a\n-%")


def test_later_hunks_are_written_for_the_text_after_the_earlier_ones() -> None:
    patch = "@@ -1,3 +1,5 @@\n+xx\n abc\n@@ -6,3 +6,2 @@\n d\n-e\n f\n"
    hunks = read_patch(patch)

    assert applied(hunks, "abcdef") == "xxabcdf"
    assert reverted(hunks, "xxabcdf") == "abcdef"


def test_a_patch_of_an_empty_text_counts_from_nothing() -> None:
    hunks = read_patch("@@ -0,0 +1,3 @@\n+a%0Ab\n")

    assert applied(hunks, "") == "a\nb"
    assert reverted(hunks, "a\nb") == ""


@pytest.mark.parametrize(
    "patch", ["nonsense", "@@ -1 +1 @@\n*x\n", "@@ -1,3 +1,3 @@\n ab\n", "@@ -1 +1 @@\n %FF\n", "@@ -1 @@\n"]
)
def test_a_malformed_patch_is_refused(patch: str) -> None:
    with pytest.raises(PatchMalformed):
        read_patch(patch)


@pytest.mark.parametrize("text", ["", "Anna 🎬 walks at the river.", "x" * 3])
def test_a_patch_of_another_text_is_refused_and_never_fitted(text: str) -> None:
    with pytest.raises(PatchDoesNotFit):
        applied(read_patch(PATCH), text)


def test_linked_lines_come_in_order() -> None:
    assert in_order([Link(2, 1, 3), Link(3, 2, None), Link(1, None, 2)]) == [1, 2, 3]
    assert in_order([]) == []


@pytest.mark.parametrize(
    "links",
    [
        [Link(1, 2, 2), Link(2, 1, 1)],
        [Link(1, None, 2), Link(2, 1, 9)],
        [Link(1, None, None), Link(2, None, None)],
        [Link(1, None, None), Link(2, 3, 3), Link(3, 2, 2)],
        [Link(1, None, 2), Link(2, 7, None)],
        [Link(1, 1, 1)],
    ],
)
def test_circles_holes_and_forks_are_refused(links: list[Link]) -> None:
    with pytest.raises(LinksBroken):
        in_order(links)
