"""Visible text: control characters are escaped, and readable text is unchanged."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.visible_text import ascii_escapes, visible, visible_lines

BIDI = [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C]
OTHERS = [0x2028, 0x2029, 0xFEFF, 0x200B, 0x2060, 0x00AD, 0xFFF9, 0xE0001, *range(0xE0020, 0xE0080)]
HALVES = [0xD800, 0xDC80, 0xDCFF, 0xDFFF]
HIDDEN = [*range(0x20), *range(0x7F, 0xA0), *BIDI, *OTHERS, *HALVES]
whole = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from([chr(code) for code in HIDDEN if code not in HALVES]))
)
anything = st.text(st.one_of(st.characters(codec=None), st.sampled_from([chr(code) for code in HIDDEN])))


@pytest.mark.parametrize("code", sorted(set(HIDDEN) - {0x09, 0x0A}))
def test_a_control_character_is_escaped(code: int):
    assert visible(f"a{chr(code)}b").isascii()
    assert visible_lines(f"a{chr(code)}b").isascii()
    assert visible(f"a{chr(code)}b") != "ab"


def test_escapes_have_the_usual_notation():
    assert visible("\x1b[2J\x9b\u202e\U000e0041\udc9b\r\n") == r"\x1b[2J\x9b\u202e\U000e0041\udc9b\r\n"


def test_line_feeds_stay_in_a_text_of_several_lines():
    assert visible_lines("one\n\ttwo\r") == "one\n\ttwo\\r"
    assert visible("one\n\ttwo") == "one\\n\ttwo"


@pytest.mark.parametrize(
    "text",
    [
        "“Où est-il ?” – e\u0301, ñ, Zoë…",
        "שלום, ירושלים",
        "مرحبا بالعالم",
        "می\u200cخواهم",  # Persian, with a zero-width non-joiner
        "👩\u200d👩\u200d👧 ❤\ufe0f 🇫🇷",
        "葛\U000e0100城",  # with an ideographic variation selector
        "ภาษาไทย 한국어 日本語",
        r"C:\new\x1b",
    ],
)
def test_readable_text_is_unchanged(text: str):
    assert visible(text) == visible_lines(text) == text


@given(anything)
def test_no_hidden_character_remains(text: str):
    shown = visible(text)

    assert not {unicodedata.category(each) for each in shown.replace("\t", "")} & {"Cc", "Cs", "Zl", "Zp"}
    assert visible(shown) == shown
    shown.encode()


@given(st.recursive(whole, lambda inner: st.lists(inner) | st.dictionaries(whole, inner)))
def test_a_json_document_means_the_same(value: object):
    document = json.dumps(value, ensure_ascii=False)

    escaped = ascii_escapes(document)

    assert json.loads(escaped) == json.loads(document)
    assert not any(ord(each) in HIDDEN for each in escaped)


def test_a_lone_surrogate_is_the_text_of_its_escape_in_json():
    assert json.loads(ascii_escapes(json.dumps("a\udcff", ensure_ascii=False))) == "a\\udcff"
