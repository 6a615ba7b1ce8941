"""The published test vectors for `expect`.

``python -m tests.domain.hash_vectors`` writes
docs/vectors/expect.json.
"""

from __future__ import annotations

import json

from domain.script.hashing import expect_hash, line_bytes
from domain.script.line import Line

LINES = {
    "a name": Line("", "character", "ANNA"),
    "no text": Line("", "action", ""),
    "no text, no line end": Line("", "page_break", "", ""),
    "the last line of a file without a line end": Line("", "transition", "FADE OUT.", ""),
    "blank lines behind it": Line("", "action", "A dog.", "\n\n\n"),
    "Windows line ends": Line("", "action", "A dog.", "\r\n\r\n"),
    "old Mac line end": Line("", "action", "A dog.", "\r"),
    "mixed line ends": Line("", "action", "A dog.", "\r\n\n\r"),
    "a tab and spaces at both ends": Line("", "dialogue", "\t  Well …  "),
    "typographic marks": Line("", "dialogue", "“It’s — well – over.”"),
    "é as one character": Line("", "character", "RENÉ"),
    "é as e and a combining accent: another line": Line("", "character", "RENE\u0301"),
    "an emoji beyond the basic plane": Line("", "action", "She sends 🎬."),
    "a family of joined emoji": Line("", "action", "👩\u200d👩\u200d👧\u200d👦"),
    "a flag": Line("", "action", "🇳🇴"),
    "right-to-left text": Line("", "dialogue", "שלום, עולם"),
    "Chinese and a rare character": Line("", "dialogue", "你好𠮷"),
    "a line separator, which is no line end": Line("", "action", "one\u2028two\u2029three"),
    "a byte order mark": Line("", "action", "\ufeffFADE IN:"),
    "the last character there is": Line("", "action", "\U0010ffff"),
    "quotes, backslashes and markup": Line("", "note", '[[ "C:\\temp" <b>&amp;</b> ]]'),
    "what looks like a netstring": Line("", "action", "3:abc,"),
    "an attribute that is true": Line("", "character", "PAUL", attrs={"dual": True}),
    "an attribute that is false": Line("", "character", "PAUL", attrs={"dual": False}),
    "an attribute that is 1: another line than true": Line("", "character", "PAUL", attrs={"dual": 1}),
    "an attribute that is the text 1": Line("", "character", "PAUL", attrs={"dual": "1"}),
    "an attribute that is the text true": Line("", "character", "PAUL", attrs={"dual": "true"}),
    "an attribute without text": Line("", "scene_heading", "INT. BAR", attrs={"scene_number": ""}),
    "an attribute that is a number below zero": Line("", "section", "# Act", attrs={"depth": -1}),
    "the largest and the smallest number": Line("", "section", "", attrs={"a": (1 << 53) - 1, "b": 1 - (1 << 53)}),
    "attributes sorted by name, not as given": Line(
        "",
        "scene_heading",
        "INT. BAR - NIGHT #1A#",
        "\n\n",
        {"z": "é", "scene_number": "1A", "a_2": 2, "a10": 10, "a": True},
    ),
    "ten thousand bytes": Line("", "action", "0123456789" * 1_000),
    "five hundred characters of two bytes": Line("", "action", "éèêëñ" * 100),
}


def vectors() -> list[dict[str, object]]:
    """The published vectors."""
    return [
        {
            "name": name,
            "line": {"format": line.format, "text": line.text, "sep": line.sep, "attrs": line.attrs},
            "bytes": line_bytes(line).hex(),
            "expect": expect_hash(line),
        }
        for name, line in LINES.items()
    ]


def published() -> str:
    """The content of the file, one vector a line, escaped to ASCII so that no editor changes it."""
    return "[\n" + ",\n".join(json.dumps(vector) for vector in vectors()) + "\n]\n"


if __name__ == "__main__":
    print(published(), end="")
