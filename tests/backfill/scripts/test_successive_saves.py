"""Saves read one after another are the same as each read alone, and a small change costs little."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backfill.content.refusals import ContentNotUtf8
from backfill.content.window import Window, difference, equal_end, equal_start
from backfill.scripts.successive_saves import SaveText, SuccessiveSaves
from domain.errors import Rejected
from tests.backfill.scripts.legacy_history import json_save

# Texts that look like the bytes between two lines of JSON, and letters of two to four bytes.
TEXTS = ("", "Rain.", "Rain", '},{"id":"', "{", "}", '"', "\\", "\\\\", "é", "ü…", "🎬", "🎭", "],", "a\nb", "\x07")
IDS = ("a", "b", "c", "d", "a b", "", None, '},{"id":"')
JSON_LINES = st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(TEXTS)), max_size=7)

FOUNTAIN_TEXTS = (
    *("INT. HALL - DAY", "EXT. YARD", ".ROOF", "ANNA", "ANNA ^", "@anna", "(quietly)", "Hello.", "Hello. [[why?]]"),
    *("[[note", "note]]", "/*", "*/", "/* cut */", "  ", "   ", "~la", "> right", "> mid <", "# Act", "= what", "==="),
    *("Title: A", "Author: B", "    more", "Draft: one", "CUT TO:", "!!SHOT", "\ufeff", "I/E. CAR", "a\x0cb", "\x1a"),
)
ENDS = ("\n", "\n\n", "\r\n", "\r\n\r\n", "\n\n\n", "\r", "")
SOURCE = st.lists(st.tuples(st.sampled_from(FOUNTAIN_TEXTS), st.sampled_from(ENDS)), max_size=12)
TAGGED = (
    "<action>Rain.</action>",
    "<dialog>Yes.",
    "<header>A</header> and <dialog>b</dialog>",
    "<chapter-break/>",
    "é",
)


def edited(saves: list[list[tuple[str | None, str]]]) -> list[list[tuple[str | None, str]]]:
    """Saves that are mostly those before: each has one part of the next list in place of one of its own."""
    found = [saves[0]]
    for number, part in enumerate(saves[1:]):
        before = found[-1]
        at = number * 3 % (len(before) + 1)
        found.append([*before[:at], *part[:2], *before[at + len(part) % 3 :]])
    return found


def as_json(lines: Sequence[tuple[str | None, str]]) -> bytes:
    listed = [{"id": name, "format": "action", "content": text} for name, text in lines]
    return json.dumps({"version": 2, "lines": listed}, ensure_ascii=False, separators=(",", ":")).encode()


def as_text(lines: Sequence[tuple[str | None, str]]) -> bytes:
    return "".join(f"{text}{end}" for text, end in lines).encode()


def outcome(saves: SuccessiveSaves, content: bytes, shape: str | None) -> SaveText | tuple[str, str]:
    """What a save is read as, or its refusal."""
    try:
        return saves.read(content, shape)
    except Rejected as refusal:
        return refusal.code, str(refusal)


def read_alike(contents: Sequence[bytes], shape: str | None = None) -> None:
    """Each save is read as if it were alone, and its window is right."""
    saves = SuccessiveSaves()
    before = None
    for content in contents:
        alone, text = outcome(SuccessiveSaves(), content, shape), outcome(saves, content, shape)
        if not isinstance(text, SaveText):
            assert text == alone
            before = None
            continue
        assert text._replace(changed=None) == alone
        if text.changed is not None:
            assert before is not None
            start, old_end, new_end = text.changed
            assert before.lines[:start] == text.lines[:start]
            assert before.lines[old_end:] == text.lines[new_end:]
        before = text


@given(st.lists(JSON_LINES, min_size=1, max_size=6).map(edited))
@example([[("a", "x")], [("a", "x"), ("b", "x")], [("b", "x")], []])
@example([[("a", "x"), ("b", "x")], [("a", "x"), ("a", "x")], [("a", "x")]])
def test_json_saves_are_read_as_if_alone(saves: list[list[tuple[str | None, str]]]) -> None:
    read_alike([as_json(save) for save in saves])


@given(st.lists(JSON_LINES, min_size=2, max_size=6), JSON_LINES)
def test_json_saves_that_differ_in_several_places_are_read_as_if_alone(
    parts: list[list[tuple[str | None, str]]], same: list[tuple[str | None, str]]
) -> None:
    read_alike([as_json([*first, *same, *last]) for first, last in pairwise([*parts, *reversed(parts)])])


@given(st.lists(SOURCE, min_size=1, max_size=6).map(edited))  # type: ignore[arg-type]
def test_fountain_saves_are_read_as_if_alone(saves: list[list[tuple[str, str]]]) -> None:
    read_alike([as_text(save) for save in saves], "fountain")


@given(st.lists(SOURCE, min_size=1, max_size=4).map(edited))  # type: ignore[arg-type]
def test_a_screenplay_that_grows_is_read_as_if_alone(saves: list[list[tuple[str, str]]]) -> None:
    scene = "INT. HALL - DAY\n\nShe waits.\n\nANNA\nYes.\n\n"
    read_alike([f"{scene}{scene}{as_text(save).decode()}\n\n{scene}{scene}".encode() for save in saves])


@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from((*TAGGED, *TEXTS)), st.sampled_from(ENDS)), max_size=9),
        min_size=1,
        max_size=6,
    ).map(edited),  # type: ignore[arg-type]
    st.sampled_from(["tagged_lines", "plain", None]),
)
def test_tagged_and_plain_saves_are_read_as_if_alone(saves: list[list[tuple[str, str]]], shape: str | None) -> None:
    read_alike([as_text(save) for save in saves], shape)


def test_no_field_of_a_line_is_taken_for_one_of_ours() -> None:
    first = '{"id":"a","format":"action","content":"Rain.","\ue000extra":{"x":[{"id":"a"},{"id":"b"}]}}'
    second = first.replace('"id":"a","format"', '"id":"c","format"')
    saves = [f'{{"version":2,"lines":[{",".join(lines)}]}}'.encode() for lines in ([first, second], [second], [])]
    read_alike([*saves, *reversed(saves)])

    odd = saves[0].replace(b"extra", b"sep").replace(b'{"x":[{"id":"a"},{"id":"b"}]}', b'"x"')
    assert [each.whole for each in map(SuccessiveSaves().read, (saves[0], odd, saves[2]))] == [False, False, True]


def test_a_document_in_another_order_is_read_as_if_alone() -> None:
    read_alike([b'{"lines":[],"version":2}', b'{"lines":[],"version":]}'])


def test_contents_of_changing_shapes_are_read_as_if_alone() -> None:
    one, other = json_save("One.", "Two."), b"INT. HALL - DAY\n\nRain.\n"
    wrapped = b'{"content":"Rain.","format":"plain"}'
    spaced = json.dumps(json.loads(one)).encode()
    read_alike([one, other, one, b"", one, b" ", other, b"Rain.\n", wrapped, spaced, one, b"\xef\xbb\xbf" + one, one])


@pytest.mark.parametrize("shape", ["json_lines", "fountain", "plain"])
def test_bytes_that_are_not_text_are_found_in_a_small_change_too(shape: str) -> None:
    saves = SuccessiveSaves()
    content = json_save("Rain.", "Snow.", "Hail.") if shape == "json_lines" else b"Rain.\n\nSnow.\n\nHail.\n"
    saves.read(content, shape)

    with pytest.raises(ContentNotUtf8, match=f" {content.index(b'Snow') + 1}"):
        saves.read(content.replace(b"Snow", b"S\xff"), shape)


def test_only_what_changed_is_decoded() -> None:
    texts = [f"Line {number}." for number in range(900)]
    saves = SuccessiveSaves()
    ids = [f"l{number}" for number in range(901)]

    def save(*lines: str) -> bytes:
        return as_json(list(zip(ids, lines, strict=False)))

    windows = [
        saves.read(content).changed
        for content in (
            save(*texts),
            save(*texts[:500], "Another one.", *texts[501:]),
            save(*texts),
            save(*texts, "The end."),
        )
    ]

    assert windows[0] is None
    assert all(each is not None and max(each.new_end, each.old_end) - each.start <= 3 for each in windows[1:])


def test_lines_between_two_changes_are_not_translated_again() -> None:
    saves = SuccessiveSaves()
    before = saves.read(json_save("One.", "Two.", "Three.", "Four.")).lines

    after = saves.read(json_save("Uno.", "Two.", "Three.", "Cuatro.", ids="abcd")).lines
    moved = saves.read(json_save("Three.", "Two.", "Five.", "Cuatro.", ids="cbed")).lines

    assert [one is other for one, other in zip(before, after, strict=True)] == [False, True, True, False]
    assert (moved[0], moved[1], moved[3]) == (after[2], after[1], after[3])
    assert moved[0] is after[2]


def test_only_the_scene_that_changed_is_read_again() -> None:
    scene = "INT. HALL {} - DAY\n\nShe waits.\n\nANNA\nYes.\n\n"
    scenes = [scene.format(number) for number in range(300)]
    saves = SuccessiveSaves()
    saves.read("".join(scenes).encode())
    scenes[150] = scene.format(150).replace("Yes.", "(softly)\nNo.")

    window = saves.read("".join(scenes).encode()).changed

    assert window is not None
    assert window.new_end - window.start < 10


@pytest.mark.parametrize("opened", ["/*\n", "Cut */ this.\n"])
def test_a_boneyard_is_found_where_only_one_of_its_ends_changed(opened: str) -> None:
    scene = "INT. HALL - DAY\n\nShe waits.\n\n"
    other = "Cut */ this.\n" if opened == "/*\n" else "/*\n"
    texts = [f"{scene}{scene}{first}{scene}{second}{scene}" for first in ("", opened) for second in ("", other)]
    read_alike([text.encode() for text in texts])
    read_alike([text.encode() for text in reversed(texts)])


@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abc"), max_size=8), st.data())
def test_a_known_window_changes_nothing_in_the_difference(old: list[str], new: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, min(len(old), len(new))))
    new = [*old[:start], *new[start:]]
    end = data.draw(st.integers(0, min(len(old), len(new)) - start))
    new = [*new[: len(new) - end], *old[len(old) - end :]]

    assert difference(old, new, Window(start, len(old) - end, len(new) - end)) == difference(old, new)


@given(st.binary(max_size=40), st.binary(max_size=40), st.integers(0, 40), st.sampled_from([1, 3, 8, 4_096]))
def test_equal_bytes_at_both_ends_are_counted(one: bytes, other: bytes, shared: int, part: int) -> None:
    other = one[:shared] + other + one[shared:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("backfill.content.window.PART_BYTES", part)
        patch.setattr("backfill.content.window.NEAR_BYTES", part)
        start = equal_start(one, other)
        end = equal_end(one, other, start)

    assert one[:start] == other[:start]
    assert one[start : start + 1] != other[start : start + 1] or start == min(len(one), len(other))
    assert end <= min(len(one), len(other)) - start
    assert one[len(one) - end :] == other[len(other) - end :]
    assert end == min(len(one), len(other)) - start or one[-end - 1] != other[-end - 1]


@pytest.mark.parametrize("before", ['"{\\"a\\"}"', "A line.", '{"version":2,"lines":[]}', "<action>A</action>"])
@pytest.mark.parametrize("content", [b'"\xce\\"cnt}"', b'"\xff"', b'{"version":2,"lines":[]}\xff', b"A line.\xff"])
def test_a_save_that_is_not_utf_8_is_refused_after_any_other(before: str, content: bytes) -> None:
    saves = SuccessiveSaves()
    with suppress(Rejected):
        saves.read(before.encode())

    with pytest.raises(Rejected):
        saves.read(content)


def _json(*lines: dict[str, str | None]) -> str:
    return json.dumps({"version": 2, "lines": lines}, separators=(",", ":"), ensure_ascii=False)


def _line(name: str | None = "a", text: str = "Rain.", form: str = "action") -> dict[str, str | None]:
    return {"id": name, "format": form, "content": text}


@pytest.mark.parametrize(
    ("content", "whole"),
    [
        (_json(_line()), True),
        (_json(_line(form="speaker")), True),
        (_json(_line(form="whisper")), True),
        (_json(_line(form="w" * 200)), False),
        (_json(_line(form="whi\x7fsper")), False),
        (_json(_line(text="R\x7fain.")), False),
        (_json(_line(text="Rain.\nWind.")), False),
        (_json(_line("a b")), False),
        (_json(_line(), _line()), False),
        ('{"version":2,"lines":[{"id":"a","format":"action","content":"R\\u0000ain."}]}', False),
        ("Rain.\r\nWind.\rFog.\n", True),
        ("Rain.\tWind.\n\n\nFog.", True),
        ("R\x00ain.", False),
        ("Rain.\x0cWind.", False),
        ("Rain.\x85Wind.", False),
        ("<action>R\x07ain.</action>\n<dialog>Wind.</dialog>", False),
        ("", True),
        (" \n", False),
    ],
)
def test_bytes_that_do_not_follow_from_the_lines_are_to_be_kept(content: str, whole: bool) -> None:
    data = content.encode()

    assert SuccessiveSaves().read(data).whole is whole
    # Also where only what changed since the save before is read.
    saves = SuccessiveSaves()
    for before in (b"Rain.", _json(_line(), _line("b", "Wind.")).encode(), data):
        saves.read(before)
        assert saves.read(data).whole is whole


@pytest.mark.parametrize("other", [_line("b", "W\x7find."), _line("b c", "Wind."), _line("a", "Wind.")])
def test_a_line_that_was_repaired_keeps_the_bytes_as_long_as_it_is_there(other: dict[str, str | None]) -> None:
    saves = SuccessiveSaves()
    contents = [_json(_line()), _json(_line(), other), _json(_line(text="Rain!"), other), _json(_line(text="Rain!"))]

    assert [saves.read(content.encode()).whole for content in contents] == [True, False, False, True]
