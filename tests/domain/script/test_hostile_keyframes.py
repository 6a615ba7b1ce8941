"""Decoding a stored keyframe takes no more memory than its declared size and the limit."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest
import zstandard

from domain.errors import Corrupt
from domain.script.keyframe import MAX_KEYFRAME_BYTES, decode_keyframe, encode_keyframe
from domain.script.state import State

BOMB = 64 << 20


def without_size(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_content_size=False).compress(data)


def lying(data: bytes, size: int) -> bytes:
    """A frame whose header declares another size: 0xA0 is a single segment with four bytes of size."""
    blocks = without_size(data)
    at = zstandard.frame_header_size(blocks)
    return zstandard.MAGIC_NUMBER.to_bytes(4, "little") + b"\xa0" + size.to_bytes(4, "little") + blocks[at:]


# Made when they are needed: 200 MiB would be compressed at each collection of the tests.
CASES: dict[str, Callable[[], bytes]] = {
    "no size": lambda: without_size(b"\0" * BOMB),
    "less than it is": lambda: lying(b"\0" * BOMB, 100),
    "more than it is": lambda: lying(b"\0" * 100, BOMB),
    "more than any": lambda: lying(b"\0" * 100, MAX_KEYFRAME_BYTES + 1),
    "its end is missing": lambda: zstandard.ZstdCompressor().compress(b"\0" * BOMB)[:-2],
    "no frame": lambda: b"\0" * 100,
    "nothing": lambda: b"",
    "a skippable frame": lambda: b"\x50\x2a\x4d\x18\x04\0\0\0abcd",
}


@pytest.mark.parametrize("name", CASES)
def test_a_frame_with_a_missing_or_wrong_size_is_corrupt(name: str) -> None:
    data = CASES[name]()
    tracemalloc.start()
    try:
        with pytest.raises(Corrupt):
            decode_keyframe(data, 1, 0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    # Memory of the declared size is allocated but not touched.
    assert peak < (2 * BOMB if name in ("more than it is", "its end is missing") else BOMB // 4)


def test_a_keyframe_is_decoded_with_its_second_frame() -> None:
    state = State.empty()

    assert decode_keyframe(encode_keyframe(state), 0, state.hash).retired == state.retired
