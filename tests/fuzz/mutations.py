"""Mutations: changes of a valid document in a few places, as JSON values and as bytes.

Each mutation is drawn as a kind, a place and a value, so that a failing input shrinks to the few that matter.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

# The largest size of a mutated input: the largest inputs that are accepted have tests of their own.
MAX_INPUT_BYTES = 512 << 10

UNUSUAL_TEXTS = [
    "",
    " ",
    "\x00",
    "\x07\x1b]0;x\x07\x1b[2J",
    "\x7f\x85\x9b31m",
    "a\nb",
    "\r",
    "\r\n" * 1_500,
    "\u2028\u2029\u0085",
    "\u202eabc\u2066\u2067",
    "\ufeff\ufffe\uffff",
    "\ud800",
    "\udfff\ud800",
    "e\u0301" * 300,
    "👩\u200d👩\u200d👧" * 200,
    "\U0010ffff",
    "İıſßŒﬀ",
    "١٢٣",
    "%s%n{0}{field!r}{a.b}$",
    "'; DROP TABLE scripts; --",
    "../../etc/passwd",
    "x" * 65,
    "x" * 100_000,
    "\t" * 5_000,
    "((((" * 2_000,
    "aA0 " * 5_000,
    "*_" * 5_000,
]
UNUSUAL_NUMBERS = [
    0,
    -1,
    1,
    True,
    False,
    1.5,
    -0.0,
    1e308,
    2**31,
    2**53,
    2**53 - 1,
    2**63,
    -(2**63) - 1,
    2**64,
    10**300,
]

# Placeholders for values that `json.dumps` cannot write.
_RAW = {
    "@deep-40@": b"[" * 40 + b"]" * 40,
    "@deep-99@": b"[" * 99 + b"]" * 99,
    "@deep-5000@": b"[" * 5_000 + b"]" * 5_000,
    "@objects@": b'{"a":' * 3_000 + b"1" + b"}" * 3_000,
    "@open@": b"[" * 20_000,
    "@digits@": b"9" * 5_000,
    "@huge@": b"1e999",
    "@nan@": b"NaN",
    "@infinity@": b"-Infinity",
    "@long@": b"1" + b"0" * 400 + b".5e-400",
    "@half@": rb'"\ud800"',
    "@nul@": rb'"\u0000"',
    "@bytes@": b'"\xff\xc0\x80\xed\xa0\x80"',
    "@twice@": b'{"a": 1, "a": 2}',
}
unusual: SearchStrategy[Any] = (
    st.sampled_from(UNUSUAL_TEXTS)
    | st.sampled_from(UNUSUAL_NUMBERS)
    | st.sampled_from(list(_RAW))
    | st.sampled_from([None, [], {}, [[]], {"": ""}, {"__type__": "uuid", "__value__": 1}])
    | st.text(max_size=20)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
)


class Mutation(NamedTuple):
    """The kind of a mutation, its place and its value."""

    kind: str
    place: int
    value: Any


class Slot(NamedTuple):
    """A value within a document: its container, and its key or index there."""

    holder: Any
    key: Any


def mutated_json(documents: SearchStrategy[Any], *, limit: int = 4) -> SearchStrategy[bytes]:
    """JSON bytes of a document with some of its values, and sometimes some of its bytes, mutated."""
    return st.builds(_mutate_json, documents, value_changes(limit), byte_changes())


def mostly(usual: SearchStrategy[Any], unusual: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Draw from the usual strategy, and one time in five from the other."""
    return st.integers(0, 4).flatmap(lambda drawn: unusual if drawn == 4 else usual)


def value_changes(limit: int = 4) -> SearchStrategy[list[Mutation]]:
    """Mutations of a document's values."""
    change = st.builds(Mutation, st.sampled_from(list(_IN_VALUES)), st.integers(0, 1 << 20), unusual)
    return st.lists(change, max_size=limit)


def mutated_bytes(
    documents: SearchStrategy[bytes], tokens: Sequence[bytes], *, limit: int = 6
) -> SearchStrategy[bytes]:
    """A document with some of its bytes mutated; `tokens` is the syntax of its format."""
    return st.builds(mutate_bytes, documents, byte_changes(tokens, limit=limit, often=True))


def mutate_value(document: Any, changes: Sequence[Mutation]) -> Any:
    """Apply mutations to the values of a document."""
    held = [deepcopy(document)]
    for change in changes:
        slots = list(_slots(held))
        _IN_VALUES[change.kind](slots, slots[change.place % len(slots)], change)
    return held[0]


