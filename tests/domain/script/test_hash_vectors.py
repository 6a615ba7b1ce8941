"""The `expect` hash is stable, and the same in Python and JavaScript."""

from __future__ import annotations

import json
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest

from domain.script.hashing import expect_hash, expect_hash_of
from domain.script.line import Attr, Line
from domain.script.state import Element
from tests.domain.hash_vectors import LINES, published, vectors

FOLDER = Path(__file__).parents[3] / "docs" / "vectors"


def test_the_published_vectors_match_the_program() -> None:
    assert (FOLDER / "expect.json").read_text(encoding="ascii") == published()


def test_no_two_vectors_have_the_same_bytes() -> None:
    assert len({vector["bytes"] for vector in vectors()}) == len(LINES)


def test_a_vector_can_be_checked_by_hand() -> None:
    by_hand = b"line.1:9:character,4:ANNA,1:\n,"

    assert vectors()[0]["bytes"] == by_hand.hex()
    assert vectors()[0]["expect"] == sha256(by_hand).hexdigest()[:12]


def test_a_story_element_can_be_checked_by_hand() -> None:
    by_hand = b'7:element,54:{"id":"e1","payload":{},"source":"user","type":"beat"},'

    assert expect_hash_of("element", Element("e1", "beat", {})) == sha256(by_hand).hexdigest()[:12]


def test_javascript_computes_the_same() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    lines = [*LINES.values(), *random_lines(500)]
    given = [{"format": line.format, "text": line.text, "sep": line.sep, "attrs": line.attrs} for line in lines]

    ran = subprocess.run(
        [node, FOLDER / "expect.mjs"], input=json.dumps(given).encode(), capture_output=True, check=True, timeout=60
    )

    assert ran.stdout.decode().split() == [expect_hash(line) for line in lines]


def test_the_example_in_the_javascript_is_correct() -> None:
    example = expect_hash(Line("", "character", "ANNA"))

    assert f'→ "{example}"' in (FOLDER / "expect.mjs").read_text(encoding="utf-8")


def random_lines(count: int) -> list[Line]:
    """Lines of characters from every plane, with all kinds of attributes."""
    random = Random(1)

    def text() -> str:
        planes = [range(0x20, 0x7F), range(0xA0, 0xD800), range(0x1F600, 0x1F640), range(0x10000, 0x110000)]
        return "".join(chr(random.choice(random.choice(planes))) for _ in range(random.randrange(8)))

    def attribute() -> Attr:
        values: list[Attr] = [text(), random.randrange(-9, 9), True, False]
        return random.choice(values)

    return [
        Line(
            "",
            random.choice(["action", "dialogue"]),
            text(),
            random.choice(["\n", "\r\n", ""]),
            {f"a{number}": attribute() for number in range(random.randrange(4))},
        )
        for _ in range(count)
    ]
