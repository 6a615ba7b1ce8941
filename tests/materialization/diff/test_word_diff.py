"""A word diff marks the changed words, as whole words and where possible whole sentences."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from materialization.diff.word_diff import MAX_WORD_PAIRS, compare_words, count_words, likeness


def marked(before: str, after: str) -> str:
    signs = {"=": "{}", "-": "[-{}-]", "+": "{{+{}+}}"}
    return "".join(signs[sign].format(text) for sign, text in compare_words(before, after))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("You could call.", "You should call.", "You [-could-]{+should+} call."),
        ("Come in, please.", "Come in.", "Come in[-, please-]."),
        ("It’s late.", "It’s late now.", "It’s late{+ now+}."),
        ("Same.", "Same.", "Same."),
        ("", "New.", "{+New.+}"),
        ("Old.", "", "[-Old.-]"),
        ("One. Two. Three.", "One. Three.", "One.[- Two.-] Three."),
        ("She leans.", "She leans. The door opens.", "She leans.{+ The door opens.+}"),
        ("a  b", "a b", "a [- b-]{+b+}"),
        ("The old man walks and opens it.", "A young girl runs and closes it.",
         "[-The old man walks and opens-]{+A young girl runs and closes+} it."),
        ("他走了。", "他来了。", "他[-走-]{+来+}了。"),
        ("cafe\u0301 noir", "cafe noir", "[-cafe\u0301-]{+cafe+} noir"),
        ("नमस्ते दुनिया", "नमस्ते दोस्त", "नमस्ते [-दुनिया-]{+दोस्त+}"),
    ],
)  # fmt: skip
def test_the_words_that_differ_are_marked(before: str, after: str, expected: str) -> None:
    assert marked(before, after) == expected


@given(st.text(alphabet="ab ’.,éИ你\u0301\t", max_size=60), st.text(alphabet="ab ’.,éИ你\u0301\t", max_size=60))
def test_kept_and_added_pieces_are_the_later_text(before: str, after: str) -> None:
    pieces = compare_words(before, after)

    assert "".join(text for sign, text in pieces if sign != "-") == after
    was = "".join(text for sign, text in pieces if sign != "+")
    assert "".join(was.split()) == "".join(before.split())
    assert all(text for _, text in pieces)
    assert (before == after) == all(sign == "=" for sign, _ in pieces)


def test_likeness_is_the_share_that_was_kept() -> None:
    assert likeness(compare_words("Same.", "Same.")) == 1.0
    assert likeness(compare_words("He waits for the bus.", "Thunder")) == 0.0
    assert likeness(()) == 1.0


def test_words_are_counted_without_marks() -> None:
    assert count_words("Come in, please — it’s late…") == 5
    assert count_words(" . ") == 0


def test_very_long_lines_differ_as_a_whole_in_bounded_time() -> None:
    words = int(MAX_WORD_PAIRS**0.5) + 1_000
    before = "First. " + " ".join(f"a{number}" for number in range(words)) + " Last."
    after = "First. " + " ".join(f"b{number}" for number in range(words)) + " Last."

    began = time.process_time()
    pieces = compare_words(before, after)

    assert [sign for sign, _ in pieces] == ["=", "-", "+", "="]
    assert time.process_time() - began < 1