def mutate_bytes(data: bytes, changes: Sequence[Mutation]) -> bytes:
    """Apply mutations to bytes."""
    for change in changes:
        data = _IN_BYTES[change.kind](data, change.place % (len(data) + 1), change.value)[:MAX_INPUT_BYTES]
    return data


def to_json(document: Any, *, compact: bool = False) -> bytes:
    """A document as JSON bytes, including values that Python would not write."""
    separators = (",", ":") if compact else None
    data = json.dumps(document, ensure_ascii=False, separators=separators).encode(errors="surrogatepass")
    for name, raw in _RAW.items():
        data = data.replace(f'"{name}"'.encode(), raw)
    return data[:MAX_INPUT_BYTES]


def _mutate_json(document: Any, changes: Sequence[Mutation], byte_changes: Sequence[Mutation]) -> bytes:
    return mutate_bytes(to_json(mutate_value(document, changes)), byte_changes)


def byte_changes(
    tokens: Sequence[bytes] = (), *, limit: int = 2, often: bool = False
) -> SearchStrategy[list[Mutation]]:
    """Mutations of a document's bytes: none two times in three, unless `often`."""
    pieces = st.binary(max_size=8) | st.sampled_from([*tokens, b'"', b"\\", b"{", b"]", b",", b"\x00", b"\xff", b"\n"])
    values = st.tuples(pieces, st.sampled_from([0, 1, 1, 2, 7, 300, 20_000]))
    some = st.lists(
        st.builds(Mutation, st.sampled_from(list(_IN_BYTES)), st.integers(0, 1 << 20), values), max_size=limit
    )
    return some if often else st.just([]) | st.just([]) | some


def _slots(holder: Any) -> list[Slot]:
    """Every value of a document, the outer ones first."""
    slots = [Slot(holder, key) for key in (range(len(holder)) if isinstance(holder, list) else list(holder))]
    for slot in list(slots):
        inner = slot.holder[slot.key]
        if isinstance(inner, list | dict):
            slots += _slots(inner)
    return slots


def _replace(_: list[Slot], slot: Slot, change: Mutation) -> None:
    # A copy, or a list that is put into itself would make a circle.
    slot.holder[slot.key] = deepcopy(change.value)


def _remove(slots: list[Slot], slot: Slot, _: Mutation) -> None:
    if len(slots) > 1 and slot is not slots[0]:
        del slot.holder[slot.key]


def _swap(slots: list[Slot], slot: Slot, change: Mutation) -> None:
    other = slots[(change.place // len(slots)) % len(slots)]
    mine, theirs = deepcopy(slot.holder[slot.key]), deepcopy(other.holder[other.key])
    slot.holder[slot.key] = theirs
    other.holder[other.key] = mine


def _rename(_: list[Slot], slot: Slot, change: Mutation) -> None:
    if isinstance(slot.holder, dict):
        slot.holder[str(change.value)] = slot.holder.pop(slot.key)


def _wrap(_slots: list[Slot], slot: Slot, _change: Mutation) -> None:
    slot.holder[slot.key] = [slot.holder[slot.key]]


def _repeat(_: list[Slot], slot: Slot, change: Mutation) -> None:
    value, times = slot.holder[slot.key], (2, 3, 40, 2_000)[change.place % 4]
    if isinstance(value, str | list):
        slot.holder[slot.key] = value * min(times, 1 + MAX_INPUT_BYTES // 4 // (len(str(value)) + 1))


_IN_VALUES: dict[str, Callable[[list[Slot], Slot, Mutation], None]] = {
    "replace": _replace,
    "remove": _remove,
    "swap": _swap,
    "rename": _rename,
    "wrap": _wrap,
    "repeat": _repeat,
}

Piece = tuple[bytes, int]
_IN_BYTES: dict[str, Callable[[bytes, int, Piece], bytes]] = {
    "insert": lambda data, at, piece: data[:at] + piece[0] * piece[1] + data[at:],
    "overwrite": lambda data, at, piece: data[:at] + piece[0] + data[at + len(piece[0]) :],
    "truncate": lambda data, at, _: data[:at],
    "behead": lambda data, at, _: data[at:],
    "cut": lambda data, at, piece: data[:at] + data[at + piece[1] :],
    "flip": lambda data, at, piece: (
        data[:at] + bytes([data[at] ^ (1 << piece[1] % 8)]) + data[at + 1 :] if data[at:] else data
    ),
    "double": lambda data, at, piece: data[:at] + data[at : at + 40] * max(1, piece[1]) + data[at:],
}
