"""Keyframes: whole states as compressed bytes, so that reading a version applies a bounded number of deltas.

A keyframe is two zstd frames. The first is the content as JSON by column (all ids, all formats, all texts, …), which
compresses and decodes better than by line, with the checksum of the second frame. The second holds the retired ids,
which readers do not need.
"""

from __future__ import annotations

from hashlib import sha256
from zlib import crc32

import msgspec
import zstandard
from immutables import Map
from msgspec import Struct

from domain.errors import Corrupt
from domain.script.hashing import netstrings
from domain.script.line import Attr, Line, LineFormat
from domain.script.retired_ids import Retired
from domain.script.state import EDGE, RING, Element, Mark, Node, Persona, State, Value, line_size

LEVEL = 2  # measured: zlib inside the transaction cost 37 % of throughput; zstd 1-3 is lost in the noise
MAX_KEYFRAME_BYTES = 512 << 20
# The type of a block that holds one byte and a repeat count.
_RUN_OF_ONE_BYTE = 1


class _Columns(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    ids: list[str]
    formats: list[LineFormat]
    texts: list[str]
    seps: list[str]
    attrs: dict[str, dict[str, Attr]]
    versions: list[int]
    metadata: dict[str, Value]
    elements: list[Element]
    personas: list[Persona]
    retired: dict[str, int]
    labels: dict[str, int]
    marks: dict[str, Mark] = {}
    retired_sum: int = 0


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(_Columns)


def encode_keyframe(state: State) -> bytes:
    """A whole state as bytes; version and state hash are not part of them."""
    retired = state.retired.pack()
    return (
        zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(_columns(state, crc32(retired))) + retired
    )


def raw_size(data: bytes) -> int:
    """Size of a keyframe's content in bytes before compression."""
    return int(zstandard.frame_content_size(data))


def is_keyframe_of(data: bytes, state: State) -> bool:
    """Whether a keyframe equals a state, compared without building another; Corrupt where the bytes are invalid."""
    try:
        raw, retired = _first_frame(data)
    except (zstandard.ZstdError, ValueError) as error:
        raise Corrupt(f"the keyframe of version {state.version} cannot be read: {error}") from error
    if raw == _columns(state, crc32(retired)):
        return state.retired.is_packed_in(retired)
    # The first keyframes had another encoding. Not compared by ==, which takes True for 1.
    other = decode_keyframe(data, state.version, state.hash)
    return _columns(other, 0) == _columns(state, 0) and other.retired == state.retired


def digest(state: State) -> bytes:
    """32-byte hash of everything a keyframe would hold."""
    return sha256(netstrings((_columns(state, 0), state.retired.written()))).digest()


def decode_keyframe(data: bytes, version: int, state_hash: int) -> State:
    """The state a keyframe holds; Corrupt where the bytes are invalid."""
    try:
        raw, retired = _first_frame(data)
        columns = _decoder.decode(raw)
        nodes = _ring(columns)
    except (zstandard.ZstdError, ValueError, RecursionError) as error:
        raise Corrupt(f"the keyframe of version {version} cannot be read: {error}") from error
    if crc32(retired) != columns.retired_sum:
        raise Corrupt(f"the keyframe of version {version} does not have the retired ids it was written with")
    return State(
        version=version,
        hash=state_hash,
        nodes=nodes,
        metadata=Map(columns.metadata),
        elements=Map({element.id: element for element in columns.elements}),
        personas=Map({persona.id: persona for persona in columns.personas}),
        # The first keyframes stored the retired ids among the columns.
        retired=Retired.packed(retired) if retired else Retired.of(columns.retired),
        labels=Map(columns.labels),
        marks=Map(columns.marks),
        characters=_characters(nodes, columns),
    )


def _columns(state: State, retired_sum: int) -> bytes:
    nodes = list(state.in_order())
    lines = [node.line for node in nodes]
    columns = _Columns(
        ids=[line.id for line in lines],
        formats=[line.format for line in lines],
        texts=[line.text for line in lines],
        seps=[line.sep for line in lines],
        attrs={line.id: line.attrs for line in lines if line.attrs},
        versions=[node.version for node in nodes],
        metadata=dict(sorted(state.metadata.items())),
        elements=[state.elements[name] for name in sorted(state.elements)],
        personas=[state.personas[name] for name in sorted(state.personas)],
        retired={},
        labels=dict(sorted(state.labels.items())),
        marks=dict(sorted(state.marks.items())),
        retired_sum=retired_sum,
    )
    return _encoder.encode(columns)


def _first_frame(data: bytes) -> tuple[bytes, bytes]:
    """Content of the first frame, and the bytes after it. Takes no more memory than the frame declares."""
    size = zstandard.frame_content_size(data)
    if not 0 <= size <= MAX_KEYFRAME_BYTES:
        raise ValueError("its size is missing" if size < 0 else "its declared size is over the limit")
    raw = zstandard.ZstdDecompressor().decompress(data)
    if len(raw) != size:
        raise ValueError("its size is not the declared one")
    return raw, data[_frame_end(data) :]


def _frame_end(data: bytes) -> int:
    """End offset of the first frame, by the headers of its blocks (RFC 8878, 3.1.1)."""
    at = zstandard.frame_header_size(data)
    last = 0
    while not last:
        header = int.from_bytes(data[at : at + 3], "little")
        last, kind, size = header & 1, header >> 1 & 3, header >> 3
        at += 3 + (1 if kind == _RUN_OF_ONE_BYTE else size)
        if at > len(data):
            raise ValueError("its end is missing")
    return at + 4 * zstandard.get_frame_parameters(data).has_checksum


def _characters(nodes: Map[str, Node], columns: _Columns) -> int:
    size = sum(map(len, columns.texts)) + sum(map(len, columns.seps))
    described = (nodes[name].line for name in columns.attrs if name in nodes)
    return size + sum(line_size(line) - len(line.text) - len(line.sep) for line in described)


def _ring(columns: _Columns) -> Map[str, Node]:
    # `map` and `zip` build a thousand lines in two thirds of the time of a Python loop.
    ids, attrs = columns.ids, columns.attrs
    per_line = (ids, columns.formats, columns.texts, columns.seps, columns.versions)
    if len({len(column) for column in per_line}) != 1:
        raise ValueError("its columns have different lengths")
    described = ([attrs.get(name) or {} for name in ids],) if attrs else ()
    lines = map(Line, ids, columns.formats, columns.texts, columns.seps, *described)
    ring = [EDGE, *ids, EDGE]
    nodes = dict(zip(ids, map(Node, lines, ring[:-2], ring[2:], columns.versions), strict=True))
    nodes[EDGE] = Node(RING, before=ring[-2], after=ring[1], version=0)
    return Map(nodes)
