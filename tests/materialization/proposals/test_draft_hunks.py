"""Drafted hunks: what a model's answer does to the script, hunk by hunk; what changes nothing is no hunk."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.proposals.model_output import MAX_HUNKS, decode_proposed
from domain.proposals.refusals import LineNotShown, ModelOutputInvalid, NothingProposed, WrongLineHash
from domain.proposals.scope import Scope, lines_in
from domain.proposals.shown_lines import LineRange, ShownLines
from domain.script.line import Line, LineFormat
from domain.script.state import State
from domain.submissions.submission import decode_commands
from materialization.proposals.draft_hunks import Drafted, draft
from tests.domain.folding import run
from tests.domain.scripts import script
from tests.materialization.proposals.queued_proposal import PROPOSAL

ROWS: tuple[tuple[LineFormat, str], ...] = (
    ("scene_heading", "INT. BAR - NIGHT"),
    ("action", "Rosa waits for the last guest."),
    ("character", "ROSA"),
    ("parenthetical", "(tired)"),
    ("dialogue", "We are closed, my friend."),
    ("action", "He sits down all the same."),
    ("scene_heading", "EXT. STREET - DAWN"),
    ("action", "Rain on the tram rails."),
    ("character", "ROSA"),
    ("dialogue", "Taxi!"),
)
NUMBERS = range(1, len(ROWS) + 1)


def speech_end(form: str) -> str:
    return "\n" if form in ("character", "parenthetical") else "\n\n"


@pytest.fixture
def base() -> State:
    return script(*(Line(f"l{n}", form, text, speech_end(form)) for n, (form, text) in enumerate(ROWS, 1)))


def shown(base: State, number: int) -> dict[str, str]:
    row = list(ShownLines(base).rows())[number - 1]
    return {"line": row.number, "expect": row.hash}


def drafted(base: State, *edits: Any, within: LineRange | None = None) -> Drafted:
    given = edits[0]
    answer = {"hunks": [{"why": "w", "edits": list(edits)}]} if isinstance(given, dict) and "edit" in given else given
    data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return draft(PROPOSAL, decode_proposed(data), base, ShownLines(base, within))


def texts(base: State, drafted: Drafted) -> list[str]:
    """The texts of the script once all hunks are accepted."""
    return [line.text for line in after(base, drafted).lines()]


def after(base: State, drafted: Drafted) -> State:
    assert drafted.refusal is None
    return run(base, [command for hunk in drafted.hunks for command in decode_commands(hunk.commands)])


def rewrite(base: State, number: int, text: str, **more: Any) -> dict[str, Any]:
    return {"edit": "rewrite", **shown(base, number), "text": text, **more}


def replace(base: State, first: int, last: int, *lines: tuple[str, str]) -> dict[str, Any]:
    written = [{"format": form, "text": text} for form, text in lines]
    return {"edit": "replace", "first": shown(base, first), "last": shown(base, last), "lines": written}


def changed(texts: list[str], **new: str) -> list[str]:
    return [new.get(f"n{number}", text) for number, text in enumerate(texts, 1)]


OLD = [text for _, text in ROWS]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_rewrite_that_changes_nothing_is_no_hunk(base: State, number: int):
    same = rewrite(base, number, OLD[number - 1])
    spaced = rewrite(base, number, f"{OLD[number - 1]} \n", format=ROWS[number - 1][0])

    assert isinstance(drafted(base, same).refusal, NothingProposed)
    assert isinstance(drafted(base, spaced).refusal, NothingProposed)
    real = drafted(base, same, rewrite(base, 2, "Rosa leaves."))
    assert [len(decode_commands(hunk.commands)) for hunk in real.hunks] == [1]


def test_an_unchanged_scene_is_no_hunk(base: State):
    assert isinstance(drafted(base, replace(base, 1, 6, *ROWS[:6])).refusal, NothingProposed)


@pytest.mark.parametrize(
    ("written", "stored"), [("softly", "(softly)"), ("(softly)", "(softly)"), ("(softly", "(softly)")]
)
def test_a_parenthetical_gets_its_brackets(base: State, written: str, stored: str):
    new = {"edit": "insert", "after": "3", "lines": [{"format": "parenthetical", "text": written}]}

    assert texts(base, drafted(base, new)) == [*OLD[:3], stored, *OLD[3:]]
    assert texts(base, drafted(base, rewrite(base, 4, written))) == changed(OLD, n4=stored)
    assert texts(base, drafted(base, rewrite(base, 2, written, format="parenthetical"))) == changed(OLD, n2=stored)
    block = replace(base, 4, 4, ("parenthetical", written))
    assert texts(base, drafted(base, block)) == changed(OLD, n4=stored)


def test_a_new_speech_has_no_empty_lines_in_it(base: State):
    lines = [
        ("character", "HE"),
        ("parenthetical", "low"),
        ("dialogue", "One."),
        ("dialogue", "Two."),
        ("action", "So."),
    ]
    new = {"edit": "insert", "after": "6", "lines": [{"format": form, "text": text} for form, text in lines]}
    added = [line for line in after(base, drafted(base, new)).lines() if line.id.startswith("ai-")]

    assert [line.sep for line in added] == ["\n", "\n", "\n", "\n\n", "\n\n"]


def test_a_text_with_line_ends_becomes_lines(base: State):
    state = after(base, drafted(base, rewrite(base, 5, "No.\r\nNever.\n")))

    lines = list(state.lines())[4:6]
    assert [(line.format, line.text, line.sep) for line in lines] == [
        ("dialogue", "No.", "\n"),
        ("dialogue", "Never.", "\n\n"),
    ]
    assert lines[0].id == "l5"


SCENE = (
    ("scene_heading", "INT. BAR - NIGHT"),
    ("action", "Rosa waits for the very last guest."),
    ("character", "ROSA"),
    ("dialogue", "We are closed, my friend."),
    ("action", "Silence."),
    ("action", "He sits down all the same."),
)
NEW = [text for _, text in SCENE] + OLD[6:]


def test_a_whole_scene_becomes_the_places_that_differ(base: State):
    result = drafted(base, replace(base, 1, 6, *SCENE))

    assert texts(base, result) == NEW
    assert len(result.hunks) == 3
    kinds = [[type(command).__name__ for command in decode_commands(hunk.commands)] for hunk in result.hunks]
    assert kinds == [["LineEdit"], ["LinesDelete"], ["LinesInsert"]]
    assert [line.id for line in after(base, result).lines() if line.text in OLD] == [
        "l1", "l3", "l5", "l6", "l7", "l8", "l9", "l10"
    ]  # fmt: skip


def test_neighbouring_lines_that_change_are_one_hunk(base: State):
    new = [("action", "Rosa waits for the very last guest."), ("character", "ROSITA"), ("parenthetical", "(tired)")]
    result = drafted(base, replace(base, 2, 4, *new))

    assert len(result.hunks) == 1
    assert texts(base, result) == [OLD[0], *(text for _, text in new), *OLD[4:]]


def test_a_passage_that_differs_in_too_many_places_is_one_hunk():
    base = script(*(Line(f"l{n}", "action", f"Line number {n} of the script.") for n in range(1, 4 * MAX_HUNKS)))
    written = [line.text + (" Or so." if at % 2 else "") for at, line in enumerate(base.lines())]
    result = drafted(base, replace(base, 1, len(written), *(("action", text) for text in written)))

    assert len(result.hunks) == 1
    assert texts(base, result) == written


@pytest.mark.parametrize("order", [1, -1])
def test_a_scene_deleted_and_written_again_is_the_same_as_replaced(base: State, order: int):
    deleted = {"edit": "delete", "lines": [shown(base, number) for number in range(1, 7)]}
    new = [{"format": form, "text": text} for form, text in SCENE]
    for place in (None, "1", "6"):
        result = drafted(base, *[deleted, {"edit": "insert", "after": place, "lines": new}][::order])
        assert texts(base, result) == NEW
        assert len(result.hunks) == 3


def test_a_scene_as_the_whole_answer_replaces_the_one_with_its_heading(base: State):
    fountain = "\n\n".join(
        ["INT. BAR - NIGHT", SCENE[1][1], "ROSA\nWe are closed, my friend.", *(t for _, t in SCENE[4:])]
    )
    as_json = {"lines": [{"format": form, "text": text} for form, text in SCENE]}

    for answer in (fountain.encode(), f"```\n{fountain}\n```".encode(), as_json):
        assert texts(base, drafted(base, answer)) == NEW
        assert texts(base, drafted(base, answer, within=LineRange(1, 6))) == NEW
    both = as_json | {"lines": as_json["lines"] + [{"format": form, "text": text} for form, text in ROWS[6:]]}
    assert texts(base, drafted(base, both)) == NEW


def test_a_scene_without_a_heading_replaces_what_is_shown(base: State):
    lines = {"lines": [{"format": "action", "text": "Rain on the rails."}]}

    assert texts(base, drafted(base, lines, within=LineRange(8, 8))) == changed(OLD, n8="Rain on the rails.")
    assert isinstance(drafted(base, lines).refusal, ModelOutputInvalid)


def test_a_scene_that_is_nowhere_is_refused(base: State):
    assert isinstance(drafted(base, b"INT. MOON - DAY\n\nNobody.\n").refusal, ModelOutputInvalid)


def test_a_new_heading_of_the_only_scene_shown_is_a_rewrite(base: State):
    answer = {
        "lines": [
            {"format": "scene_heading", "text": "INT. BAR - DAY"},
            *({"format": f, "text": t} for f, t in ROWS[1:6]),
        ]
    }
    result = drafted(base, answer, within=LineRange(1, 6))

    assert texts(base, result) == changed(OLD, n1="INT. BAR - DAY")


def test_lines_outside_the_scope_are_not_shown_and_cannot_be_edited(base: State):
    within = lines_in(Scope(scene="2"), base)
    assert within == LineRange(7, 10)
    assert [row.number for row in ShownLines(base, within).rows()] == ["7", "8", "9", "10"]

    outside = drafted(base, rewrite(base, 2, "x"), within=within)
    assert isinstance(outside.refusal, LineNotShown)
    start = {"edit": "insert", "after": None, "lines": [{"format": "action", "text": "Before the scene."}]}
    assert texts(base, drafted(base, start, within=within)) == [*OLD[:6], "Before the scene.", *OLD[6:]]


def test_a_wrong_number_has_another_hash(base: State):
    wrong = {**rewrite(base, 2, "x"), "line": "3"}

    assert isinstance(drafted(base, wrong).refusal, WrongLineHash)


REPEATED = 4 * [("character", "ROSA"), ("dialogue", "No."), ("action", "A pause.")]


@pytest.mark.parametrize("right", range(1, len(REPEATED) + 1))
def test_a_wrong_number_is_known_where_lines_are_repeated(right: int):
    base = script(*(Line(f"l{n}", form, text, "\n") for n, (form, text) in enumerate(REPEATED, 1)))
    new = [{"format": "action", "text": "New."}]
    for wrong in {right - 3, right - 1, right + 3} & set(range(1, len(REPEATED) + 1)):
        named = {**shown(base, right), "line": str(wrong)}
        other = shown(base, wrong)
        for edit in (
            {"edit": "rewrite", **named, "text": "x"},
            {"edit": "delete", "lines": [named]},
            {"edit": "insert", "after": str(wrong), "expect": named["expect"], "lines": new},
            {"edit": "insert", "after": named, "lines": new},
            {"edit": "insert", "after": [str(wrong), named["expect"]], "lines": new},
            {"edit": "replace", "first": named, "last": named, "lines": new},
        ):
            assert isinstance(drafted(base, edit).refusal, WrongLineHash)
        delete = {"edit": "delete", "lines": [other]}
        insert = {"edit": "insert", "after": str(wrong), "expect": named["expect"], "lines": new}
        assert isinstance(drafted(base, delete, insert).refusal, WrongLineHash)


def test_an_insert_names_the_line_before_it_with_its_hash_or_without(base: State):
    new = {"edit": "insert", "lines": [{"format": "action", "text": "New."}]}
    hashed = shown(base, 2)
    by_id = {"after": "l2", "expect": base.content_hash("line", "l2")}
    for place in (
        {"after": "2", "expect": hashed["expect"]},
        {"after": "2"},
        {"after": hashed},
        by_id,
        {"after": "l2"},
    ):
        assert texts(base, drafted(base, new | place)) == [*OLD[:2], "New.", *OLD[2:]]
    assert texts(base, drafted(base, new | {"after": None, "expect": None})) == ["New.", *OLD]


def test_an_id_is_taken_with_a_hash_within_the_scope(base: State):
    by_id = {"edit": "rewrite", "line": "l2", "expect": base.content_hash("line", "l2"), "text": "x"}

    assert texts(base, drafted(base, by_id)) == changed(OLD, n2="x")
    assert isinstance(drafted(base, {**by_id, "expect": "0000"}).refusal, WrongLineHash)
    assert isinstance(drafted(base, by_id, within=LineRange(7, 10)).refusal, LineNotShown)


def test_a_whole_hash_is_as_good_as_its_beginning(base: State):
    whole = rewrite(base, 2, "x", expect=base.content_hash("line", "l2"))

    assert texts(base, drafted(base, whole)) == changed(OLD, n2="x")
