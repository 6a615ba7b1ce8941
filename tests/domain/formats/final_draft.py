"""Final Draft files for tests: built from a few paragraphs, random ones, and random lines to be written."""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from hypothesis import strategies as st

from domain.formats.fdx import read
from domain.script.line import Line
from tests.domain.formats.screenwriting import formats, numbered, seps, texts

TYPES = (
    *("Scene Heading", "Action", "Character", "Parenthetical", "Dialogue", "Lyrics", "Transition", "Shot", "General"),
    *("Outline 1", "Outline Body", "New Act", "Cast List", "My  Own", ""),
)
STYLES = ({}, {}, {"Style": "Bold"}, {"Style": "Italic+Underline", "RevisionID": "2"}, {"Font": "Courier é"})

ALTERNATES = '<AltCollection><Alt Id="8"><Paragraph><Text>Or so.</Text></Paragraph></Alt><Alt Id="9"/></AltCollection>'

xml_text = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff", include_characters="\t\n"),
    max_size=12,
)


def script(*paragraphs: str, title_page: str = "", more: str = "") -> bytes:
    """A Final Draft file with these paragraphs."""
    page = f"<TitlePage><Content>{title_page}</Content></TitlePage>" if title_page else ""
    body = "".join(paragraphs)
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\n'
        '<FinalDraft DocumentType="Script" Template="No" Version="5">'
        f"<Content>{body}</Content>{page}{more}</FinalDraft>"
    ).encode()


def paragraph(kind: str, text: str, inside: str = "", **attributes: str) -> str:
    """A paragraph with one run of text."""
    given = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    return f'<Paragraph Type="{kind}"{given}>{inside}<Text>{escape(text)}</Text></Paragraph>'


def lines_of(data: bytes) -> list[Line]:
    """The lines of a file."""
    return list(read(data, numbered()).lines)


def contents(lines: list[Line]) -> list[tuple[object, ...]]:
    """The content of lines, without their ids."""
    return [(line.format, line.text, line.sep, line.attrs) for line in lines]


def words_in(data: bytes) -> Counter[str]:
    """Every word in a run of the script or its title page."""
    root = ElementTree.fromstring(data)
    runs = [*root.iterfind("Content//Text"), *root.iterfind("TitlePage/Content//Text")]
    # A word may continue in the next run, so words are taken from the whole paragraph.
    paragraphs = {
        id(each): each for part in ("Content", "TitlePage/Content") for each in root.iterfind(f"{part}//Paragraph")
    }
    texts = ["".join("".join(run.itertext()) for run in each.findall("Text")) for each in paragraphs.values()]
    assert runs or not any(texts)
    return Counter(word for text in texts for word in text.split())


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """A random Final Draft file."""
    paragraphs = draw(st.lists(_paragraphs(), max_size=6))
    title_page = draw(st.lists(_paragraphs(inner=True), max_size=4))
    return script(*paragraphs, title_page="".join(title_page), more=draw(st.sampled_from(("", ALTERNATES))))


@st.composite
def _paragraphs(draw: st.DrawFn, *, inner: bool = False) -> str:
    kind = "" if inner else draw(st.sampled_from(TYPES))
    attributes = {"Type": kind} if kind else {}
    if draw(st.booleans()):
        attributes |= {
            "Alignment": draw(st.sampled_from(("Center", "Left"))),
            "Number": draw(st.sampled_from(("", "12A", "3"))),
            "StartsNewPage": draw(st.sampled_from(("Yes", "No"))),
        }
    runs = "".join(
        _run(*each)
        for each in draw(st.lists(st.tuples(st.one_of(xml_text, _typed), st.sampled_from(STYLES)), max_size=3))
    )
    inside = ""
    if draw(st.integers(0, 3)) == 0:
        inside += '<Alts Current="0"><AltId>8</AltId></Alts>'
    if draw(st.booleans()):
        inside += '<ScriptNote ID="1"><Paragraph><Text>a note</Text></Paragraph><Paragraph/></ScriptNote>'
    if not inner and draw(st.booleans()):
        inside += (
            '<SceneProperties Length="1/8"><Summary><Paragraph><Text>What\nhappens.</Text></Paragraph></Summary>'
            '<SceneArcBeats>\n  <CharacterArcBeat Name="ZOË"/></SceneArcBeats></SceneProperties>'
        )
    if not inner and draw(st.integers(0, 5)) == 0:
        inside += f"<DualDialogue>{draw(_dual)}</DualDialogue>"
    return f"<Paragraph{_given(attributes)}>{inside}{runs}</Paragraph>"


_typed = st.sampled_from(
    ("INT. HOUSE - DAY #5#", "!loud", "@Bob", "> centered <", "===", "~la", "# one", "JOHN ^", "Title: X", " ")
)
_dual = st.lists(
    st.sampled_from(("Character", "Dialogue", "Parenthetical", "Action")).map(
        lambda kind: paragraph(kind, f"{kind} said")
    ),
    max_size=6,
).map("".join)


def _run(text: str, style: dict[str, str]) -> str:
    return f"<Text{_given(style)}>{escape(text)}</Text>"


def _given(attributes: dict[str, str]) -> str:
    return "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())


attrs = st.dictionaries(
    st.sampled_from(
        (
            "scene_number",
            "dual",
            "depth",
            "runs",
            "fdx_type",
            "fdx_note",
            "fdx_paragraph",
            "fdx_other",
            "continues",
            "literal",
            "x",
        )
    ),
    st.one_of(
        st.sampled_from((True, True, False, 1, 2, "12", "", "Action", "New Act", "\ufffe", "\t")),
        st.sampled_from(
            (
                '[[3,{"Style":"Bold"}]]',
                '[[1,{"no name":"x"}],[9,{}]]',
                "[[0]]",
                "[" * 50,
                '{"ID":"4"}',
                '{"xmlns":"u","Type":"x"}',
                '{"StartsNewPage":"Yes"}',
                '{"Name":"Boneyard"}',
            )
        ),
        st.sampled_from(
            (
                '<Alts Current="0"><AltId>8</AltId></Alts>',
                '<Alts><Alt Id="3" x="y"><Paragraph><Text>x</Text></Paragraph></Alt></Alts>',
                "<Alts><Alt><Paragraph /></Alt></Alts>",
                "<SceneProperties/>",
                "<Text>x</Text>",
                "<a><b>c</b></a>",
                "<",
                "&#10;",
                "<ScriptNote/>",
                "]]>",
            )
        ),
    ),
    max_size=3,
)


@st.composite
def any_lines(draw: st.DrawFn) -> list[Line]:
    """Any lines that a script may hold."""
    count = draw(st.integers(0, 6))
    separator = st.one_of(seps, st.sampled_from(("\n", "\n\n", "", "\n" * 500)))
    return [
        Line(
            f"l{place}",
            draw(formats),
            draw(st.one_of(texts, texts, st.sampled_from(("", "\ufffe", "a\uffffb")))),
            draw(separator),
            draw(attrs),
        )
        for place in range(count)
    ]
