"""Saves that are compared by what differs in them are equal only if all their lines are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random

import pytest

from backfill.content.recognise import decode, shape_of
from backfill.scripts.proof.changed_lines import is_as_changed
from backfill.scripts.successive_saves import SuccessiveSaves
from backfill.translate.script_lines import script_lines
from domain.errors import Corrupt
from domain.script.delta import (
    Change,
    LineChanged,
    LineMerged,
    LinesInserted,
    LinesMoved,
    LineSpliced,
    LineSplit,
    LinesRemoved,
)
from domain.script.line import Line
from domain.script.state import EDGE, State
from domain.script.state_builder import StateBuilder

FORMATS = ("action", "dialog", "header", "of its own")
TEXTS = ("Yes.", "No.", "", "é", 'He said: "Go."', "},{", '},{"id":"', "\\", "\U0001f600")
OTHER_ID = 'x"y'  # no id of ours: its bytes do not follow from the line
IDS = ("a", "b", "c", "aa", "ab", "l1", "l10", "l100", OTHER_ID)
Entry = tuple[str, str, str]


def save(entries: list[Entry]) -> bytes:
    lines = [{"id": name, "format": form, "content": text} for name, form, text in entries]
    return json.dumps({"version": 2, "lines": lines}, ensure_ascii=False, separators=(",", ":")).encode()


def lines_of(content: bytes) -> list[Line]:
    return list(script_lines(decode(content)))


def line_of(entry: Entry) -> Line:
    [line] = lines_of(save([entry]))
    return line


def edit(random: Random, entries: list[Entry]) -> Iterator[Change]:
    """Change one entry of a save; what happens to its lines."""
    unused = [name for name in IDS if name not in {entry[0] for entry in entries}]
    place = random.randrange(len(entries) + 1)
    kind = random.choice(("change", "change", "insert", "remove", "move"))
    if kind == "insert" and unused:
        entry = random.choice(unused), random.choice(FORMATS), random.choice(TEXTS)
        yield LinesInserted(line_of(entries[place - 1]).id if place else EDGE, (line_of(entry),))
        entries.insert(place, entry)
    elif place < len(entries) and kind == "change":
        entry = entries[place][0], random.choice(FORMATS), random.choice(TEXTS)
        line = line_of(entry)
        yield LineChanged(line.id, format=line.format, text=line.text, attrs=line.attrs)
        entries[place] = entry
    elif place < len(entries) and kind == "remove":
        yield LinesRemoved((line_of(entries.pop(place)).id,))
    elif place < len(entries) and kind == "move":
        entry = entries.pop(place)
        place = random.randrange(len(entries) + 1)
        yield LinesMoved((line_of(entry).id,), after=line_of(entries[place - 1]).id if place else EDGE)
        entries.insert(place, entry)


def state_of(lines: list[Line]) -> StateBuilder:
    state = StateBuilder(State.empty())
    state.insert(EDGE, lines)
    return state


@pytest.mark.parametrize("planted", ["nothing", "ledger", "source", "both"])
def test_what_is_taken_as_equal_is_equal(planted: str):
    random = Random(planted)
    equal = seen = missed = 0
    for _ in range(1_500):
        names = random.sample(IDS, random.randint(0, len(IDS)))
        entries = [(name, random.choice(FORMATS), random.choice(TEXTS)) for name in names]
        before = save(entries)
        state = state_of(lines_of(before))
        changes = [change for _ in range(random.choice((0, 1, 1, 1, 2))) for change in edit(random, entries)]
        after = save(entries)
        if planted in ("ledger", "both"):
            # Somewhere else, before or after the right changes.
            changes[random.randrange(len(changes) + 1) :] = edit(random, list(entries))
        if planted in ("source", "both"):
            list(edit(random, entries))
            after = save(entries)
        try:
            for change in changes:
                change.onto(state)
        except Corrupt:
            continue
        is_equal = list(state.lines()) == lines_of(after)
        is_seen = is_as_changed(before, after, changes, state)
        assert is_equal or not is_seen, (before, after, changes)
        equal, seen = equal + is_equal, seen + is_seen
        missed += not is_seen and OTHER_ID not in {name for name, *_ in entries}
    assert seen > 50
    if planted == "nothing":
        # What changes a line into what it was is not in the part that differs.
        assert equal == 1_500
        assert seen > 1_200
        assert missed < 50


def test_changes_that_a_backfill_does_not_write_are_compared_by_all_lines():
    before = save([("a", "action", "One two."), ("b", "action", "Three.")])
    for change in (LineSplit("a", 4, "c", "\n", "action", {}), LineMerged("a")):
        state = state_of(lines_of(before))
        change.onto(state)
        assert not is_as_changed(before, before, [change], state)


def test_a_splice_is_a_change_of_its_line():
    before, after = (save([("a", "action", text), ("b", "action", "Three.")]) for text in ("One two.", "One too."))
    state = state_of(lines_of(before))
    change = LineSpliced("a", 5, 1, "o")
    change.onto(state)

    assert is_as_changed(before, after, [change], state)
    assert not is_as_changed(before, before, [change], state)


@pytest.mark.parametrize("entries", [[], [("a", "action", "One.")], [("a", "action", ""), ("b", "action", "Two.")]])
def test_the_usual_document_has_its_shape_whatever_its_lines(entries: list[Entry]):
    """Because the shape of a save that is compared by its changes is not recognised again."""
    assert shape_of(save(entries)).name == "json_lines"
    saves = SuccessiveSaves()
    saves.read(save(entries))
    assert saves.last_is_usual


@pytest.mark.parametrize(
    "content",
    [
        b'{"version":1,"lines":[{"id":"a","format":"action","content":"One."}]}',
        b'{"version":2, "lines":[{"id":"a","format":"action","content":"One."}]}',
        b'{"version":2,"lines":[{"id":"a","format":"action","content":"One.","note":1}]}',
        b'{"version":2,"lines":[{"id":"a","format":"action","content":"One."},{"id":"a","format":"action","content":""}]}',
        b'{"version":2,"lines":[{"id":"a","format":"action","content":"One\\nTwo."}]}',
        b'{"version":2,"lines":[{"id":null,"format":"action","content":"One."}]}',
        b'{"version":2,"lines":[{"id":"a","format":"","content":"One."}]}',
        b"INT. FERRY - DAY\n\nOne.\n",
    ],
)
def test_other_saves_are_compared_by_all_lines(content: bytes):
    saves = SuccessiveSaves()
    saves.read(content)

    assert not saves.last_is_usual
