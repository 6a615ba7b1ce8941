"""Numbers of things and the verbs that follow them."""

from __future__ import annotations

import pytest

from domain.counting import counted, does


@pytest.mark.parametrize(("count", "words"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (12_345, "12,345 rows")])
def test_a_noun_agrees_with_its_number(count: int, words: str):
    assert counted(count, "row") == words


@pytest.mark.parametrize(("verb", "singular"), [("wait", "waits"), ("are", "is"), ("were", "was"), ("have", "has")])
def test_a_verb_agrees_with_its_number(verb: str, singular: str):
    assert (does(1, verb), does(2, verb), does(0, verb)) == (singular, verb, verb)
