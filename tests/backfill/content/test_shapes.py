"""Contents of every shape are recognised each by itself, decoded strictly, and encoded to the same bytes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backfill.content.recognise import decode, encode, shape_of
from backfill.content.refusals import (
    ContentNotUtf8,
    ContentTooLarge,
    JsonDuplicateKey,
    JsonLoneSurrogate,
    JsonMalformed,
    JsonNotANumber,
    JsonTooDeep,
    JsonTooManyValues,
    NotLines,
    UnknownShape,
)
from backfill.content.shape import MAX_CONTENT_BYTES, SHAPES, LegacyLine
from backfill.translate.script_lines import script_lines
from domain.errors import Rejected

SAVE = (
    '{"version":2,"lines":[{"id":"a","format":"action","content":"Sie geht. 🎬"},'
    '{"id":"b","format":"dialog","content":""}]}'
)
TAGGED = "<header>INT. HALL</header>\n<speaker>ANNA</speaker>\n<dialog>Yes.</dialog>"
FINAL_DRAFT = (
    '<?xml version="1.0" encoding="UTF-16" standalone="no" ?>\n<FinalDraft Version="5">\n<Content>\n'
    '<Paragraph Number="4" Type="Scene Heading"><Text>INT. K\u00dcCHE - TAG</Text></Paragraph>\n'
    '<Paragraph Type="Action"><Text>Regen &amp; </Text><Text Style="Bold">Wind</Text></Paragraph>\n'
    "</Content>\n</FinalDraft>\n"
)
TEXTS = {
    "empty": ["", " ", "\n\n", "\t \r\n"],
    "plain": [
        "One line",
        "One\n\n\ntwo\r\nthree\r",
        '"Hello," she said.',
        '"A path: C:\\temp" and more',
        "{not json}",
        "[[a note]]",
        "\n\nBlank lines first",
        "\ufeffwith a byte order mark",
        "an unknown <tag>in it</tag>",
        "He reads <FinalDraft> aloud.",
        "<FinalDrafts> are two",
        "<?xml version='1.0'?><scripts><FinalDraft Version='5'/></scripts>",
        "<!-- <FinalDraft Version='5'> -->",
    ],
    "final_draft": [
        FINAL_DRAFT,
        "\ufeff" + FINAL_DRAFT,
        " \n<!-- exported --><FinalDraft><Content/></FinalDraft>",
        "<!-- not <FinalDraft > itself -->\n<FinalDraft><Content/></FinalDraft>",
        '<?xml version="1.0"?>\n<!DOCTYPE FinalDraft>\n<FinalDraft><Content/></FinalDraft>',
    ],
    "fountain": ["INT. HALL - DAY\n\nShe waits.\n", "Title: A play\n\nFADE IN:", ".FORCED\n", "  ext. road\n"],
    "tagged_lines": [
        TAGGED,
        "<chapter-break></chapter-break>\n<action>after it</action>",
        "<chapter-break/>",
        "<dialog><directions>quietly</directions>I know.</dialog>",
        "<action>never closed\n<action>nor this",
        "<action>one</action> between <dialog>two</dialog>\r\n",
        "</action>closed first\n<action>a <b>bold</b> word</action>",
        "  <action>indented</action>  ",
    ],
    "json_lines": [
        SAVE,
        '{"version":2,"lines":[]}',
        '{"lines":[{"text":"no id","format":"slug"}]}',
        '[{"id":"with a space","format":"action","content":"x"}]',
        '{"version":2,"lines":[{"id":"a","format":"action","content":"x"},{"id":"a","format":"action","content":"y"}]}',
        '{"version":2,"lines":[{"id":7,"format":"action","content":"x","scene":{"n":1}}],"cursor":3}',
        json.dumps(json.loads(SAVE)),
        json.dumps(json.loads(SAVE), indent=2, ensure_ascii=False),
    ],
}


@pytest.mark.parametrize(("shape", "text"), [(shape, text) for shape, texts in TEXTS.items() for text in texts])
def test_a_content_is_recognised_and_encodes_to_the_same_bytes(shape: str, text: str) -> None:
    decoded = decode(text.encode())

    assert decoded.shape == shape
    assert decoded.exact
    assert encode(decoded) == text.encode()


@pytest.mark.parametrize("inner", [texts[0] for texts in TEXTS.values()])
@pytest.mark.parametrize(
    ("wrap", "wrappings"),
    [
        (lambda text: json.dumps({"content": text, "format": "plain", "pageCount": 3}), ("wrapper",)),
        (lambda text: json.dumps(json.dumps({"content": text})), ("json_text", "wrapper")),
        (lambda text: json.dumps({"content": json.dumps({"content": text})}), ("wrapper", "wrapper")),
    ],
)
def test_a_wrapped_content_is_unwrapped_and_wrapped_again(inner: str, wrap: object, wrappings: tuple[str, ...]) -> None:
    assert callable(wrap)
    data = str(wrap(inner)).encode()

    decoded = decode(data)

    assert decoded.wrapped_in == wrappings
    assert [(line.text, line.format) for line in decoded.lines] == [
        (line.text, line.format) for line in decode(inner.encode()).lines
    ]
    assert decoded.exact
    assert encode(decoded) == data


@pytest.mark.parametrize("mark", ["\ufeff", "\n\ufeff ", "\ufeff\ufeff"])
@pytest.mark.parametrize(
    ("written", "wrappings"),
    [
        (SAVE, ()),
        ('[{"id":"a","content":"x"}]', ()),
        ("[]", ()),
        (json.dumps({"content": TAGGED, "pageCount": 3}), ("wrapper",)),
        (json.dumps({"content": "\ufeff" + SAVE}), ("wrapper", "marked_json")),
        (json.dumps(json.dumps({"content": TAGGED})), ("json_text", "wrapper")),
        ('""', ("json_text",)),
    ],
)
def test_json_after_a_byte_order_mark_is_decoded_and_keeps_the_mark(
    mark: str, written: str, wrappings: tuple[str, ...]
) -> None:
    data = (mark + written).encode()

    decoded = decode(data)

    assert decoded.wrapped_in == ("marked_json", *wrappings)
    assert decoded.lines == decode(written.replace("\\ufeff", "").encode()).lines
    assert decoded.exact
    assert encode(decoded) == data
    assert decode(data, shape="json_lines") == decoded


def test_bad_json_after_a_byte_order_mark_is_refused() -> None:
    with pytest.raises(JsonMalformed):
        decode(("\ufeff" + SAVE[:-4]).encode())
    deep = SAVE
    for _ in range(6):
        deep = "\ufeff" + json.dumps(deep)
    with pytest.raises(JsonTooDeep):
        decode(deep.encode())
    with pytest.raises(NotLines):
        decode(SAVE.encode(), shape="marked_json")


def test_a_final_draft_file_has_the_lines_of_an_import_and_other_lines_are_written_as_one() -> None:
    decoded = decode(FINAL_DRAFT.encode())

    assert [(line.format, line.text) for line in decoded.lines] == [
        ("scene_heading", "INT. KÜCHE - TAG"),
        ("action", "Regen & Wind"),
    ]
    first, last = script_lines(decoded)
    assert last.attrs  # the bold word
    assert first.attrs["scene_number"] == "4"
    changed = replace(decoded, lines=(decoded.lines[0], replace(decoded.lines[1], text="Stille")))
    assert [line.text for line in script_lines(decode(encode(changed)))] == ["INT. KÜCHE - TAG", "Stille"]
    assert script_lines(decode(encode(changed)))[0].attrs == first.attrs
    assert last.id == ""


def test_a_final_draft_file_that_is_cut_off_is_refused_and_can_be_named_plain() -> None:
    data = FINAL_DRAFT[:-60].encode()

    with pytest.raises(Rejected) as refused:
        decode(data)
    assert refused.value.code == "not_xml"
    assert decode(data, shape="plain").lines[-1].text.startswith("<Paragraph Type")


def test_double_encoded_json_is_lines_and_a_save_within_an_object_too() -> None:
    assert decode(json.dumps(json.dumps(SAVE)).encode()).lines == decode(SAVE.encode()).lines
    assert decode(f'{{"content":{SAVE},"format":"x"}}'.encode()).lines == decode(SAVE.encode()).lines


def test_a_content_spelled_otherwise_says_that_it_is_not_exact_and_has_equal_lines() -> None:
    spelled = SAVE.replace('","', '" , "')

    decoded = decode(spelled.encode())

    assert not decoded.exact
    assert decoded.lines == decode(SAVE.encode()).lines
    assert decode(encode(decoded)).lines == decoded.lines


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (SAVE[:-4], JsonMalformed),
        (json.dumps(SAVE)[:-9], JsonMalformed),
        ('{"version":2,"version":2,"lines":[]}', JsonDuplicateKey),
        ('{"version":2,"lines":[{"id":"a","id":"a","format":"action","content":"x"}]}', JsonDuplicateKey),
        ('{"version":NaN,"lines":[]}', JsonNotANumber),
        ('{"version":2,"lines":[],"x":-Infinity}', JsonNotANumber),
        ('{"version":2,"lines":[{"content":"\\ud800"}]}', JsonLoneSurrogate),
        ('{"content":"\\udc00x"}', JsonLoneSurrogate),
        ('{"lines":' + "[" * 200 + "]" * 200 + "}", JsonTooDeep),
        ('{"lines":[' + "0," * 1_100_000 + "0]}", JsonTooManyValues),
        ('{"lines":["x"]}', NotLines),
        ('{"lines":{}}', NotLines),
        ('{"pages":[]}', NotLines),
        ('{"content":7}', NotLines),
        ('{"lines":[{"content":7}]}', NotLines),
        (json.dumps(json.dumps(json.dumps(json.dumps(json.dumps(json.dumps(SAVE)))))), JsonTooDeep),
    ],
)
def test_bad_json_is_refused_by_name_and_without_its_text(text: str, refusal: type[Rejected]) -> None:
    with pytest.raises(refusal) as refused:
        decode(text.encode())

    assert "Sie geht" not in refused.value.message


def test_content_that_is_too_large_or_not_text_is_refused() -> None:
    with pytest.raises(ContentTooLarge):
        decode(b"x" * (MAX_CONTENT_BYTES + 1))
    with pytest.raises(ContentNotUtf8):
        decode(b"caf\xe9")
    with pytest.raises(UnknownShape):
        decode(b"x", shape="word_document")


def test_a_mapping_may_choose_the_shape() -> None:
    assert decode(SAVE.encode(), shape="plain").lines[0].text == SAVE


def test_nested_tags_are_lines_of_their_own_format() -> None:
    lines = decode(b"<dialog><directions>quietly</directions>I know.</dialog>").lines

    assert [(line.format, line.text) for line in lines] == [("directions", "quietly"), ("dialog", "I know.")]


def test_changed_lines_are_written_in_the_dressing_of_the_old_ones() -> None:
    decoded = decode(json.dumps({"content": TAGGED, "pageCount": 3}).encode())
    first, *others = decoded.lines
    changed = replace(decoded, lines=(replace(first, text="EXT. ROAD"), *others))

    assert json.loads(encode(changed)) == {"content": TAGGED.replace("INT. HALL", "EXT. ROAD"), "pageCount": 3}


@given(st.text(max_size=60))
def test_any_text_decodes_to_itself_or_is_refused(text: str) -> None:
    data = text.encode(errors="replace")
    try:
        decoded = decode(data)
    except Rejected:
        assert text.lstrip("\ufeff \t\r\n\v\f")[:1] in ("{", "[", '"')
        return
    assert encode(decoded) == data or not decoded.exact


@given(st.lists(st.tuples(st.text(max_size=9), st.sampled_from(["action", "x y"]), st.text(max_size=20)), max_size=6))
def test_any_save_decodes_to_its_lines(lines: list[tuple[str, str, str]]) -> None:
    document = {"version": 2, "lines": [{"id": name, "format": form, "content": text} for name, form, text in lines]}
    for written in (json.dumps(document), json.dumps(document, ensure_ascii=False, separators=(",", ":"))):
        decoded = decode(written.encode())

        assert decoded.lines == tuple(LegacyLine(*line) for line in lines)
        assert decoded.exact


@pytest.mark.parametrize("text", ["<action>" * 30_000, "<" * 100_000, "\r" * 100_000 + "x", "{" * 90_000])
def test_hostile_contents_take_linear_time(text: str) -> None:
    assert encode(decode(text.encode())) == text.encode()


@pytest.mark.parametrize("text", ['"\\"' * 50_000, '{"' * 50_000, '[{"' * 30_000])
def test_hostile_json_is_refused(text: str) -> None:
    with pytest.raises(Rejected):
        decode(text.encode())


def test_every_shape_has_a_title_and_takes_any_bytes_in_its_recognition() -> None:
    for shape in SHAPES.values():
        assert shape.title
        shape.recognise(bytes(range(256)))
    assert shape_of(b"\x00").name == "plain"


@pytest.mark.parametrize("format_", ["", " ", "action"])
def test_exact_says_that_the_same_bytes_are_written(format_: str) -> None:
    data = f'{{"version":2,"lines":[{{"id":"a","format":"{format_}","content":"One."}}]}}'.encode()

    decoded = decode(data)

    assert decoded.exact == (encode(decoded) == data)
    assert [(line.format, line.text) for line in decoded.lines] == [(format_, "One.")]
