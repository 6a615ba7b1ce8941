"""Equal values have equal canonical bytes, whichever way they came into being."""

from __future__ import annotations

import msgspec

from domain.script.hashing import canonical_json, expect_hash_of, same
from domain.script.line import Line
from domain.script.state import Element


def test_a_default_that_was_sent_is_the_same_as_one_that_was_left_out() -> None:
    sent = msgspec.json.decode(b'{"id":"e1","type":"beat","payload":{},"source":"user"}', type=Element)
    left_out = msgspec.json.decode(b'{"id":"e1","type":"beat","payload":{}}', type=Element)

    assert canonical_json(sent) == canonical_json(left_out)
    assert expect_hash_of("element", sent) == expect_hash_of("element", left_out)
    assert same(sent, left_out)


def test_a_line_from_the_wire_is_the_same_as_one_made_here() -> None:
    decoded = msgspec.json.decode(b'{"id":"l1","format":"action","text":"Rain.","sep":"\\n"}', type=Line)

    assert same(decoded, Line("l1", "action", "Rain."))
