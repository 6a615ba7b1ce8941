"""Fuzz target: the reader of Fountain files."""

from __future__ import annotations

from hypothesis import strategies as st

from domain.formats.registry import FORMATS
from tests.fuzz.fuzz_format import target

SAMPLE = """Title: _**Rain**_
Credit: Written by
Author: Ann
    and Bob

# Act one

= What happens

INT. BAR - NIGHT #1A#

Rain on the [[a note
over two lines]] window. /* cut
this */

JOHN ^
(whispering)
Who's *there*?

~ A song

> CUT TO:

.FORCED HEADING

@McCLANE
Yes.

> centred <

!!SHOT OF THE DOOR

===

!Action
"""
PIECES = [piece.encode() + b"\n\n" for piece in SAMPLE.split("\n\n")]
TOKENS = [
    *(
        b"[[",
        b"]]",
        b"/*",
        b"*/",
        b"===",
        b"#",
        b"=",
        b">",
        b"<",
        b"~",
        b"@",
        b".",
        b"!",
        b"^",
        b"(",
        b")",
        b"\\",
        b"  ",
    ),
    *(
        b"*",
        b"**",
        b"***",
        b"_",
        b"Title:",
        b"\r",
        b"\r\n",
        b"\x0b",
        b"\x85",
        b"\xc2\x85",
        b"\xe2\x80\xa8",
        b"\xef\xbb\xbf",
    ),
    *(b"INT. ", b"CUT TO:", b"!!", b"\xe2\x80\xae", b"\xed\xa0\x80", b"\x1b[2J", b"\xff\xfe", b"a\0b\0"),
    *(b"\x0c", b"\x1a", b"caf\xe9", b"It\x92s", b"It\xc2\x92s", b"\x8e", b"\xc2\x81", b"\x82\xa0"),
]
documents = st.just(SAMPLE.encode()) | st.lists(st.sampled_from(PIECES), max_size=8).map(b"".join)

TARGET = target(FORMATS["fountain"], documents, TOKENS)
