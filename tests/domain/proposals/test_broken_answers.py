"""Broken answer tests: a part of an answer that is broken, cut or sent twice is never taken for the whole."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from domain.errors import Rejected
from domain.proposals.model_output import MAX_OUTPUT_BYTES, decode_proposed
from domain.proposals.refusals import ModelOutputNotJson, ModelRefused


def rewrite(line: str) -> dict[str, Any]:
    return {"edit": "rewrite", "line": line, "expect": "a3f4", "text": f"No {line}."}


FIRST: dict[str, Any] = {"why": "colder", "edits": [rewrite("1"), rewrite("2")]}
SECOND: dict[str, Any] = {"why": "shorter", "edits": [rewrite("3")]}
SHAPES: dict[str, Any] = {
    "hunks": {"hunks": [FIRST, SECOND]},
    "a list of hunks": [FIRST, SECOND],
    "a list of edits": [*FIRST["edits"], *SECOND["edits"]],
    "edits": {"edits": [*FIRST["edits"], *SECOND["edits"]]},
    "fields before": {"title": "Colder", "plan": [{"step": 1}], "hunks": [FIRST, SECOND]},
    "within a field": {"result": {"hunks": [FIRST, SECOND]}},
    "another first field": [{"id": 1, **FIRST}, {"id": 2, **SECOND}],
}
AROUND = ("{}", "Here it is:\n{}\nDone.", "```json\n{}\n```", "```json\n{}", "INT. BAR - NIGHT\n\n{}", "[1] {}")


def lines(text: str) -> list[str]:
    """The lines that an answer edits; none if it is refused."""
    try:
        proposed = decode_proposed(text.encode())
    except Rejected:
        return []
    return [edit.line for hunk in proposed.hunks for edit in hunk.edits if hasattr(edit, "line")]


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("shape", SHAPES)
def test_an_answer_that_is_cut_anywhere_is_refused(shape: str, around: str):
    for indent in (None, 1):
        text = json.dumps(SHAPES[shape], indent=indent)
        for end in range(1, len(text) - 1):
            assert lines(around.format(text[:end])) == [], text[:end]


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("shape", SHAPES)
def test_an_answer_with_a_character_lost_or_added_is_taken_whole_or_refused(shape: str, around: str):
    text = json.dumps(SHAPES[shape])
    for at in range(len(text)):
        for broken in (text[:at] + text[at + 1 :], text[:at] + '"' + text[at:], text[:at] + "}" + text[at:]):
            assert len(lines(around.format(broken))) in (0, 3), broken


def test_a_draft_before_a_broken_answer_is_not_taken():
    whole, other = json.dumps({"hunks": [FIRST]}), json.dumps({"hunks": [SECOND]})

    assert lines(f"{whole}\n{other[:-3]}") == []
    assert lines(f"```json\n{whole}\n```\n```json\n{other[:-3]}\n```") == []


def test_an_edit_after_something_that_cannot_be_read_is_not_taken():
    for edit in (json.dumps(rewrite("1")), json.dumps([rewrite("1")])):
        assert lines(f'{{"changes": "he says "no"", "first": {edit}') == []


@pytest.mark.parametrize("between", ["\n", " ", ",\n", "\n\n", ";"])
def test_hunks_one_after_the_other_are_one_answer(between: str):
    hunks = between.join(json.dumps(hunk) for hunk in (FIRST, SECOND))
    answers = between.join(json.dumps({"hunks": [hunk]}) for hunk in (FIRST, SECOND))
    edits = between.join(json.dumps(edit) for edit in FIRST["edits"] + SECOND["edits"])

    for text in (hunks, answers, edits, f"Here:\n{hunks}", f"```json\n{hunks}\n```"):
        assert lines(text) == ["1", "2", "3"]


@pytest.mark.parametrize(
    "text", ["First {}, but no: {}", "```json\n{}\n```\n```json\n{}\n```", "```\n{}\n```\nThen\n```\n{}\n```"]
)
def test_two_answers_are_returned_and_one_that_is_repeated_is_taken(text: str):
    first, second = json.dumps({"hunks": [FIRST]}), json.dumps({"hunks": [SECOND]})

    with pytest.raises(ModelOutputNotJson, match="2 JSON values in it propose edits; send one with all hunks"):
        decode_proposed(text.format(first, second).encode())
    assert lines(text.format(first, first)) == ["1", "2"]


@pytest.mark.parametrize("text", ["I can't do all of it: {}", "Sorry for the delay.\n```json\n{}\n```"])
def test_a_broken_answer_after_a_word_of_refusal_is_no_refusal(text: str):
    broken = json.dumps({"hunks": [FIRST]})[:-4]

    with pytest.raises(ModelOutputNotJson):
        decode_proposed(text.format(broken).encode())
    with pytest.raises(ModelRefused):
        decode_proposed(b"I can't do all of it.")


def test_thousands_of_answers_take_bounded_time():
    pieces = [json.dumps({"lines": [number]}) for number in range(MAX_OUTPUT_BYTES // 20)]
    began = time.process_time()
    for between in ("\n", " or "):
        with pytest.raises(Rejected):
            decode_proposed(between.join(pieces).encode())

    assert time.process_time() - began < 5.0
