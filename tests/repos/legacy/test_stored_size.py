"""The size of a text in the charset of its column, as a server counts it."""

from __future__ import annotations

import pytest

from repos.legacy.column_types import stored_bytes


@pytest.mark.parametrize(
    ("charset", "size"),
    [
        (None, 7),
        ("utf8mb4", 7),
        ("utf8mb3", 7),
        ("binary", 7),
        ("latin1", 4),
        ("cp1250", 4),
        ("ascii", 4),
        ("ucs2", 8),
        ("utf16", 8),
        ("utf32", 16),
        ("gbk", 7),
        ("sjis", 5),
    ],
)
def test_a_text_has_the_size_of_its_charset(charset: str | None, size: int) -> None:
    text = "aééя"

    assert stored_bytes(text, charset) == stored_bytes(text.encode(), charset) == size


def test_bytes_that_are_not_utf8_have_a_size() -> None:
    assert stored_bytes(b"caf\xe9", "latin1") == stored_bytes(b"caf\xe9", None) == 4
    assert stored_bytes("caf\udce9", "utf16") == 8
