"""Final Draft files as lines, and lines as Final Draft."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from domain.commands.line_matching import align
from domain.formats.fdx import read, write
from domain.formats.fountain import read as read_fountain
from domain.formats.fountain import write as write_fountain
from domain.script.line import Line
from tests.domain.formats.final_draft import contents, lines_of, paragraph, script
from tests.domain.formats.screenwriting import numbered


def only(data: bytes) -> Line:
    [line] = lines_of(data)
    return line


@pytest.mark.parametrize(
    ("kind", "line_format"),
    [
        ("Scene Heading", "scene_heading"),
        ("Action", "action"),
        ("Character", "character"),
        ("Parenthetical", "parenthetical"),
        ("Dialogue", "dialogue"),
        ("Lyrics", "lyric"),
        ("Transition", "transition"),
        ("Shot", "shot"),
        ("Outline Body", "synopsis"),
        ("General", "general"),
    ],
)
def test_a_type_is_a_format(kind: str, line_format: str) -> None:
    line = only(script(paragraph(kind, "some words")))

    assert (line.format, line.text, line.attrs) == (line_format, "some words", {})


def test_unknown_types_are_preserved_by_name() -> None:
    data = script(paragraph("New Act", "ACT ONE"), paragraph("Cast List", "Anna, Lyle"))

    assert [(line.format, line.attrs) for line in lines_of(data)] == [
        ("general", {"fdx_type": "New Act"}),
        ("general", {"fdx_type": "Cast List"}),
    ]
    assert types(write(lines_of(data))) == ["New Act", "Cast List"]


def test_the_runs_of_a_paragraph_are_one_text_with_its_styles() -> None:
    runs = '<Text>He </Text><Text Style="Bold+Italic">real</Text><Text Style="Bold+Italic">ly</Text><Text> left.</Text>'
    line = only(script(f'<Paragraph Type="Action">{runs}</Paragraph>'))

    assert line.text == "He really left."
    assert json.loads(str(line.attrs["runs"])) == [[3, {}], [6, {"Style": "Bold+Italic"}], [6, {}]]
    assert '<Text Style="Bold+Italic">really</Text>' in write([line]).decode()


def test_styles_are_fitted_to_a_changed_text() -> None:
    attrs = {"runs": '[[3,{}],[6,{"Style":"Bold"}]]'}
    longer = write([Line("1", "action", "He really, really left.", "\n", attrs)]).decode()
    shorter = write([Line("1", "action", "He re", "\n", attrs)]).decode()

    assert '<Text>He </Text><Text Style="Bold">really, really left.</Text>' in longer
    assert '<Text>He </Text><Text Style="Bold">re</Text>' in shorter


def test_scene_numbers_go_both_ways() -> None:
    data = script(paragraph("Scene Heading", "INT. BARN - DAY", Number="12A"))
    [line] = read_fountain(b"INT. BARN - DAY #12A#", numbered()).lines

    assert only(data).attrs == {"scene_number": "12A"}
    assert write_fountain([only(data)]) == b"INT. BARN - DAY #12A#\n"
    [heading] = ElementTree.fromstring(write([line])).iterfind("Content/Paragraph")
    assert (heading.get("Number"), heading.findtext("Text")) == ("12A", "INT. BARN - DAY")


def test_dual_dialogue_goes_both_ways() -> None:
    speeches = "".join(
        paragraph(kind, text)
        for kind, text in [("Character", "ANNA"), ("Dialogue", "Now!"), ("Character", "LYLE"), ("Dialogue", "Later!")]
    )
    lines = lines_of(script(f"<Paragraph><DualDialogue>{speeches}</DualDialogue></Paragraph>"))
    fountain = b"ANNA\nNow!\n\nLYLE ^\nLater!\n"

    assert [line.attrs for line in lines] == [{}, {}, {"dual": True}, {}]
    assert write_fountain(lines) == fountain
    written = ElementTree.fromstring(write(read_fountain(fountain, numbered()).lines))
    [dual] = written.iterfind("Content/Paragraph/DualDialogue")
    assert [each.findtext("Text") for each in dual] == ["ANNA", "Now!", "LYLE", "Later!"]


def test_notes_and_summaries_are_lines_after_their_paragraph() -> None:
    paragraphs = "<Paragraph><Text>One.</Text></Paragraph><Paragraph><Text>Two.</Text></Paragraph>"
    note = f'<ScriptNote ID="7" Name="AW">{paragraphs}</ScriptNote>'
    summary = "<Summary><Paragraph><Text>They meet.</Text></Paragraph></Summary>"
    properties = f'<SceneProperties Page="1">{summary}</SceneProperties>'
    lines = lines_of(script(paragraph("Scene Heading", "INT. BARN", note + properties)))

    assert [(line.format, line.text) for line in lines] == [
        ("scene_heading", "INT. BARN"),
        ("synopsis", "They meet."),
        ("note", "One."),
        ("note", "Two."),
    ]
    assert lines[0].attrs == {"fdx_other": '<SceneProperties Page="1" />'}
    assert [line.attrs for line in lines[2:]] == [{"fdx_note": '{"ID":"7","Name":"AW"}'}, {"continues": True}]
    [heading] = ElementTree.fromstring(write(lines)).iterfind("Content/Paragraph")
    assert [each.tag for each in heading] == ["SceneProperties", "ScriptNote", "Text"]


def test_unprinted_lines_are_notes() -> None:
    lines = read_fountain(b"He waits.\n[[why?]]\n/* cut */\n\nHe leaves.", numbered()).lines
    root = ElementTree.fromstring(write(lines))

    assert [each.findtext("Text") for each in root.iterfind("Content/Paragraph")] == ["He waits.", "He leaves."]
    assert [each.text for each in root.iterfind("Content/Paragraph/ScriptNote/Paragraph/Text")] == ["why?", "cut"]


def test_fountain_marks_are_hidden_in_final_draft_and_restored() -> None:
    source = b"Title: The Barn\nAuthor: Rosa\n\n.BARN\n\n> THE END <\n\n@McCLANE\nYippee.\n\n!INT. is a word.\n"
    lines = read_fountain(source, numbered()).lines
    root = ElementTree.fromstring(write(lines))

    shown = [each.findtext("Text") for each in root.iterfind("Content/Paragraph")]
    assert shown == ["BARN", "THE END", "McCLANE", "Yippee.", "INT. is a word."]
    assert [each.findtext("Text") for each in root.iterfind("TitlePage/Content/Paragraph") if len(each)] == [
        "The Barn",
        "Rosa",
    ]
    assert write_fountain(lines_of(write(lines))) == source
    assert read(write(lines), numbered()).title == "The Barn"


def test_a_change_in_final_draft_overrides_preserved_attributes() -> None:
    [line] = read_fountain(b".BARN #1#", numbered()).lines
    edited = write([line]).replace(b"<Text>BARN</Text>", b"<Text>STABLE</Text>").replace(b'Number="1"', b'Number="2"')
    other_type = write([line]).replace(b'Type="Scene Heading"', b'Type="Action"')

    assert contents(lines_of(edited)) == [("scene_heading", "STABLE", "", {"scene_number": "2"})]
    assert contents(lines_of(other_type)) == [("action", "BARN", "", {"scene_number": "1"})]


def test_text_that_only_looks_like_fountain_is_written_unchanged() -> None:
    data = script(paragraph("Action", "!important"), paragraph("Scene Heading", "INT. LAB #5#"))

    assert [line.attrs for line in lines_of(data)] == [{"literal": True}] * 2
    root = ElementTree.fromstring(write(lines_of(data)))
    assert [each.findtext("Text") for each in root.iterfind("Content/Paragraph")] == ["!important", "INT. LAB #5#"]


@pytest.mark.parametrize(
    ("kind", "text", "written"),
    [
        ("Action", "!important", "!\\!important"),
        ("General", "!important", "!\\!important"),
        ("Action", "*sigh* [[so]] /* x */", "\\*sigh\\* [\\[so]] /\\* x \\*/"),
        ("Dialogue", "**no**", "\\*\\*no\\*\\*"),
        ("Action", "He dials *69.", "He dials *69."),
        ("Scene Heading", ".LATER", ".\\.LATER"),
        ("Transition", "> X", "> > X"),
        ("Shot", "!!ON", "!!\\!!ON"),
    ],
)
def test_text_that_only_looks_like_fountain_prints_the_same_from_fountain(kind: str, text: str, written: str) -> None:
    data = script(paragraph("Character", "ANNA"), paragraph("Dialogue", "Hi."), paragraph(kind, text))
    [*_, line] = read_fountain(write_fountain(lines_of(data)), numbered()).lines

    assert line.text == written
    [*_, shown] = ElementTree.fromstring(write([line])).iterfind("Content/Paragraph/Text")
    assert shown.text == text


def test_the_title_page_keeps_its_words_and_its_gaps() -> None:
    page = "<Paragraph/>" * 3 + "<Paragraph><Text>The Barn</Text></Paragraph>" + "<Paragraph/>" * 2
    page += "<Paragraph><Text>by\nRosa</Text></Paragraph>"
    imported = read(script(paragraph("Action", "Hay."), title_page=page), numbered())

    assert imported.title == "The Barn"
    assert contents(list(imported.lines)) == [
        ("title_entry", "", "\n\n\n", {}),
        ("title_entry", "The Barn", "\n\n\n", {}),
        ("title_entry", "by", "\n", {}),
        ("title_entry", "Rosa", "\n\n", {"continues": True}),
        ("action", "Hay.", "\n", {}),
    ]
    assert len(list(ElementTree.fromstring(write(imported.lines)).iterfind("TitlePage/Content/Paragraph"))) == 7


def test_parts_that_are_not_imported_are_named() -> None:
    alternatives = "<AltCollection><Alt><Paragraph><Text>or so, maybe</Text></Paragraph></Alt></AltCollection>"
    header = "<Header><Paragraph><Text>Draft - .</Text></Paragraph></Header>"
    data = script(paragraph("Action", "So."), more=f'<PageLayout TopMargin="75"/>{header}{alternatives}')

    assert read(data, numbered()).left_out == ("PageLayout", "Header (1 word)", "AltCollection (3 words)")


def test_words_outside_of_runs_are_read() -> None:
    data = script(
        '<Paragraph Type="Action">Some <Text>stray</Text> words <ScriptNote>and a note</ScriptNote></Paragraph>'
    )

    assert [(line.format, line.text.split()) for line in lines_of(data)] == [
        ("action", ["Some", "stray", "words"]),
        ("note", ["and", "a", "note"]),
    ]


def test_a_script_from_final_draft_reads_well_as_fountain() -> None:
    data = script(
        paragraph("Scene Heading", "INT. BARN - DAY"),
        paragraph("Action", "Hay."),
        paragraph("Character", "ANNA"),
        paragraph("Parenthetical", "(low)"),
        paragraph("Dialogue", "Who is there?"),
        paragraph("Transition", "CUT TO:"),
    )

    assert write_fountain(lines_of(data)) == b"INT. BARN - DAY\n\nHay.\n\nANNA\n(low)\nWho is there?\n\nCUT TO:\n"


def test_an_edited_file_keeps_the_ids_of_the_lines_that_stayed() -> None:
    texts = ["Anna waits in the barn.", "Lyle comes in from the rain.", "They look at each other."]
    before = lines_of(script(*(paragraph("Action", text) for text in texts)))
    ids = (f"new-{number}" for number in range(9))
    edited = script(
        *(paragraph("Action", text) for text in (texts[0], "A dog barks.", texts[1] + " Slowly.", texts[2]))
    )

    resolved = align(before, read(edited, lambda: next(ids)).lines)

    assert [each if isinstance(each, str) else each.id for each in resolved] == ["1", "new-1", "2", "3"]


def types(data: bytes) -> list[str | None]:
    return [each.get("Type") for each in ElementTree.fromstring(data).iterfind("Content/Paragraph")]


@pytest.mark.parametrize(
    ("kind", "runs", "written"),
    [
        ("Action", [("He ", ""), ("really", "Bold+Italic"), (" left.", "")], "He ***really*** left."),
        ("Action", [("So ", "Underline"), ("far", "")], "_So_ far"),
        ("Action", [("Loud", "Bold+AllCaps")], "**Loud**"),
        ("Action", [("Cut", "Strikeout")], "Cut"),
        ("Dialogue", [("no", "Italic"), ("w", "Bold")], "*no***w**"),
        ("Parenthetical", [("(low)", "Italic")], "(*low*)"),
        ("Parenthetical", [("(", "Italic"), ("low", ""), (")", "Italic")], "(low)"),
        ("Scene Heading", [("INT. BARN", "Bold")], ".**INT. BARN**"),
        ("Scene Heading", [("INT. ", ""), ("BARN", "Underline")], "INT. _BARN_"),
        ("Transition", [("CUT TO:", "Bold")], "> **CUT TO:**"),
        ("Lyrics", [("la", "Italic")], "~*la*"),
        ("Shot", [("ON", "Bold")], "!!**ON**"),
        ("Action", [("x", "Bold"), ("\n", ""), ("y", "Bold")], "**y**"),
    ],
)
def test_styles_are_marks_in_fountain(kind: str, runs: list[tuple[str, str]], written: str) -> None:
    inside = "".join(f'<Text Style="{style}">{text}</Text>' for text, style in runs)
    above = [paragraph("Character", "ANNA"), paragraph("Dialogue", "Hi.")]
    data = script(*above, f'<Paragraph Type="{kind}">{inside}</Paragraph>')
    [*_, line] = read_fountain(write_fountain(lines_of(data)), numbered()).lines

    assert line.text == written
    assert line.format == lines_of(data)[-1].format


def test_marks_typed_into_a_line_with_styles_are_added_to_them() -> None:
    line = Line("1", "action", "He *very* really left.", "\n", {"runs": '[[3,{}],[100,{"Style":"Bold"}]]'})

    [shown] = ElementTree.fromstring(write([line])).iterfind("Content/Paragraph")
    assert [(run.text, run.get("Style")) for run in shown] == [
        ("He ", None),
        ("very", "Bold+Italic"),
        (" really left.", "Bold"),
    ]
    assert write_fountain([line]) == b"He ***very* really left.**\n"
