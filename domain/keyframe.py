"""Keyframes: whole states as compressed bytes, so that reading a version never costs more than a run of deltas.

The content is JSON by column (all ids, all formats, all texts, …), which compresses and reads better than by line,
behind one zstd frame with a checksum.
"""

from __future__ import annotations

import msgspec
import zstandard
from immutables import Map
from msgspec import Struct

from domain.errors import Corrupt
from domain.line import Attr, Line, LineFormat
from domain.state import EDGE, RING, Element, Mark, Node, Persona, State, Value

LEVEL = 2  # measured: zlib inside the transaction cost 37 % of throughput; zstd 1-3 is lost in the noise
MAX_KEYFRAME_BYTES = 512 << 20


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


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(_Columns)


def encode_keyframe(state: State) -> bytes:
    """A whole state as bytes; version and state hash are kept beside it, not in it."""
    nodes = [state.nodes[line_id] for line_id in state.line_ids()]
    lines = [node.line for node in nodes]
    columns = _Columns(
        ids=[line.id for line in lines],
        formats=[line.format for line in lines],
        texts=[line.text for line in lines],
        seps=[line.sep for line in lines],
        attrs={line.id: line.attrs for line in lines if line.attrs},
        versions=[node.version for node in nodes],
        metadata=dict(state.metadata),
        elements=[state.elements[name] for name in sorted(state.elements)],
        personas=[state.personas[name] for name in sorted(state.personas)],
        retired=dict(sorted(state.retired.items())),
        labels=dict(sorted(state.labels.items())),
        marks=dict(sorted(state.marks.items())),
    )
    return zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(_encoder.encode(columns))


def decode_keyframe(data: bytes, version: int, state_hash: int) -> State:
    """The state a keyframe holds; Corrupt where the bytes are none."""
    try:
        raw = zstandard.ZstdDecompressor().decompress(data, max_output_size=MAX_KEYFRAME_BYTES, allow_extra_data=False)
        columns = _decoder.decode(raw)
        nodes = _ring(columns)
    except (zstandard.ZstdError, ValueError) as error:
        raise Corrupt(f"the keyframe of version {version} cannot be read: {error}") from error
    return State(
        version=version,
        hash=state_hash,
        nodes=nodes,
        metadata=Map(columns.metadata),
        elements=Map({element.id: element for element in columns.elements}),
        personas=Map({persona.id: persona for persona in columns.personas}),
        retired=Map(columns.retired),
        labels=Map(columns.labels),
        marks=Map(columns.marks),
    )


def _ring(columns: _Columns) -> Map[str, Node]:
    ids, attrs = columns.ids, columns.attrs
    ring = [EDGE, *ids, EDGE]
    nodes = {EDGE: Node(RING, before=ring[-2], after=ring[1], version=0)}
    rows = zip(ids, columns.formats, columns.texts, columns.seps, columns.versions, ring[:-2], ring[2:], strict=True)
    for name, form, text, sep, version, before, after in rows:
        nodes[name] = Node(Line(name, form, text, sep, attrs.get(name) or {}), before, after, version)
    return Map(nodes)
