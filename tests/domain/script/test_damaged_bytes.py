"""Damaged stored bytes are Corrupt and never decode to a state."""

from __future__ import annotations

import pytest
import zstandard

from domain.errors import Corrupt
from domain.script.delta import (
    Delta,
    ElementRemoved,
    LineMerged,
    LinesInserted,
    LinesMoved,
    LinesRemoved,
    advance,
    decode_delta,
)
from domain.script.keyframe import decode_keyframe, encode_keyframe
from domain.script.retired_ids import Retired
from domain.submissions.submission import decode_command
from tests.domain.scripts import line, lines, script

ABC = script(*lines("one\ntwo\nthree"))


@pytest.mark.parametrize(
    "delta",
    [
        (LinesInserted("x", (line("n", ""),)),),
        (LinesInserted("n", (line("n", ""),)),),
        (LinesInserted("a", (line("b", ""),)),),
        (LinesInserted("a", (line("n", ""), line("n", ""))),),
        (LinesRemoved(("x",)),),
        (LinesRemoved(("a", "a")),),
        (LinesRemoved(("",)),),
        (LinesMoved(("x",), "a"),),
        (LinesMoved(("a",), "x"),),
        (LinesMoved(("a",), "a"),),
        (LinesMoved(("b", "b"), "a"),),
        (LinesMoved(("",), "a"),),
        (LineMerged("c"),),
        (ElementRemoved("e"),),
    ],
)
def test_a_delta_that_does_not_fit_is_corrupt(delta: Delta) -> None:
    with pytest.raises(Corrupt):
        advance(ABC, delta)


@pytest.mark.parametrize("data", [b"", b"[", b'[["?"]]', b'[["-"]]', b'[["-",["a"],1]]', b'[["-",["\xff"]]]', b"{}"])
def test_an_invalid_delta_is_corrupt(data: bytes) -> None:
    with pytest.raises(Corrupt):
        decode_delta(data)


@pytest.mark.parametrize("data", [b"", b'{"kind":"line.paint"}', b'{"kind":"line.merge","line":"a"}', b"\xff"])
def test_an_invalid_command_is_corrupt(data: bytes) -> None:
    with pytest.raises(Corrupt):
        decode_command(data)


def test_any_flipped_bit_of_a_keyframe_is_detected() -> None:
    stored = encode_keyframe(ABC)

    for at in range(len(stored)):
        damaged = bytearray(stored)
        damaged[at] ^= 1
        try:
            state = decode_keyframe(bytes(damaged), ABC.version, ABC.hash)
        except Corrupt:
            continue
        assert state == ABC, at  # an unused bit


def test_a_truncated_or_extended_keyframe_is_corrupt() -> None:
    stored = encode_keyframe(ABC)

    for damaged in (stored[:-1], stored + b"\0", b""):
        with pytest.raises(Corrupt):
            decode_keyframe(damaged, ABC.version, ABC.hash)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [(b'["one","two","three"]', b'["one","two"]'), (b'"action"', b'"haiku"'), (b'["a","b","c"]', b'["a","b","c",""]')],
)
def test_a_keyframe_whose_columns_do_not_fit_is_corrupt(was: bytes, becomes: bytes) -> None:
    first_frame = zstandard.ZstdDecompressor().decompressobj()
    raw = first_frame.decompress(encode_keyframe(ABC))
    retired = first_frame.unused_data
    assert was in raw

    with pytest.raises(Corrupt, match="cannot be read"):
        decode_keyframe(zstandard.ZstdCompressor().compress(raw.replace(was, becomes)) + retired, ABC.version, ABC.hash)


def test_a_keyframe_with_the_retired_ids_of_another_is_corrupt() -> None:
    first_frame = zstandard.ZstdDecompressor().decompressobj()
    first_frame.decompress(encode_keyframe(ABC))
    others = Retired.of({"z": 1}).pack()
    stored = encode_keyframe(ABC).removesuffix(first_frame.unused_data) + others

    with pytest.raises(Corrupt, match="retired ids"):
        decode_keyframe(stored, ABC.version, ABC.hash)


@pytest.mark.parametrize("data", [b"", b"?", zstandard.ZstdCompressor().compress(b'[["a"],[]]')])
def test_invalid_retired_ids_are_corrupt_at_the_first_lookup(data: bytes) -> None:
    with pytest.raises(Corrupt, match="removed ids"):
        Retired.packed(data).get("a")
