"""The HTML page of a diff: self-contained, safe for any text, and legible in a real browser."""

from __future__ import annotations

import re
import zlib
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cli.rendering.diff_html import Side, diff_page
from domain.commands.base import Command, Target
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.lines_insert_and_delete import LinesDelete, LinesInsert
from domain.commands.kinds.lines_move import LinesMove
from domain.commands.kinds.script_create import ScriptCreate
from domain.commands.kinds.script_set_metadata import ScriptSetMetadata
from domain.script.delta import advance
from domain.script.hashing import expect_hash
from domain.script.line import Line
from domain.script.state import State
from domain.visible_text import visible_lines
from materialization.diff.compare import Comparison, side_by_side
from materialization.diff.line_diff import diff_lines
from materialization.history.authorship import Credit
from tests.browser.chromium import Chromium

EVIL = "<script>document.title='owned'</script><img src=x onerror=alert(1)> & \"quotes\" '{}' </style>"
DESK = (0xE9, 0xE7, 0xE2)
SCRIPT = (
    Line("h1", "scene_heading", "INT. FERRY - NIGHT #1#", "\n\n", {"scene_number": "1"}),
    Line("a1", "action", "Rain on the windows. Two people, one bench.", "\n\n"),
    Line("c1", "character", "ADA"),
    Line("p1", "parenthetical", "(to the window)"),
    Line("d1", "dialogue", "You could have called, you know. Every line of this is long enough to be wrapped.", "\n\n"),
    Line("h2", "scene_heading", "EXT. DECK - NIGHT #2#", "\n\n", {"scene_number": "2"}),
    Line("a2", "action", "Nobody.", "\n\n"),
    Line("h3", "scene_heading", "INT. BRIDGE - NIGHT #3#", "\n\n", {"scene_number": "3"}),
    Line("a3", "action", "The helmsman counts.", "\n\n"),
    Line("a4", "action", "He stops.", "\n\n"),
    Line("t1", "transition", "CUT TO:", "\n"),
)


def expect(name: str) -> str:
    return next(expect_hash(line) for line in SCRIPT if line.id == name)


CHANGES: tuple[Command, ...] = (
    LineEdit(line="d1", text=SCRIPT[4].text.replace("could", "should"), expect=expect("d1")),
    LinesInsert(after="a1", before="c1", lines=(Line("n1", "action", EVIL, "\n\n"),)),
    LinesDelete(lines=(Target("a4", expect("a4")),)),
    LinesMove(lines=(Target("t1", expect("t1")),), after="a2", before="h3"),
    ScriptSetMetadata(fields={"title": f"The Ferry {EVIL}"}, expect={"title": "The Ferry"}),
)


def states(*changes: Command) -> tuple[State, State]:
    before = advance(State.empty(), ScriptCreate(title="The Ferry", lines=SCRIPT).apply(State.empty()))
    after = before
    for change in changes:
        after = advance(after, change.apply(after))
    return before, after


def comparison(before: State, after: State) -> Comparison:
    by = Credit(4, "ai", "Rosa <b>", "writer-1", 1_800_000_000_000_000)
    lines = diff_lines(before, after)
    changed = (line.after or line.before for line in lines if line.change != "same")
    return side_by_side(7, before, after, lines, {line.id: by for line in changed if line})


@pytest.fixture(scope="module")
def page() -> str:
    before, after = states(*CHANGES)
    labels = [("White <i>", "white"), ("Blue", "blue")]
    return "".join(diff_page(comparison(before, after), Side(before, labels[:1], 0), Side(after, labels[1:], 10**15)))


