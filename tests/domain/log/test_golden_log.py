"""Stored commands, deltas and keyframes of the golden log keep their meaning."""

from __future__ import annotations

import json
from base64 import b64decode

import msgspec
import pytest

from domain.commands.registry import KINDS
from domain.script.delta import decode_delta, encode_delta
from domain.script.hashing import state_hash_bytes
from domain.script.keyframe import decode_keyframe
from domain.submissions.submission import decode_command, encode_command
from tests.domain.golden_log import FOLDER, golden_rows, golden_states

ROWS = golden_rows()
STATES = list(golden_states(ROWS))


def test_every_released_kind_is_in_the_golden_log() -> None:
    assert {decode_command(row.payload).kind() for row in ROWS} == set(KINDS)


def test_a_stored_command_still_has_the_same_delta() -> None:
    changed = [encode_delta(decode_command(row.payload).apply(state)) for row, state in zip(ROWS, STATES, strict=False)]

    assert changed == [row.delta for row in ROWS]


def test_a_stored_command_still_results_in_the_same_state() -> None:
    assert [state_hash_bytes(state.hash).hex() for state in STATES[1:]] == [row.state_hash for row in ROWS]


def test_a_stored_command_is_still_encoded_to_the_same_bytes() -> None:
    assert [encode_command(decode_command(row.payload)) for row in ROWS] == [row.payload for row in ROWS]
    assert [encode_delta(decode_delta(row.delta)) for row in ROWS] == [row.delta for row in ROWS]


def test_a_stored_keyframe_still_decodes_to_the_state_of_its_version() -> None:
    stored = json.loads((FOLDER / "keyframe.json").read_text(encoding="ascii"))
    state = STATES[stored["version"]]

    assert decode_keyframe(b64decode(stored["keyframe"]), state.version, state.hash) == state


@pytest.mark.parametrize("at", range(len(ROWS)), ids=[decode_command(row.payload).kind() for row in ROWS])
def test_a_kind_may_gain_a_field_with_a_default(at: int) -> None:
    """Older payloads are read with the default, have the same effect, and are encoded to the same bytes."""
    row, state = ROWS[at], STATES[at]
    kind = type(decode_command(row.payload))
    gained = [("gained", str, "as before")]
    grown = msgspec.defstruct(kind.__name__, gained, bases=(kind,), frozen=True, kw_only=True, tag=kind.kind())

    command = msgspec.json.decode(row.payload, type=grown)

    assert command.gained == "as before"
    assert encode_delta(command.apply(state)) == row.delta
    assert encode_command(command) == row.payload
