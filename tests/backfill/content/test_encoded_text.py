"""Texts that are compressed or encoded are recognised, and no others, in time linear in their length."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import time
import zlib
from base64 import b64encode, encodebytes, urlsafe_b64encode

import pytest

from backfill.content.encoded_text import encoding_of

TEXT = "INT. FERRY - NIGHT\n\nFog on the water. Ada: »Wer da?« 🌫️\n".encode()
LONG = TEXT * 2_000
COMPRESSED = "zlib after a length, as COMPRESS() writes it"
ZIPPED = b"PK\x03\x04\x14\x00\x00\x00\x08\xf0\xff\x00\x01\x02\x03"
WITH_LENGTH = len(TEXT).to_bytes(4, "little") + zlib.compress(TEXT)
WRAPPER = {"format": "gz", "content": b64encode(gzip.compress(TEXT)).decode()}

ENCODED = {
    "gzip": (gzip.compress(TEXT), "gzip"),
    "long gzip": (gzip.compress(bytes(range(256)) * 4_000), "gzip"),
    "cut gzip": (gzip.compress(LONG)[:60], "gzip"),
    "zlib": (zlib.compress(TEXT), "zlib"),
    "fast zlib": (zlib.compress(TEXT, 1), "zlib"),
    "best zlib": (zlib.compress(LONG, 9), "zlib"),
    "COMPRESS()": (WITH_LENGTH, COMPRESSED),
    "bzip2": (bz2.compress(TEXT), "bzip2"),
    "xz": (lzma.compress(TEXT), "xz"),
    "zstd": (b"\x28\xb5\x2f\xfd\x24\x0b", "zstd"),
    "base64": (b64encode(TEXT), "base64 of text"),
    "long base64": (b64encode(LONG), "base64 of text"),
    "JSON": (b64encode(b'{"version":2,"lines":[]}'), "base64 of text"),
    "no padding": (b64encode(TEXT).rstrip(b"="), "base64 of text"),
    "URL-safe": (urlsafe_b64encode(TEXT), "base64 of text"),
    "MIME": (encodebytes(LONG), "base64 of text"),
    "MIME on Windows": (encodebytes(LONG).replace(b"\n", b"\r\n"), "base64 of text"),
    "base64 of gzip": (b64encode(gzip.compress(TEXT)), "base64 of gzip"),
    "base64 of zlib": (b" " + b64encode(zlib.compress(LONG)) + b"\n", "base64 of zlib"),
    "base64 of COMPRESS()": (b64encode(WITH_LENGTH), f"base64 of {COMPRESSED}"),
    "base64 of a ZIP archive": (b64encode(ZIPPED), "base64 of a ZIP archive"),
    "hexadecimal": (TEXT.hex().encode(), "hexadecimal digits of text"),
    "hexadecimal zlib": (zlib.compress(TEXT).hex().upper().encode(), "hexadecimal digits of zlib"),
    "data URL": (b"data:text/plain;charset=utf-8;base64," + b64encode(TEXT), "base64 of text"),
    "JSON string": (json.dumps(encodebytes(LONG).decode()).encode(), "base64 of text"),
    "wrapper": (json.dumps(WRAPPER).encode(), "base64 of gzip"),
}  # fmt: skip
PLAIN = {
    "prose": TEXT,
    "empty": b"",
    "blank": b" \n" * 20_000,
    "a word": b"CONSTANTINOPOLITANISCHERDUDELSACKPFEIFER",
    "words": b"INT HOUSE NIGHT\nThe man walks in and looks around " * 50,
    "words of one length": b"abcdefghijklmnopqrstuvwx\n" * 20,
    "a rule": b"=" * 80,
    "dashes": b"-" * 80 + b"\n",
    "a hash": b"d41d8cd98f00b204e9800998ecf8427e",
    "a UUID": b"6fa459ea-ee8a-3ca4-894e-db77e160355e",
    "a path": b"images/2021/02/ferry_night_final_version_2",
    "a formula": b"x^2 + y^2 = z^2, which is what the teacher wrote.",
    "a formula after four letters": b"sin x^2 + cos x^2 = 1, as everyone in the room knew.",
    "a picture": b"data:image/png;base64," + b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(64))),
    "a token": b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "lines": json.dumps({"version": 2, "lines": [{"id": "a", "content": "SGVsbG8gd29ybGQsIGhlbGxv"}]}).encode(),
    "a quotation": b'"Nobody," she said, "is on the ferry."',
    "a ZIP archive in a sentence": b"PK\x03\x04 is how it begins",
    "broken gzip": b"\x1f\x8b\x08\x00" + b"\xff" * 40,
    "not UTF-8": b"\xff\xfe" + TEXT,
}


@pytest.mark.parametrize(("value", "encoding"), ENCODED.values(), ids=ENCODED)
def test_encoded_texts_are_recognised(value: bytes, encoding: str) -> None:
    assert encoding_of(value) == encoding


@pytest.mark.parametrize("value", PLAIN.values(), ids=PLAIN)
def test_other_texts_are_not(value: bytes) -> None:
    assert encoding_of(value) is None


@pytest.mark.parametrize(
    "value",
    [
        gzip.compress(bytes(64 << 20)),
        b64encode(zlib.compress(bytes(64 << 20))),
        b"A" * (4 << 20),
        b'"' + b"A" * (4 << 20),
        b'{"content":"' + b"A" * (4 << 20),
        b'{"content":"' * 300_000,
        b"data:" * 800_000,
        b"\\n" * (2 << 20),
        b"abcdefghijklmnopqrstuvwx " * 160_000,
    ],
    ids=["gzip bomb", "zlib bomb", "A", "quoted", "wrapper", "wrappers", "data", "escapes", "words"],
)
def test_a_value_of_megabytes_takes_milliseconds(value: bytes) -> None:
    begun = time.process_time()

    encoding_of(value)

    assert time.process_time() - begun < 0.5
