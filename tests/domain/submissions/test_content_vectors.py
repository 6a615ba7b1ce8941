"""The content hash of a submission is stable, and the same in Python and JavaScript."""

from __future__ import annotations

import json
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from domain.commands.registry import KINDS
from domain.submissions.submission import content_hash, decode_submission, encode_command
from tests.domain.content_vectors import FILE, SENT, fields, published, vectors
from tests.domain.folding import Step
from tests.domain.strategies import histories

SCRIPT = FILE.with_suffix(".mjs")


def test_the_published_vectors_match_the_program() -> None:
    assert FILE.read_text(encoding="ascii") == published()


def test_the_published_fields_cover_every_kind_of_command() -> None:
    assert KINDS.keys() < fields().keys()


def test_a_vector_can_be_checked_by_hand() -> None:
    by_hand = (
        b'{"script_id":7,"submission_id":"s1","author":"user","base_version":12,"commands":['
        b'{"kind":"line.splice","line":"l1","at":3,"insert":"x","expect":"66f7401153ef"}],"cause":{}}'
    )

    assert vectors()[0]["canonical"].encode() == by_hand
    assert vectors()[0]["sha256"] == sha256(by_hand).hexdigest()


def test_the_same_content_has_the_same_hash_however_it_is_written() -> None:
    keystroke, reordered, written_out, *others = (vector["sha256"] for vector in vectors())

    assert keystroke == reordered == written_out
    assert keystroke not in others
    assert len(set(others)) == len(others)


def test_a_canonical_form_is_its_own() -> None:
    for vector in vectors():
        assert content_hash(decode_submission(vector["canonical"].encode())).hex() == vector["sha256"]


def test_javascript_computes_the_published_vectors() -> None:
    assert hashes_in_javascript(list(SENT.values())) == [vector["sha256"] for vector in vectors()]


def test_javascript_computes_the_same_for_commands_of_every_kind() -> None:
    sent: list[dict[str, Any]] = []

    @given(histories())
    def collect(history: list[Step]) -> None:
        commands = [backwards(json.loads(encode_command(step.command))) for step in history]
        for command in commands:
            frame = {"base_version": 1, "author": "user", "submission_id": f"s{len(sent)}", "script_id": 1}
            sent.append({"commands": [command], **frame})

    collect()

    assert len({submission["commands"][0]["kind"] for submission in sent}) > 10
    expected = [content_hash(decode_submission(json.dumps(submission).encode())).hex() for submission in sent]
    assert hashes_in_javascript(sent) == expected


def test_javascript_refuses_an_unknown_kind_of_command() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        hashes_in_javascript([{"commands": [{"kind": "toString"}]}])


def backwards(value: Any) -> Any:
    """A value with the fields of every object in reverse order, and numbers as JavaScript writes them."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return [backwards(each) for each in value] if isinstance(value, list) else value


def hashes_in_javascript(submissions: list[dict[str, Any]]) -> list[str]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    given_ = json.dumps(submissions).encode()
    ran = subprocess.run([node, Path(SCRIPT)], input=given_, capture_output=True, check=True, timeout=60)
    return ran.stdout.decode().split()
