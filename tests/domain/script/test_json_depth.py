"""Deeply nested JSON is cut to the depth that every interpreter reads, and refused with the same code by all."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Corrupt, Rejected
from domain.proposals.model_output import decode_proposed
from domain.script.delta import decode_delta
from domain.script.json_depth import cut_deep
from domain.submissions.answer import decode_answer
from domain.submissions.submission import decode_command, decode_commands, decode_submission
from tests.domain.submissions.bad_submissions import beat, sent

DEPTHS = (33, 101, 400, 990, 2_000, 5_000, 9_000, 20_000, 100_000)


def nested(depth: int, inside: bytes = b"") -> bytes:
    return beat({"a": 0}).replace(b'{"a": 0}', b'{"a": %s}' % (b"[" * depth + inside + b"]" * depth))


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_deep_value_is_refused_alike_by_every_interpreter(depth: int) -> None:
    assert refused(nested(depth)) == ("bad_payload", "commands[0].element.payload.a" + "[0]" * 31)


@pytest.mark.parametrize("depth", DEPTHS)
def test_objects_and_mixtures_are_refused_alike(depth: int) -> None:
    objects = beat({"a": 0}).replace(b'{"a": 0}', b'{"a":' * depth + b"1" + b"}" * depth)
    mixed = beat({"a": 0}).replace(b'{"a": 0}', b'{"a":[' * depth + b"]}" * depth)

    assert {refused(objects)[0], refused(mixed)[0]} == {"bad_payload"}


@pytest.mark.parametrize("depth", DEPTHS[1:])
def test_other_errors_are_reported_alike(depth: int) -> None:
    # Extra fields, missing fields, or a missing end: an interpreter without any limit would report these first.
    unknown = nested(depth)[:-1] + b', "colour": 1}'
    assert refused(unknown) == ("unknown_field", "the submission")
    assert refused(nested(depth).replace(b'"author": "user", ', b""))[0] == "missing_field"
    assert refused(nested(depth)[: -depth // 2])[0] == "undecodable"
    assert refused(nested(depth) + b"x")[0] == "undecodable"
    assert refused(nested(depth, b"nonsense"))[0] == "bad_payload"
    assert refused(b"[" * depth)[0] == "wrong_type"


def test_it_is_refused_alike_with_little_stack_left() -> None:
    def deeper(levels: int) -> tuple[str, str]:
        return deeper(levels - 1) if levels else refused(nested(5_000))

    assert deeper(sys.getrecursionlimit() // 2) == refused(nested(5_000))


def test_brackets_in_strings_do_not_count() -> None:
    text = '["' * 500 + "\\" + '{"' * 500

    assert cut_deep(json.dumps({"a": text}).encode()) is None
    assert decode_submission(sent({"kind": "line.edit", "line": "a", "text": text}))


@pytest.mark.parametrize("depth", DEPTHS[1:])
def test_the_answer_of_a_model_is_refused_alike(depth: int) -> None:
    with pytest.raises(Rejected) as error:
        decode_proposed(b'{"hunks": [{"edits": [{"edit": "rewrite", "line": %s}]}]}' % (b"[" * min(depth, 120_000)))

    assert error.value.code == "model_output_not_json"


@pytest.mark.parametrize("depth", [5_000, 200_000])
@pytest.mark.parametrize("decode", [decode_answer, decode_command, decode_commands, decode_delta])
def test_stored_bytes_that_are_too_deep_are_corrupt(decode: Callable[[bytes], object], depth: int) -> None:
    command = beat({"a": 0}).replace(b'"a": 0', b'"a": ' + b"[" * depth + b"]" * depth)
    with suppress(Corrupt):  # some interpreters read that far
        decode(command)
    with pytest.raises(Corrupt):
        decode(command + b"x")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('[]{}"\\a\n', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('[]{}"\\b', max_size=3), inner, max_size=3),
    max_leaves=12,
)


@given(json_values, st.integers(1, 5))
def test_only_values_that_are_too_deep_are_cut(value: Any, limit: int) -> None:
    data = json.dumps(value).encode()
    cut = cut_deep(data, limit)

    assert json.loads(data if cut is None else cut) == shallow(value, limit)
    assert cut is None or len(cut) == len(data)


@given(st.binary(max_size=60) | st.text('[]{}"\\,:1', max_size=60).map(str.encode), st.integers(1, 5))
def test_any_bytes_can_be_cut(data: bytes, limit: int) -> None:
    cut = cut_deep(data, limit)

    assert cut is None or len(cut) == len(data)


@pytest.mark.parametrize(
    "piece", [b"[", b"]", b"[]", b"[[]],", b'"', b"\\", b'\\"', b'"\\', b'["', b'{"":', b"[}", b"[0,{"]
)
def test_cutting_takes_linear_time(piece: bytes) -> None:
    began = time.process_time()
    cut_deep(piece * ((1 << 20) // len(piece)))

    assert time.process_time() - began < 1.0


def refused(data: bytes) -> tuple[str, str]:
    with pytest.raises(Rejected) as error:
        decode_submission(data)
    return error.value.code, error.value.facts.get("field", "")


def shallow(value: Any, limit: int) -> Any:
    if not isinstance(value, list | dict):
        return value
    if limit == 0:
        return 0
    if isinstance(value, list):
        return [shallow(inner, limit - 1) for inner in value]
    return {name: shallow(inner, limit - 1) for name, inner in value.items()}