class Elements(HTMLParser):
    """Every start tag with its attributes, and the text in elements of a kind."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.inside.pop() == tag, "what was opened last is closed first"

    def handle_data(self, data: str) -> None:
        self.texts.append((self.inside[-1] if self.inside else "", data))

    def texts_in(self, tag: str) -> list[str]:
        return [text for where, text in self.texts if where == tag]


def test_nothing_is_loaded_and_nothing_runs(page: str):
    elements = Elements(page)

    assert elements.inside == []
    assert {tag for tag, _ in elements.tags} & {"script", "img", "link", "iframe", "object", "form", "base"} == set()
    assert [
        name for _, attrs in elements.tags for name in attrs if name.startswith("on") or name in ("src", "style")
    ] == []
    assert all(attrs["href"].startswith("#") for tag, attrs in elements.tags if tag == "a" and attrs["href"])
    assert "url(" not in page
    assert "@import" not in page


def test_the_policy_allows_the_one_style_and_nothing_else(page: str):
    policy = next(attrs["content"] for tag, attrs in Elements(page).tags if "http-equiv" in attrs)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()

    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_every_text_is_escaped(page: str):
    elements = Elements(page)

    assert EVIL in elements.texts_in("ins")
    assert any("Rosa <b>" in text for text in elements.texts_in("b"))
    assert any("White <i>" in text for text in elements.texts_in("span"))
    assert elements.texts_in("title") == [f"The Ferry {EVIL}: revisions"]


HIDDEN = "\x1b[2J\x07\x9b31m\u202e\u2066\u200f\u061c\u2028\ufeff\U000e0041"
CREDIT = Credit(4, "ai", f"Rosa{HIDDEN}", f"writer{HIDDEN}", 1_800_000_000_000_000)


def hostile_page() -> str:
    """A page with forbidden characters in every place that holds a text."""
    heading = Line("h1", "scene_heading", f"INT. {HIDDEN}", "\n\n", {"scene_number": f"1{HIDDEN}"})
    deleted, remaining = (
        Line("a1", "action", f"Gone {HIDDEN}"),
        Line("a2", "action", f"Stays {HIDDEN} and more of it, word by word."),
    )
    before = advance(
        State.empty(), ScriptCreate(title=HIDDEN, lines=(heading, deleted, remaining)).apply(State.empty())
    )
    after = before
    for change in (
        LinesDelete(lines=(Target("a1", expect_hash(deleted)),)),
        LineEdit(line="a2", text=f"{remaining.text} Yes.{HIDDEN}", expect=expect_hash(remaining)),
        LinesInsert(after="a2", before=None, lines=(Line("n1", "dialogue", f"שלום {HIDDEN} (א) 123"),)),
        ScriptSetMetadata(fields={f"x{HIDDEN}": HIDDEN, "title": f"שלום {HIDDEN}"}, expect={}),
    ):
        after = advance(after, change.apply(after))
    lines = diff_lines(before, after)
    credited_to = {each.id: CREDIT for line in lines if (each := line.after or line.before) and line.change != "same"}
    comparison = side_by_side(7, before, after, lines, credited_to)
    return "".join(diff_page(comparison, Side(before, [(f"White{HIDDEN}", HIDDEN)], 0), Side(after, [], 10**15)))


def test_no_hidden_character_is_in_the_page():
    page = hostile_page()

    assert [character for character in page if visible_lines(character) != character] == []
    assert page.count(r"\x1b[2J\x07\x9b31m\u202e\u2066\u200f\u061c\u2028\ufeff\U000e0041") > 15
    assert "שלום" in page, "what is written from right to left is left alone"


def test_each_change_is_shown_without_colour(page: str):
    elements = Elements(page)

    assert "could" in elements.texts_in("del")
    assert "should" in elements.texts_in("ins")
    assert "He stops." in elements.texts_in("del")
    assert [
        text.strip()
        for text in elements.texts_in("span")
        if text.strip() in ("added:", "removed:", "changed:", "moved:")
    ] == [
        "added:",
        "changed:",
        "moved:",
        "removed:",
    ]
    assert elements.texts_in("span").count("*") == len(CHANGES) - 1
    assert any("moved from 3  INT. BRIDGE - NIGHT" in text for text in elements.texts_in("span"))


def test_scenes_are_listed_with_links_that_lead_to_them(page: str):
    elements = Elements(page)
    anchors = {attrs["id"] for _, attrs in elements.tags if "id" in attrs}
    links = [str(attrs["href"]).removeprefix("#") for tag, attrs in elements.tags if tag == "a"]

    assert links == ["scene-h1", "scene-h2", "scene-h3"]
    assert set(links) <= anchors
    assert elements.texts_in("a") == ["1  INT. FERRY - NIGHT", "2  EXT. DECK - NIGHT", "3  INT. BRIDGE - NIGHT"]


def test_scenes_without_changes_are_collapsed():
    before, after = states(CHANGES[0])

    summaries = Elements("".join(diff_page(comparison(before, after), Side(before, [], 0), Side(after, [], 0))))

    assert summaries.texts_in("summary") == ["2 scenes (2 to 3): no changes"]


def pixels(picture: Path) -> bytes:
    """The scan lines of a PNG, still filtered."""
    data, at, packed = picture.read_bytes(), 8, b""
    while at < len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        packed += data[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += 12 + size
    return zlib.decompress(packed)


@pytest.mark.slow
def test_the_page_in_a_browser(page: str, chromium: Chromium, tmp_path: Path):
    file = tmp_path / "revisions.html"
    file.write_text(page, encoding="utf-8")

    dom = Elements(chromium.dom(file.as_uri(), settle=0.5))
    picture = chromium.screenshot(file.as_uri(), "revisions", settle=0.5, size=(1200, 1400))

    assert EVIL in dom.texts_in("ins")
    assert dom.texts_in("title") == [f"The Ferry {EVIL}: revisions"], "nothing ran"
    assert [attrs["class"] for tag, attrs in dom.tags if tag == "h3"] == [
        "row scene_heading same g1",
        "row scene_heading same g1",
        "row scene_heading same g1",
    ]
    drawn: Any = pixels(picture)
    assert tuple(drawn[1:4]) == DESK, "the style applies, so its policy fits"
    assert len(set(drawn)) > 100, "and there is something on it"
