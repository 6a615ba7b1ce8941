"""JSON values are counted before decoding, outside of strings only, in linear time and little memory."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.refusals import TooManyValues
from domain.script.json_values import MAX_VALUES, count_values
from domain.submissions.submission import decode_submission
from tests.cpu_limit import cpu_limit

TEXTS = st.text(alphabet=st.sampled_from('a,[{"\\ü'))
VALUES = st.recursive(TEXTS | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner))


def marks(value: object) -> int:
    """The brackets and commas outside of strings."""
    if isinstance(value, dict):
        return 1 + max(len(value) - 1, 0) + sum(map(marks, value.values()))
    return 1 + max(len(value) - 1, 0) + sum(map(marks, value)) if isinstance(value, list) else 0


@given(VALUES)
def test_strings_are_not_counted(value: object):
    assert count_values(json.dumps(value, separators=(",", ":")).encode(), enough=0) == marks(value)


@pytest.mark.parametrize(
    "data",
    [b'"' + b'\\"' * 8_000_000, b'"' * 16_000_000, b',"\\' * 5_000_000, b"[]," * 5_000_000, b'{"":' * 4_000_000],
    ids=["escapes", "quotation marks", "cut off", "arrays", "objects"],
)
def test_counting_is_linear(data: bytes):
    with cpu_limit(5.0, "counting values"):
        count_values(data)


def test_a_submission_of_too_many_values_is_refused_before_it_is_decoded():
    data = b'{"script_id":1,"commands":[' + b"{}," * MAX_VALUES + b"{}]}"
    with pytest.raises(TooManyValues) as refused:
        decode_submission(data)
    assert refused.value.facts["count"] > MAX_VALUES
    assert "send it in parts" in refused.value.message
