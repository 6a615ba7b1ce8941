"""Adding, updating and removing story elements and personas, which change only whole and by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from domain.commands.placement import require_new_ids
from domain.refusals import UnknownElement
from domain.script.delta import Change, Delta, ElementPut, ElementRemoved, PersonaPut, PersonaRemoved
from domain.script.hashing import same
from domain.script.state import DescribedKind, Element, Persona, State, retired_key

Described = TypeVar("Described", bound=Element | Persona)


def kind_of(thing: Element | Persona) -> DescribedKind:
    return "element" if isinstance(thing, Element) else "persona"


def add(state: State, thing: Element | Persona, revives: int | None) -> Delta:
    """The delta that adds a story element or a persona.

    Raises:
        IdReused: its id is or was in use, and was not removed after the version `revives`.
    """
    require_new_ids(state, (thing.id,), revives, kind_of(thing))
    return (_put(thing),)


def update(state: State, thing: Element | Persona) -> Delta:
    """The delta that gives a story element or a persona new content.

    Raises:
        UnknownElement: there is none with its id.
    """
    old = state.described(kind_of(thing)).get(thing.id)
    if old is None:
        raise UnknownElement(kind=kind_of(thing), id=thing.id)
    return () if same(old, thing) else (_put(thing),)


def remove(state: State, kind: DescribedKind, name: str) -> Delta:
    """The delta that removes a story element or a persona; empty where it is removed already.

    Raises:
        UnknownElement: there is none with this id, and never was.
    """
    if name in state.described(kind):
        return (_removed(kind, name),)
    if retired_key(kind, name) in state.retired:
        return ()
    raise UnknownElement(kind=kind, id=name)


def exchange(state: State, kind: DescribedKind, wanted: Iterable[Element | Persona], revives: int) -> Delta:
    """The delta that turns all story elements, or all personas, into the wanted ones.

    Raises:
        IdReused: a restored id was removed at or before the version `revives`.
    """
    removed_ids, put = differences(state.described(kind), {thing.id: thing for thing in wanted})
    require_new_ids(state, [thing.id for thing in put if not state.has(kind, thing.id)], revives, kind)
    return (*(_removed(kind, name) for name in removed_ids), *(_put(thing) for thing in put))


def differences(current: Mapping[str, Described], wanted: Mapping[str, Described]) -> tuple[list[str], list[Described]]:
    """The difference between two sets: the ids to remove, and the things to add or update."""
    removed_ids = sorted(set(current) - set(wanted))
    put = [thing for name, thing in sorted(wanted.items()) if not same(current.get(name), thing)]
    return removed_ids, put


def _removed(kind: DescribedKind, name: str) -> Change:
    return ElementRemoved(name) if kind == "element" else PersonaRemoved(name)


def _put(thing: Element | Persona) -> Change:
    return ElementPut(thing) if isinstance(thing, Element) else PersonaPut(thing)
