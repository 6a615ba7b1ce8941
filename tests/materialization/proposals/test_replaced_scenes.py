"""Replaced scenes: where a scene that a model wrote as a whole ends, and how much an answer may replace."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from domain.proposals.model_output import MAX_EDITS, decode_proposed
from domain.proposals.refusals import ModelOutputInvalid
from domain.proposals.shown_lines import LineRange, ShownLines
from domain.script.line import Line, LineFormat
from domain.script.state import State
from domain.submissions.submission import decode_commands
from materialization.proposals.draft_hunks import Drafted, draft
from tests.domain.folding import run
from tests.domain.scripts import script
from tests.materialization.proposals.queued_proposal import PROPOSAL

ROWS: tuple[tuple[LineFormat, str], ...] = (
    ("section", "# Act One"),
    ("scene_heading", "INT. BAR - NIGHT"),
    ("action", "Rosa waits."),
    ("section", "# Act Two"),
    ("section", "## Sequence One"),
    ("scene_heading", "EXT. STREET - DAWN"),
    ("action", "Rain."),
)
OLD = [text for _, text in ROWS]


@pytest.fixture
def base() -> State:
    return script(*(Line(f"l{n}", form, text, "\n\n") for n, (form, text) in enumerate(ROWS, 1)))


def drafted(base: State, answer: Any, within: LineRange | None = None) -> Drafted:
    data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return draft(PROPOSAL, decode_proposed(data), base, ShownLines(base, within))


def texts(base: State, drafted: Drafted) -> list[str]:
    assert drafted.refusal is None
    commands = [command for hunk in drafted.hunks for command in decode_commands(hunk.commands)]
    return [line.text for line in run(base, commands).lines()]


def written(*rows: tuple[str, str]) -> dict[str, Any]:
    return {"lines": [{"format": form, "text": text} for form, text in rows]}


LEAVES = ("action", "Rosa leaves.")


def test_a_scene_ends_before_the_section_after_it(base: State):
    scene = written(ROWS[1], LEAVES)
    changed = [*OLD[:2], "Rosa leaves.", *OLD[3:]]

    assert texts(base, drafted(base, scene)) == changed
    assert texts(base, drafted(base, b"INT. BAR - NIGHT\n\nRosa leaves.\n")) == changed
    assert texts(base, drafted(base, scene, LineRange(2, 4))) == changed
    renamed = written(("scene_heading", "INT. CELLAR - NIGHT"), LEAVES)
    assert texts(base, drafted(base, renamed, LineRange(2, 4))) == [OLD[0], "INT. CELLAR - NIGHT", *changed[2:]]


def test_sections_that_were_written_with_a_scene_are_replaced_and_not_doubled(base: State):
    one = written(ROWS[1], LEAVES, ROWS[3])
    both = written(ROWS[1], LEAVES, ("section", "# Act Zwei"), ROWS[4])

    assert texts(base, drafted(base, one)) == [*OLD[:2], "Rosa leaves.", *OLD[3:]]
    assert texts(base, drafted(base, both)) == [*OLD[:2], "Rosa leaves.", "# Act Zwei", *OLD[4:]]


@pytest.mark.parametrize(
    ("answer", "within"),
    [
        (written(ROWS[1], LEAVES, ROWS[5], ROWS[6]), None),
        (written(ROWS[1], LEAVES, ROWS[3], ROWS[5], ROWS[6]), None),
        (written(LEAVES), LineRange(1, 3)),
        (written(LEAVES), LineRange(3, 5)),
    ],
    ids=["two scenes", "two scenes and one section", "before a scene", "after a scene"],
)
def test_scenes_without_the_section_between_them_are_returned(base: State, answer: Any, within: LineRange | None):
    refusal = drafted(base, answer, within).refusal

    assert isinstance(refusal, ModelOutputInvalid)
    assert "leave out a section" in refusal.message


def replacement(shown: ShownLines, first: int, last: int, text: str = "x") -> dict[str, Any]:
    rows = {int(row.number): {"line": row.number, "expect": row.hash} for row in shown.rows()}
    return {"edit": "replace", "first": rows[first], "last": rows[last], **written(("action", text))}


def test_replacing_the_whole_script_thousands_of_times_is_refused_before_it_takes_long():
    base = script(*(Line(f"l{n}", "action", f"Line number {n}.", "\n\n") for n in range(1, 2_001)))
    edit = replacement(ShownLines(base), 1, 2_000)
    for hunks in ([{"edits": [edit] * MAX_EDITS}], [{"why": str(n), "edits": [edit] * 10} for n in range(200)]):
        proposed = decode_proposed(json.dumps({"hunks": hunks}).encode())
        began = time.process_time()
        refusal = draft(PROPOSAL, proposed, base, ShownLines(base)).refusal
        assert time.process_time() - began < 5.0
        assert isinstance(refusal, ModelOutputInvalid)
        assert refusal.facts["edit"] == 2


def test_two_alternatives_are_offered_and_a_third_is_refused(base: State):
    shown = ShownLines(base)
    hunks = [{"why": text, "edits": [replacement(shown, 1, 7, text)]} for text in ("A.", "B.", "C.")]
    result = drafted(base, {"hunks": hunks})

    assert {hunk.why for hunk in result.hunks} == {"A.", "B."}
    assert isinstance(result.refusal, ModelOutputInvalid)
    assert result.at == 2


def test_every_line_may_be_replaced_on_its_own(base: State):
    shown = ShownLines(base)
    edits = [replacement(shown, at, at, f"{at}.") for at in range(1, len(ROWS) + 1)]

    assert texts(base, drafted(base, {"hunks": [{"edits": edits}]})) == [f"{at}." for at in range(1, len(ROWS) + 1)]
