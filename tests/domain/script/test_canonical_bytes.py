"""Equal values have equal canonical bytes, however they were created."""

from __future__ import annotations

import msgspec

from domain.script.hashing import canonical_json, expect_hash_of, same
from domain.script.line import Line
from domain.script.state import Element


def test_an_explicit_default_equals_an_omitted_one() -> None:
    sent = msgspec.json.decode(b'{"id":"e1","type":"beat","payload":{},"source":"user"}', type=Element)
    left_out = msgspec.json.decode(b'{"id":"e1","type":"beat","payload":{}}', type=Element)

    assert canonical_json(sent) == canonical_json(left_out)
    assert expect_hash_of("element", sent) == expect_hash_of("element", left_out)
    assert same(sent, left_out)


def test_a_decoded_line_equals_a_constructed_one() -> None:
    decoded = msgspec.json.decode(b'{"id":"l1","format":"action","text":"Rain.","sep":"\\n"}', type=Line)

    assert same(decoded, Line("l1", "action", "Rain."))
