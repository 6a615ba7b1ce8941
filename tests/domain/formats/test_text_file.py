"""Text files of any program: what is unmistakable is decoded, and anything else is refused with all its places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Rejected
from domain.formats.fountain import read
from domain.formats.fountain.roundtrip import problem
from domain.formats.refusals import ControlCharacterInFile, NotInEncoding, NotUtf8, UnknownEncoding
from domain.formats.text_file import decode
from tests.domain.formats.screenwriting import numbered

ENGLISH = "INT. CAFE - DAY\n\nShe doesn’t look up.\n\nBOB\nWhat’s that—your “résumé”?\n"
QUOTES = "INT. HUT - DAY\n\nWIN\nIt’s late. Don’t… wait – go.\n"
ONE = "INT. CAFE - DAY\n\nHe waits at the café near the church for a friend.\n"
FRENCH = (
    "EXT. FORÊT - NUIT\n\nLe garçon court à travers les arbres. Il s’arrête près d’un chêne.\n\nÉLODIE\nOù es-tu ?\n"
)
GERMAN = (
    "INT. HÜTTE - TAG\n\nDie Großmutter öffnet die Tür. Draußen wütet ein Sturm über dem Fluß.\n\nGROSSMUTTER\nKomm.\n"
)
SPANISH = "EXT. PLAZA - DÍA\n\nEl niño corre detrás de la pelota. ¿Quién está ahí?\n\nMARÍA\n¡Mañana será otro día!\n"
POLISH = "WN. CHATA - DZIEŃ\n\nBabcia otwiera drzwi. Na zewnątrz szaleje burza.\n\nZOSIA\nDzień dobry, źle się czuję.\n"
RUSSIAN = "ИНТ. ДОМ - ДЕНЬ\n\nБабушка открывает дверь. На улице бушует буря.\n\nСОФЬЯ\nДобрый день, проходите.\n"
GREEK = "ΕΣΩΤ. ΣΠΙΤΙ - ΜΕΡΑ\n\nΗ γιαγιά ανοίγει την πόρτα. Έξω μαίνεται καταιγίδα.\n"
JAPANESE = "屋内。家 - 日中\n\n祖母はドアを開ける。外は嵐だ。\n\n花子\nこんにちは、どうぞお入りください。\n"
CHINESE = "内景。房子 - 日\n\n奶奶打开门。外面刮着暴风雨。\n\n李明\n你好，请进。\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((text, "cp1252") for text in (ENGLISH, QUOTES, ONE, FRENCH, GERMAN, SPANISH)),
        *((text, "mac_roman") for text in (ONE, FRENCH, GERMAN, SPANISH)),
        *((POLISH, encoding) for encoding in ("cp1250", "iso8859_2")),
        *((RUSSIAN, encoding) for encoding in ("cp1251", "koi8_r", "cp866", "mac_cyrillic")),
        *((GREEK, encoding) for encoding in ("cp1253", "iso8859_7")),
        *((JAPANESE, encoding) for encoding in ("shift_jis", "euc_jp")),
        *((CHINESE, encoding) for encoding in ("gb18030", "gbk")),
        *((text, "utf-16") for text in (ENGLISH, RUSSIAN, JAPANESE)),
        *((ENGLISH, encoding) for encoding in ("utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")),
        (GERMAN, "cp850"),
        (GERMAN, "latin-1"),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_an_unmistakable_encoding_is_decoded_and_named(text: str, encoding: str, line_end: str) -> None:
    text = text.replace("\n", line_end)

    file = decode(text.encode(encoding))

    assert file.text == text
    assert [change[:21] for change in file.changes] == ["The file was read as "]


@pytest.mark.parametrize("text", ["", "a\n", "\ufeffINT. CAFÉ", ENGLISH, JAPANESE, "\ufeff\n\n"])
def test_utf8_stays_as_it_is(text: str) -> None:
    assert decode(text.encode()).text == text
    assert decode(text.encode()).changes == ()


@pytest.mark.parametrize(
    ("data", "places"),
    [
        (b"\n\xff\n", "line 2"),
        (b"Die T\x9fr ist zu.\n", "line 1"),
        (b"Fine.\n" + "Été et hiver.\n".encode() + b"\r\nd\x92\xe9t\xe9\r\n\rX\xff\xfe\n", "lines 4 and 6"),
        (b"\xed\xa0\x80 one\n\n\xed\xb0\x80 two\n", "lines 1 and 3"),
        (b"".join(b"\xc3\x28\xa1%d\n" % number for number in range(25)), ", 19, 20 and 5 more"),
        (b"PK\x03\x04\xff\xfe\x00\x01", "line 1"),
    ],
)
def test_an_unclear_encoding_is_refused_with_every_line_and_the_option(data: bytes, places: str) -> None:
    with pytest.raises(NotUtf8) as refused:
        decode(data)

    assert f"{places}; save it as UTF-8, or import it with --encoding" in refused.value.message


@pytest.mark.parametrize(
    "data",
    [
        "I don’t know what you".encode() + b"\xe2\x80",
        "It’s fine, don".encode() + b"\x92t.\n",
        "Wait — it costs ".encode() + b"\xa35.",
        b"It\x92s late.\n" * 20 + "I don’t know.\n".encode() * 2,
        "Wait – no – caf".encode() + b"\xc3",
        "Über".encode() + b" den Flu\xdf.\n",
        "It’s £5 or ".encode() + b"\x80",
        b"He\xe2\x80",
    ],
)
def test_damaged_or_mixed_utf8_is_in_no_other_encoding(data: bytes) -> None:
    with pytest.raises(NotUtf8):
        decode(data)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *(("ТЕБЕ… Он идёт домой, её нет. Ещё раз её нет дома.", encoding) for encoding in ("cp1251", "mac_cyrillic")),
        ("ΜΕ… ΓΙΑ ΣΕΝΑ. Η γιαγιά ανοίγει την πόρτα.", "cp1253"),
        ("“CAFÉ” and the CAFÉ’S door", "cp1252"),
        ("« L’été\xa0» dit-il\xa0! Ça va\xa0? CAFÉ\xa0!", "cp1252"),
        ("L’été dernier, c’était l’école. Il s’était levé.", "mac_roman"),
    ],
)
def test_bytes_that_could_be_utf8_too_are_decoded(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((text, "cp1252") for text in ("¿Qué? ¡No! ¿Y tú?", "¿qué pasa?", "¡Adiós! ¿Cómo estás?")),
        *((text, "cp1252") for text in ("È vero.\n\nÈ tardi. Non so.", "À bientôt. À demain.", "Hey\xa0there")),
        *((text, "cp850") for text in ("café", "Ça va", "état", "Élan")),
        *((text, "mac_roman") for text in ("señor", "El señor viene. La niña corre.", "Ça va", "ÉTÉ", "Élan")),
        *((text, "mac_roman") for text in ("adiós, corazón", "Señor, aquí no. El niño.")),
    ],
)
def test_a_text_that_could_be_in_several_encodings_is_never_decoded_wrongly(text: str, encoding: str) -> None:
    try:
        decoded = decode(text.encode(encoding)).text
    except NotUtf8:
        decoded = "refused"

    assert decoded in {text, "refused"}


@pytest.mark.parametrize(
    "text",
    [
        *("She waits—then goes.", "It’s late–very late. Don’t go.", "„Komm“, sagt er.", "pp. 3–5", "It’s €5.", "He—"),
        *("STRAßE", "Nº5 y 3ª, años", "© 2020"),
    ],
)
def test_signs_of_windows_are_read_where_they_fit(text: str) -> None:
    assert decode(text.encode("cp1252")).text == text


@pytest.mark.parametrize(
    ("named", "encoding"),
    [("windows-1252", "cp1252"), ("macintosh", "mac_roman"), ("Latin-1", "latin-1"), ("UTF-16", "utf-16")],
)
def test_a_named_encoding_is_used(named: str, encoding: str) -> None:
    assert decode(GERMAN.encode(encoding), named).text == GERMAN


@pytest.mark.parametrize(
    "named", ["klingon", "idna", "unicode_escape", "rot13", "utf-7", "é", "", "x" * 100, "a\0b", "hex"]
)
def test_an_unknown_encoding_is_refused(named: str) -> None:
    with pytest.raises(UnknownEncoding):
        decode(b"a", named)


@pytest.mark.parametrize(
    ("data", "named", "places"), [(b"a\n\x81\nb\n\x8d", "windows-1252", "lines 2 and 4"), (b"abc", "utf-16", "line 1")]
)
def test_a_file_in_another_encoding_than_named_is_refused(data: bytes, named: str, places: str) -> None:
    with pytest.raises(NotInEncoding) as refused:
        decode(data, named)

    assert f"in the encoding {named} in {places};" in refused.value.message


def test_windows_signs_that_came_through_latin1_are_read_as_meant() -> None:
    file = decode(QUOTES.encode("cp1252").decode("latin-1").encode())

    assert file.text == QUOTES
    assert file.changes == ("4 control characters were read as in Windows-1252: … ’ –",)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Go.\n\fEXT. BARN\n", "Go.\n\n===\n\nEXT. BARN\n"),
        ("Go.\fEXT. BARN\n", "Go.\n\n===\n\nEXT. BARN\n"),
        ("Go.\r\n\r\n\f\r\nEXT. BARN\r\n", "Go.\r\n\r\n===\r\n\r\nEXT. BARN\r\n"),
        ("Go.\n\n\f\n\nEXT. BARN\n", "Go.\n\n===\n\nEXT. BARN\n"),
        ("\fINT. HUT\n\nGo.\n\f", "INT. HUT\n\nGo.\n"),
        ("Go.\n\f\f\n \f  Stop.\n", "Go.\n\n===\n\n  Stop.\n"),
        ("\f", ""),
        ("Word\x0bwrap\n", "Word\nwrap\n"),
        ("Go.\r\n\x1a", "Go.\r\n"),
    ],
)
def test_form_feeds_vertical_tabs_and_the_end_of_dos_have_a_meaning(text: str, meant: str) -> None:
    file = decode(text.encode())

    assert file.text == meant
    assert len(file.changes) == 1
    assert problem(text.encode()) == f"the text stays, but the file changes. {file.changes[0]}"


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("\fINT. HUT\n\nGo.\n\fStop.\f", "A form feed became a page break."),
        ("Go.\n\f\f\n \f  Stop.\n\fNo.", "2 form feeds became page breaks."),
        ("\fINT. HUT\n\f", "Form feeds without a page before or after them were removed."),
    ],
)
def test_the_page_breaks_that_are_written_are_counted(text: str, change: str) -> None:
    assert decode(text.encode()).changes == (change,)


def test_a_form_feed_is_imported_as_a_page_break() -> None:
    imported = read(b"INT. HUT - DAY\n\nGo.\n\x0cEXT. BARN - DAY\n\nStop.\n", numbered())

    assert [line.format for line in imported.lines] == [
        *("scene_heading", "action", "page_break", "scene_heading", "action"),
    ]
    assert imported.hints == ("A form feed became a page break.",)


@pytest.mark.parametrize(
    ("text", "characters", "places"),
    [
        ("a\0b", "U+0000", "line 1"),
        ("a\n\x07\x1b[2J\n\n\x1b", "U+0007, U+001B", "lines 2 and 4"),
        ("It\x92s \x81", "U+0081, U+0092", "line 1"),
        ("\x1a\na", "U+001A", "line 1"),
        ("\x7f", "U+007F", "line 1"),
    ],
)
def test_other_control_characters_are_named_at_once_and_removed_on_request(
    text: str, characters: str, places: str
) -> None:
    with pytest.raises(ControlCharacterInFile) as refused:
        decode(text.encode())

    assert f"({characters}) in {places}; " in refused.value.message
    assert "--remove-controls" in refused.value.message
    file = decode(text.encode(), remove_controls=True)
    assert file.text == "".join(character for character in text if character.isprintable() or character == "\n")
    assert "removed." in file.changes[0]


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_decoded_or_refused(data: bytes, remove_controls: bool) -> None:
    try:
        text = decode(data, remove_controls=remove_controls).text
    except Rejected:
        return
    assert decode(text.encode()).text == text
    assert not any(character < " " and character not in "\t\r\n" for character in text)
