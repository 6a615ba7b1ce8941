"""Commands on story elements, personas and labels that exist, were removed, or never existed."""

from __future__ import annotations

from typing import Any

import pytest

from domain.commands.kinds.element import ElementAdd, ElementRemove, ElementUpdate
from domain.commands.kinds.persona import PersonaAdd, PersonaRemove
from domain.commands.kinds.version_label import COLORS, VersionLabel, next_color
from domain.refusals import BadPayload, IdReused, LabelLocked, LabelTaken, UnknownElement
from domain.script.delta import LabelMarked, VersionLabelled, decode_delta, encode_delta
from domain.script.keyframe import decode_keyframe, encode_keyframe
from domain.script.state import Element, Mark, Persona, State
from tests.domain.folding import run, take
from tests.domain.scripts import script

BEAT = Element("e", "beat", {"at": 1})
VOICE = Persona("e", "The sceptic")


@pytest.fixture
def removed() -> State:
    """A script that had the story element e: added in version 2, removed in version 3."""
    return take(take(script(), ElementAdd(element=BEAT)).after, ElementRemove(element="e")).after


def test_a_second_removal_is_a_no_op(removed: State) -> None:
    assert ElementRemove(element="e").apply(removed) == ()


def test_an_unknown_id_cannot_be_removed(removed: State) -> None:
    with pytest.raises(UnknownElement):
        PersonaRemove(persona="e").apply(removed)


def test_a_removed_id_is_not_used_again(removed: State) -> None:
    with pytest.raises(IdReused):
        ElementAdd(element=BEAT).apply(removed)


def test_an_undo_restores_a_removed_id(removed: State) -> None:
    back = take(removed, ElementAdd(element=BEAT, revives=2)).after

    assert dict(back.elements) == {"e": BEAT}
    assert not back.retired


def test_an_id_removed_before_the_revived_version_stays_removed(removed: State) -> None:
    with pytest.raises(IdReused):
        ElementAdd(element=BEAT, revives=3).apply(removed)


def test_a_persona_and_a_story_element_may_have_one_id(removed: State) -> None:
    state = take(removed, PersonaAdd(persona=VOICE)).after

    assert dict(state.personas) == {"e": VOICE}


def test_an_update_of_a_removed_thing_is_refused(removed: State) -> None:
    with pytest.raises(UnknownElement):
        ElementUpdate(element=BEAT).apply(removed)


def test_a_version_keeps_its_label() -> None:
    state = take(script(), VersionLabel(name="White", version=1)).after

    assert VersionLabel(name="White", version=1).apply(state) == ()
    with pytest.raises(LabelTaken):
        VersionLabel(name="White", version=2).apply(state)


def test_a_removed_label_can_be_used_again() -> None:
    state = run(script(), [VersionLabel(name="White", version=1), VersionLabel(name="White", version=None)])

    assert dict(take(state, VersionLabel(name="White", version=2)).after.labels) == {"White": 2}


def test_one_version_has_many_labels() -> None:
    state = run(script(), [VersionLabel(name="White", version=1), VersionLabel(name="white", version=1)])

    assert dict(state.labels) == {"White": 1, "white": 1}


def blue(**more: Any) -> VersionLabel:
    return VersionLabel(**{"name": "Blue pages", "version": 1, "color": "blue", "locked": True, **more})


def test_a_locked_draft_keeps_its_version_and_its_colour_until_it_is_unlocked() -> None:
    state = take(take(script(), VersionLabel(name="White", version=1)).after, blue()).after

    assert state.marks["Blue pages"] == Mark("blue", locked=True)
    assert blue().apply(state) == ()
    for moved in (
        blue(version=2),
        blue(color="pink"),
        blue(locked=False),
        VersionLabel(name="Blue pages", version=None),
    ):
        with pytest.raises(LabelLocked):
            moved.apply(state)
    with pytest.raises(LabelTaken):
        blue(version=2, unlock=True).apply(state)
    unlocked = take(state, blue(locked=False, unlock=True)).after
    assert unlocked.marks["Blue pages"] == Mark("blue")
    assert dict(take(unlocked, VersionLabel(name="Blue pages", version=None)).after.marks) == {}


def test_the_mark_of_a_draft_is_stored_in_keyframes_and_deltas() -> None:
    step = take(script(), blue())

    assert decode_keyframe(encode_keyframe(step.after), 2, step.after.hash).marks == step.after.marks
    assert decode_delta(encode_delta(step.delta)) == step.delta
    assert decode_delta(b'[["l","White",1],["lm","White","blue",false]]') == (
        VersionLabelled("White", 1),
        LabelMarked("White", "blue", locked=False),
    )


@pytest.mark.parametrize(
    "bad", [{"color": "mauve"}, {"version": None, "locked": True}, {"version": None, "color": "blue"}]
)
def test_a_colour_must_be_known_and_needs_a_version(bad: dict[str, Any]) -> None:
    with pytest.raises(BadPayload):
        VersionLabel(**{"name": "x", "version": 1, **bad}).check()


def test_colours_follow_each_other_in_cycles() -> None:
    assert (next_color(set()), next_color({"white"}), next_color({"white", "pink"})) == ("white", "blue", "yellow")
    assert (next_color({"cherry"}), next_color({COLORS[-1]})) == ("second blue", None)
