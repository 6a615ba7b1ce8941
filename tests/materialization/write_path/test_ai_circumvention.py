"""An AI cannot remove more of people's text than its share, by any trick."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from domain.commands.base import Command, Target
from domain.commands.kinds.element import ElementAdd, ElementRemove, ElementUpdate
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.line_splice import LineSplice
from domain.commands.kinds.line_split_and_merge import MergeLines, SplitLine
from domain.commands.kinds.lines_insert_and_delete import LinesDelete, LinesInsert
from domain.commands.kinds.persona import PersonaAdd, PersonaRemove
from domain.commands.kinds.script_set_metadata import ScriptSetMetadata
from domain.commands.kinds.version_label import VersionLabel
from domain.refusals import NotForAi
from domain.script.hashing import expect_hash
from domain.script.line import Line
from domain.script.printed_text import letters
from domain.script.state import Element, Persona, State
from domain.submissions.submission import Cause
from materialization.write_path.ai_limits import DAY_MICROS
from materialization.write_path.submit import Ledger
from repos.unit_of_work import UnitOfWork
from tests.materialization.write_path.script_editor import ScriptEditor

TWENTY = tuple(Line(f"l{n}", "action", f"What a person wrote in line {n}.") for n in range(20))
SHARE = 4
Step = Callable[[State], Sequence[Command]]


def by_ai(run: str = "r") -> dict[str, Any]:
    return {"author": "ai", "cause": Cause(model="m", prompt="p", run_id=run)}


@pytest.fixture
def twenty(editor: ScriptEditor) -> ScriptEditor:
    return editor.begin(*TWENTY)


def target(state: State, name: str) -> Target:
    return Target(name, state.content_hash("line", name))


def delete(*names: str) -> Step:
    return lambda state: [LinesDelete(lines=tuple(target(state, name) for name in names if state.has_line(name)))]


def rewrite(text: Callable[[str], str], count: int = 20, **fields: Any) -> Step:
    def commands(state: State) -> list[Command]:
        lines = [state.line(f"l{n}") for n in range(count)]
        return [LineEdit(line=line.id, expect=expect_hash(line), text=text(line.text), **fields) for line in lines]

    return commands


def as_format(name: Any) -> Step:
    return rewrite(lambda text: text, format=name)


def blank(character: str) -> Step:
    return rewrite(lambda text: character * len(text))


def pad(text: str, count: int = 100) -> Step:
    lines = tuple(Line(f"p{n}", "action", text) for n in range(count))
    return lambda _: [LinesInsert(after="l19", before=None, lines=lines)]


def rewrite_padding(state: State) -> list[Command]:
    return [LineEdit(line=name, expect=expect_hash(state.line(name)), text="Others.") for name in PADDING]


def merge_all(state: State) -> list[Command]:
    hashes = [expect_hash(state.line(f"l{n}")) for n in range(20)]
    return [
        MergeLines(line="l0", expect=hashes[0] if n == 1 else None, next=f"l{n}", expect_next=hashes[n])
        for n in range(1, 20)
    ]


def split_all(state: State) -> list[Command]:
    return [SplitLine(line=f"l{n}", expect=expect_hash(state.line(f"l{n}")), at=0, new_id=f"s{n}") for n in range(20)]


def splice_out(state: State) -> list[Command]:
    lines = [state.line(f"l{n}") for n in range(20)]
    return [
        LineSplice(line=line.id, expect=expect_hash(line), at=0, delete=len(line.text), insert="\u2800" * 9)
        for line in lines
    ]


ALL = tuple(line.id for line in TWENTY)
PADDING = tuple(f"p{n}" for n in range(100))
WAYS: dict[str, list[Step]] = {
    "deleted": [delete(*ALL)],
    "padded with empty lines": [pad(""), delete(*ALL)],
    "padded with lines of its own": [pad("Words of an AI that fill a line."), delete(*ALL)],
    "padded in the same submission": [lambda state: [*pad("Words.")(state), *delete(*ALL)(state)]],
    "zero width spaces": [blank("\u200b")],
    "word joiners": [blank("\u2060")],
    "braille blanks": [blank("\u2800")],
    "hangul fillers": [blank("\u3164")],
    "combining marks alone": [blank("\u0301")],
    "soft hyphens": [blank("\u00ad")],
    "tag characters": [blank("\U000e0041")],
    "no-break spaces": [blank("\u00a0")],
    "full stops": [blank(".")],
    "one letter": [rewrite(lambda _: "x")],
    "inline notes": [rewrite(lambda text: f"x [[{text}]]")],
    "inline boneyards": [rewrite(lambda text: f"/* {text} */")],
    "notes": [as_format("note")],
    "boneyards": [as_format("boneyard")],
    "synopses": [as_format("synopsis")],
    "sections": [as_format("section")],
    "page breaks": [as_format("page_break")],
    "title page": [as_format("title_entry")],
    "spliced out": [splice_out],
    "merged": [merge_all],
    "split at the start": [split_all],
    "made its own, then deleted": [rewrite(lambda text: text + " "), delete(*ALL)],
    "shortened, then shortened again": [
        rewrite(lambda text: text[: len(text) * 2 // 3]),
        rewrite(lambda text: text[: len(text) * 2 // 3]),
        rewrite(lambda text: text[: len(text) * 2 // 3]),
    ],
    "a few at a time": [delete(*ALL[n : n + 3]) for n in range(0, 20, 3)],
    "deleted, brought back, deleted": [
        delete(*ALL[:4]),
        lambda _: [LinesInsert(after=None, before="l4", lines=TWENTY[:4], revives=1)],
        delete(*ALL[:8]),
    ],
}


@pytest.mark.parametrize("steps", WAYS.values(), ids=WAYS)
def test_a_run_cannot_remove_more_of_people_s_text_than_its_share(twenty: ScriptEditor, steps: list[Step]):
    outcomes = [twenty.send(*step(twenty.state()), **by_ai()) for step in steps]

    assert outcomes[-1].refusal is not None
    assert outcomes[-1].refusal.code == "ai_deletes_too_much"
    assert outcomes[-1].refusal.facts["lines"] == 20
    state = twenty.state()
    there = [line for line in TWENTY if state.has_line(line.id)]
    kept = [line for line in there if 2 * letters(state.line(line.id).text) >= letters(line.text)]
    assert len(kept) >= 20 - SHARE


@pytest.mark.parametrize("steps", WAYS.values(), ids=WAYS)
def test_a_person_may_do_the_same(twenty: ScriptEditor, steps: list[Step]):
    for step in steps:
        state = twenty.state()
        assert twenty.send(*step(state)).outcome == "applied"


@pytest.mark.parametrize(
    "steps",
    [
        [rewrite(lambda text: text.upper())],
        [rewrite(lambda text: text.replace("What a person wrote", "Etwas, das anders lautet,"))],
        [as_format("dialogue")],
        [pad("Words of an AI."), delete(*PADDING)],
        [pad("Words."), rewrite_padding, delete(*PADDING)],
        [delete(*ALL[:4])],
    ],
    ids=["capitals", "reworded", "another format", "its own lines", "its own lines, rewritten", "its share"],
)
def test_ordinary_ai_edits_are_not_counted_as_losses(twenty: ScriptEditor, steps: list[Step]):
    for step in steps:
        assert twenty.send(*step(twenty.state()), **by_ai()).outcome == "applied"


def test_a_person_s_rewrite_of_an_ai_line_counts_as_the_person_s(twenty: ScriptEditor):
    twenty.send(*pad("Words of an AI.", 20)(twenty.state()), **by_ai())
    state = twenty.state()
    own = [LineEdit(line=f"p{n}", expect=expect_hash(state.line(f"p{n}")), text="A person's.") for n in range(20)]
    twenty.send(*own)

    answer = twenty.send(*delete(*(f"p{n}" for n in range(20)))(twenty.state()), **by_ai())

    assert answer.refusal is not None
    assert (answer.refusal.facts["lost"], answer.refusal.facts["lines"]) == (20, 40)


def test_all_runs_of_a_day_may_remove_twice_the_share_of_one(unit_of_work: UnitOfWork):
    now = [DAY_MICROS * 20_000]
    editor = ScriptEditor(unit_of_work, Ledger(unit_of_work, clock=lambda: now[0])).begin(*TWENTY)
    taken = [editor.send(*delete(f"l{2 * n}", f"l{2 * n + 1}")(editor.state()), **by_ai(f"r{n}")) for n in range(5)]

    assert [each.outcome for each in taken] == ["applied"] * 4 + ["refused"]
    assert taken[-1].refusal is not None
    assert "in all runs of a day" in taken[-1].refusal.message
    now[0] += DAY_MICROS
    assert editor.send(*delete("l8", "l9")(editor.state()), **by_ai("r9")).outcome == "applied"


def element(number: int, payload: dict[str, Any], source: Any = "user") -> Element:
    return Element(f"e{number}", "beat", payload, source)


WORDS = {"text": "What happens in this beat of the story."}


@pytest.fixture
def described(twenty: ScriptEditor) -> ScriptEditor:
    """Ten elements, ten personas, three fields and a draft that people made."""
    twenty.send(
        *(ElementAdd(element=element(n, WORDS)) for n in range(10)),
        *(PersonaAdd(persona=Persona(f"p{n}", "Ada", "A dry voice.")) for n in range(10)),
        ScriptSetMetadata(fields={"author": "Rosa", "genre": "drama", "note": "draft"}),
        VersionLabel(name="first", version=1),
    )
    return twenty


def remove_elements(state: State) -> list[Command]:
    return [ElementRemove(element=name, expect=state.content_hash("element", name)) for name in state.elements]


def update_elements(payload: dict[str, Any], source: Any = "user") -> Step:
    return lambda state: [
        ElementUpdate(element=element(n, payload, source), expect=state.content_hash("element", f"e{n}"))
        for n in range(10)
    ]


def remove_personas(state: State) -> list[Command]:
    return [PersonaRemove(persona=name, expect=state.content_hash("persona", name)) for name in state.personas]


def add_elements(_: State) -> list[Command]:
    return [ElementAdd(element=element(n, WORDS)) for n in range(100, 200)]


OTHER_WAYS: dict[str, list[Step]] = {
    "elements": [remove_elements],
    "personas": [remove_personas],
    "emptied elements": [update_elements({})],
    "called its own, then removed": [update_elements(WORDS, "ai"), remove_elements],
    "padded with its own": [add_elements, remove_personas],
    "fields, a draft and elements": [
        lambda state: [
            ScriptSetMetadata(fields={"author": None, "genre": "", "note": "\u200b"}),
            VersionLabel(name="first", version=None),
            *remove_elements(state)[:1],
        ]
    ],
}


@pytest.mark.parametrize("steps", OTHER_WAYS.values(), ids=OTHER_WAYS)
def test_a_run_cannot_remove_other_objects_of_people(described: ScriptEditor, steps: list[Step]):
    answers = [described.send(*step(described.state()), **by_ai()) for step in steps]

    assert answers[-1].refusal is not None
    assert answers[-1].refusal.code == "ai_removes_too_much"
    assert answers[-1].refusal.facts["lines"] == 20


def test_an_ai_may_remove_what_it_added_and_a_share_of_the_rest(described: ScriptEditor):
    assert described.send(*add_elements(described.state()), **by_ai()).outcome == "applied"
    own = [each for each in remove_elements(described.state()) if each.element not in {f"e{n}" for n in range(10)}]  # type: ignore[attr-defined]
    assert described.send(*own, **by_ai()).outcome == "applied"
    assert described.send(*remove_elements(described.state())[:4], **by_ai()).outcome == "applied"
    assert described.send(*remove_elements(described.state())[:1], **by_ai()).outcome == "refused"


def test_an_ai_locks_no_draft(twenty: ScriptEditor):
    answer = twenty.send(VersionLabel(name="Final", version=1, locked=True), **by_ai())

    assert answer.refusal is not None
    assert answer.refusal.code == "ai_locks_draft"
    assert twenty.send(VersionLabel(name="Final", version=1), **by_ai()).outcome == "applied"
    with pytest.raises(NotForAi):
        twenty.send(VersionLabel(name="Final", version=None, unlock=True), **by_ai())
