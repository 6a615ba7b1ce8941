"""Fuzz target: the reader of Final Draft files."""

from __future__ import annotations

from hypothesis import strategies as st

from domain.formats.registry import FORMATS
from domain.script.line import Line
from tests.domain.formats.final_draft import any_lines, documents, paragraph, script
from tests.fuzz.fuzz_format import target


def nested(tag: str, depth: int) -> bytes:
    """A file with an element nested in itself."""
    inside = f"<{tag}>" * depth + paragraph("Action", "Deep.") + f"</{tag}>" * depth
    return script(paragraph("Action", "Hay.", inside), more=inside)


def written(lines: list[Line]) -> bytes:
    return FORMATS["fdx"].write(lines)


TAGS = [
    *("Paragraph", "Text", "Summary", "ScriptNote", "SceneProperties", "DualDialogue", "Content", "TitlePage"),
    *("ScriptNotes", "Alts", "AltId", "AltCollection", "Alt"),
]
TOKENS = [
    *(f"<{tag}>".encode() for tag in TAGS),
    *(f"</{tag}>".encode() for tag in TAGS),
    *(
        b'<Paragraph Type="Action">',
        b'Type="',
        b'Number="',
        b'<Paragraph StartsNewPage="Yes">',
        b'<Text Style="Bold+Italic">',
        b'<ScriptNote Name="Boneyard" Range="1,2">',
        b'<Alt Id="1">',
        b"<AltId>1</AltId>",
        b"<![CDATA[",
        b"]]>",
        b"<!--",
        b"-->",
        b"<?x ?>",
        b"<!DOCTYPE x",
    ),
    *(
        b"&amp;",
        b"&#10;",
        b"&#x85;",
        b"&#xD800;",
        b"&lt;",
        b"&x;",
        b'encoding="UTF-16"',
        b'encoding="utf-7"',
        b"xmlns:a='b'",
    ),
    *(b"\xe2\x80\xae", b"\xc2\x85", b"\xef\xbb\xbf", b"\xff\xfe", b"\x1b[2J", b'=""'),
]
files = (
    documents()
    | any_lines().map(written)
    | st.builds(nested, st.sampled_from(TAGS), st.sampled_from([1, 5, 30, 70, 2_000]))
)

TARGET = target(FORMATS["fdx"], files, TOKENS)
