"""Model answer tests: what models write around and instead of the JSON that they are asked for is understood."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from domain.errors import Rejected
from domain.proposals.model_output import (
    MAX_EDITS,
    MAX_HUNKS,
    MAX_OUTPUT_BYTES,
    Insert,
    NewLine,
    ProposedEdits,
    ProposedHunk,
    Remove,
    Replace,
    Rewrite,
    ShownLine,
    decode_proposed,
)
from domain.proposals.refusals import ModelOutputInvalid, ModelOutputNotJson, ModelRefused

EDIT = {"edit": "rewrite", "line": "2", "expect": "a3f4", "text": "No. Never."}
ANSWER = {"hunks": [{"why": "colder", "edits": [EDIT]}]}
JSON = json.dumps(ANSWER)
EXPECTED = ProposedEdits((ProposedHunk((Rewrite("2", "No. Never.", "a3f4"),), "colder"),))


@pytest.mark.parametrize(
    "text",
    [
        JSON,
        f"\ufeff{JSON}",
        f"\n\n  {JSON}\n",
        f"```json\n{json.dumps(ANSWER, indent=2)}\n```",
        f"```\n{JSON}\n```\n",
        f"``` json\r\n{JSON}\r\n```",
        f"Here is the edit:\n```json\n{JSON}\n```\nAnything else?",
        f"```json\n{JSON}",
        f"Here are the edits you asked for:\n\n{JSON}\n\nLet me know {{if}} you want more.",
        f'<think>\nColder. {{"maybe": 1}}\n</think>\n\n{JSON}',
        f"<thinking>{JSON.replace('Never', 'Ever')}</thinking>{JSON}",
        f"<THINK></THINK>\n```json\n{JSON}\n```",
        f'The writer wants it colder, so "no".\n</think>\n{JSON}',
        f'Thoughts with {{"hunks": 1}} and no tags.\n</think>\n{JSON}',
        f'The form is {{"hunks": []}}. Here it is, as {JSON}, and again:\n{JSON}',
        f'I call it {{"colder" for short}}. {JSON}',
        JSON.replace('Never."}', 'Never.",}').replace("}]}]}", "},],},],}"),
        json.dumps({"summary": "done", **ANSWER, "notes": [1, {"a": None}]}),
        json.dumps({"hunks": [{"id": 1, **ANSWER["hunks"][0], "edits": [{**EDIT, "reason": "colder"}]}]}),
        json.dumps(ANSWER["hunks"]),
        json.dumps(JSON),
        json.dumps(ANSWER["hunks"][0]),
        json.dumps({"hunks": [{**EDIT, "why": "colder"}]}),
        json.dumps({"hunks": [{"why": "colder", "edits": [{**EDIT, "format": None}]}]}),
        json.dumps({"hunks": [{"why": "colder", "edits": [{**EDIT, "line": 2}]}]}),
        json.dumps({"hunks": [{"why": "colder", "edits": [{**EDIT, "expect": " A3F4 "}]}]}),
        json.dumps({"hunks": [{"why": "colder", "edits": [{**EDIT, "expect": None, "hash": "a3f4"}]}]}),
        json.dumps({"hunks": [{"why": "colder", "edits": [{**EDIT, "edit": "Rewrite"}]}]}),
        "thinking " * 40_000 + JSON,
    ],
)
def test_an_answer_is_found_in_what_is_around_it(text: str):
    assert decode_proposed(text.encode()) == EXPECTED


@pytest.mark.parametrize(("number", "digits"), [(1234, "1234"), (123, "0123"), (0, "0000"), (7, "0007")])
def test_a_hash_that_was_written_as_a_number_has_its_zeros(number: int, digits: str):
    assert only_edit({**EDIT, "expect": number}) == Rewrite("2", "No. Never.", digits)
    assert only_edit({"edit": "delete", "lines": [[2, number]]}) == Remove((ShownLine("2", digits),))


def test_a_replacement_without_its_lines_may_name_them_as_null():
    edit = {"edit": "replace", "first": None, "last": None, "lines": [{"format": "action", "text": "x"}]}

    assert only_edit(edit) == Replace((NewLine("action", "x"),))


def only_edit(edit: Any) -> Any:
    return decode_proposed(json.dumps({"hunks": [{"edits": [edit]}]}).encode()).hunks[0].edits[0]


@pytest.mark.parametrize(
    "edit",
    [
        {"edit": "delete", "lines": [{"line": "2", "expect": "a3f4"}]},
        {"edit": "delete", "lines": [["2", "a3f4"]]},
        {"edit": "delete", "lines": [[2, "A3F4"]]},
        {"edit": "delete", "line": 2, "expect": "a3f4"},
        {"edit": "delete", "number": "2", "hash": "a3f4"},
        {"edit": "remove", "lines": [{"number": 2, "hash": "a3f4", "text": "x"}]},
    ],
)
def test_a_deletion_is_understood_in_its_usual_shapes(edit: Any):
    assert only_edit(edit) == Remove((ShownLine("2", "a3f4"),))


@pytest.mark.parametrize("line", ["2", 2, ["2"], {"line": 2}])
def test_a_line_without_its_hash_stays_without(line: Any):
    assert only_edit({"edit": "delete", "lines": [line]}) == Remove((ShownLine("2", None),))


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        ([("Scene Heading", "INT. BAR")], [("scene_heading", "INT. BAR", False)]),
        ([("scene-heading", "INT. BAR")], [("scene_heading", "INT. BAR", False)]),
        ([("DIALOG", "No.")], [("dialogue", "No.", False)]),
        ([("action", "He sits.\nHe waits.")], [("action", "He sits.", True), ("action", "He waits.", False)]),
        ([("action", "He sits.\r\n\r\nHe waits.\n")], [("action", "He sits.", False), ("action", "He waits.", False)]),
        ([("action", "He sits. \t")], [("action", "He sits.", False)]),
        ([("action", "\n")], [("action", "", False)]),
    ],
)
def test_new_lines_are_understood_in_their_usual_spellings(written: list[tuple[str, str]], lines: list[Any]):
    edit = {"edit": "insert", "after": 1, "lines": [{"format": form, "text": text} for form, text in written]}

    assert only_edit(edit) == Insert("1", tuple(NewLine(*line) for line in lines))


def test_a_whole_scene_in_fountain_is_new_content_for_it():
    scene = "```fountain\nINT. BAR - NIGHT\n\nRosa waits.\n\nROSA\n(softly)\nNo.\n```"
    expected = (
        NewLine("scene_heading", "INT. BAR - NIGHT"),
        NewLine("action", "Rosa waits."),
        NewLine("character", "ROSA"),
        NewLine("parenthetical", "(softly)"),
        NewLine("dialogue", "No."),
    )

    assert decode_proposed(scene.encode()).hunks[0].edits == (Replace(expected),)
    as_json = {"lines": [{"format": line.format, "text": line.text} for line in expected]}
    assert decode_proposed(json.dumps(as_json).encode()).hunks[0].edits == (Replace(expected),)


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with rewriting this scene.",
        "I’m unable to write that.",
        "Sorry, no.",
        "I cannot assist with that request.",
        "<think>Hm.</think>\nUnfortunately, I can't do this.",
        "**I won't write this.**",
    ],
)
def test_a_refusal_in_words_is_known(text: str):
    with pytest.raises(ModelRefused) as caught:
        decode_proposed(text.encode())

    assert caught.value.message.startswith("The model refused: ")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Which scene do you mean?",
        "<think>It never ends",
        JSON[: len(JSON) // 2],
        repr(ANSWER),
        JSON.replace("No. Never.", 'No. "Never."'),
        '{"hunks": [{"why": "\\ud800"}]}',
        '{"hunks": NaN}',
        "{" * 1_000,
        "[" * 100_000,
        '{"a": ' * 100_000,
        "```json\n```",
    ],
)
def test_what_is_no_answer_is_refused(text: str):
    with pytest.raises((ModelOutputNotJson, ModelOutputInvalid)):
        decode_proposed(text.encode())


@pytest.mark.parametrize("value", [None, 7, "x", {}, {"hunks": None}, {"hunks": [None]}, {"hunks": [{"edits": {}}]}])
@pytest.mark.parametrize("nested", [False, True])
def test_another_shape_is_refused_with_its_place(value: Any, *, nested: bool):
    with pytest.raises(ModelOutputInvalid) as caught:
        decode_proposed(json.dumps({"hunks": [{"edits": [value]}]} if nested else value).encode())

    assert caught.value.facts["field"]


ODD: list[Any] = [None, 7, "x", [], {}, [[]], True, 1e300, 10**30]


@pytest.mark.parametrize("kind", ["rewrite", "insert", "delete", "replace", 7, None])
@pytest.mark.parametrize("name", ["line", "expect", "text", "format", "after", "lines", "first", "last"])
def test_an_edit_of_an_unusual_shape_never_breaks_the_decoder(kind: Any, name: str):
    for value in ODD:
        edit = {"edit": kind, "line": "1", "expect": "aaaa", "text": "x", "after": None, "lines": [], name: value}
        for shape in (edit, {"hunks": [{"edits": [edit]}]}, [edit], {"lines": value}):
            assert outcome(json.dumps(shape).encode())


def outcome(data: bytes) -> object:
    try:
        return decode_proposed(data)
    except Rejected as refusal:
        return refusal.message


def test_a_rename_in_many_hunks_is_one_where_they_have_one_reason():
    hunk = {"why": "rename", "edits": [EDIT]}
    (merged,) = decode_proposed(json.dumps({"hunks": [hunk] * 639}).encode()).hunks
    assert len(merged.edits) == 639
    assert len(decode_proposed(json.dumps({"hunks": [hunk] * MAX_HUNKS}).encode()).hunks) == MAX_HUNKS

    different = [{**hunk, "why": str(number)} for number in range(MAX_HUNKS + 1)]
    with pytest.raises(ModelOutputInvalid, match=f"{MAX_HUNKS + 1} hunks, more than the {MAX_HUNKS} allowed"):
        decode_proposed(json.dumps({"hunks": different}).encode())
    with pytest.raises(ModelOutputInvalid, match=f"more than the {MAX_EDITS} allowed"):
        decode_proposed(json.dumps({"hunks": [hunk] * (MAX_EDITS + 1)}).encode())


def test_a_long_reason_is_cut():
    answer = {"hunks": [{"why": "x" * 5_000, "edits": [EDIT]}]}

    assert decode_proposed(json.dumps(answer).encode()).hunks[0].why == "x" * 1_000


@pytest.mark.parametrize(
    "piece", ['{"a":', "[[{", '{"', "```json\n{", "<think>", '"\\', "{}", ",}", "</think>", "INT. A\n\n", "{ "]
)
def test_the_largest_answers_take_bounded_time(piece: str):
    data = (piece * (MAX_OUTPUT_BYTES // len(piece))).encode()
    began = time.process_time()
    with pytest.raises(Rejected):
        decode_proposed(data)

    assert time.process_time() - began < 5.0
