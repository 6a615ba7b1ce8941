"""Story elements, personas and labels: what is there, what was, and what never was."""

from __future__ import annotations

import pytest

from domain.commands.element import ElementAdd, ElementRemove, ElementUpdate
from domain.commands.persona import PersonaAdd, PersonaRemove
from domain.commands.version_label import VersionLabel
from domain.refusals import IdReused, LabelTaken, UnknownElement
from domain.state import Element, Persona, State
from tests.domain.folding import run, take
from tests.domain.scripts import script

BEAT = Element("e", "beat", {"at": 1})
VOICE = Persona("e", "The sceptic")


@pytest.fixture
def removed() -> State:
    """A script that had the story element e: added in version 2, removed in version 3."""
    return take(take(script(), ElementAdd(element=BEAT)).after, ElementRemove(element="e")).after


def test_a_removed_thing_counts_as_removed(removed: State) -> None:
    assert ElementRemove(element="e").apply(removed) == ()


def test_a_thing_that_never_was_cannot_be_removed(removed: State) -> None:
    with pytest.raises(UnknownElement):
        PersonaRemove(persona="e").apply(removed)


def test_a_removed_id_is_not_used_again(removed: State) -> None:
    with pytest.raises(IdReused):
        ElementAdd(element=BEAT).apply(removed)


def test_an_undo_brings_a_removed_id_back(removed: State) -> None:
    back = take(removed, ElementAdd(element=BEAT, revives=2)).after

    assert dict(back.elements) == {"e": BEAT}
    assert not back.retired


def test_what_was_removed_before_the_revived_version_stays_removed(removed: State) -> None:
    with pytest.raises(IdReused):
        ElementAdd(element=BEAT, revives=3).apply(removed)


def test_a_persona_and_a_story_element_may_have_one_id(removed: State) -> None:
    state = take(removed, PersonaAdd(persona=VOICE)).after

    assert dict(state.personas) == {"e": VOICE}


def test_an_update_of_what_is_gone_is_refused(removed: State) -> None:
    with pytest.raises(UnknownElement):
        ElementUpdate(element=BEAT).apply(removed)


def test_a_version_keeps_its_label() -> None:
    state = take(script(), VersionLabel(name="White", version=1)).after

    assert VersionLabel(name="White", version=1).apply(state) == ()
    with pytest.raises(LabelTaken):
        VersionLabel(name="White", version=2).apply(state)


def test_a_label_that_is_taken_away_is_free_again() -> None:
    state = run(script(), [VersionLabel(name="White", version=1), VersionLabel(name="White", version=None)])

    assert dict(take(state, VersionLabel(name="White", version=2)).after.labels) == {"White": 2}


def test_one_version_has_many_labels() -> None:
    state = run(script(), [VersionLabel(name="White", version=1), VersionLabel(name="white", version=1)])

    assert dict(state.labels) == {"White": 1, "white": 1}
