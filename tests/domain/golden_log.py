"""Golden log: one stored payload of every released kind, with its delta and the resulting state.

A line of it is never changed, because rows of existing logs never are. A new kind is appended by

    echo '{"kind":"line.paint",…}' | python -m tests.domain.golden_log >> tests/domain/golden/commands.jsonl
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from domain.script.delta import advance, encode_delta
from domain.script.hashing import state_hash_bytes
from domain.script.state import State
from domain.submissions.submission import decode_command

FOLDER = Path(__file__).parent / "golden"


class GoldenRow(NamedTuple):
    """Payload and delta as the bytes that are stored, the state hash in hex."""

    payload: bytes
    delta: bytes
    state_hash: str


def golden_rows() -> list[GoldenRow]:
    rows = map(json.loads, (FOLDER / "commands.jsonl").read_text(encoding="ascii").splitlines())
    return [GoldenRow(row["payload"].encode(), row["delta"].encode(), row["state_hash"]) for row in rows]


def golden_states(rows: list[GoldenRow]) -> Iterator[State]:
    """The states that the payloads result in today, the empty one first."""
    state = State.empty()
    yield state
    for row in rows:
        state = advance(state, decode_command(row.payload).apply(state))
        yield state


def row_for(payload: bytes, state: State) -> GoldenRow:
    delta = decode_command(payload).apply(state)
    return GoldenRow(payload, encode_delta(delta), state_hash_bytes(advance(state, delta).hash).hex())


if __name__ == "__main__":
    *_, state = golden_states(golden_rows())
    for payload in sys.stdin.buffer.read().splitlines():
        row = row_for(payload, state)
        state = advance(state, decode_command(payload).apply(state))
        print(json.dumps({"payload": payload.decode(), "delta": row.delta.decode(), "state_hash": row.state_hash}))
