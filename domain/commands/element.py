"""element.add, element.update and element.remove: what the story is about."""

from __future__ import annotations

from collections.abc import Iterable

from domain.command import Command, Guard, command
from domain.delta import Delta, ElementPut, ElementRemoved
from domain.hashing import expect_hash_of
from domain.place import require_new_ids
from domain.refusals import UnknownElement
from domain.state import Element, State
from domain.text import check_id, check_name, check_payload


@command
class ElementAdd(Command, frozen=True, tag="element.add"):
    """Add a story element; `revives` brings back an id that was removed after that version."""

    element: Element
    revives: int | None = None

    def check(self) -> None:
        check_element("element", self.element)

    def apply(self, state: State) -> Delta:
        require_new_ids(state, (self.element.id,), self.revives, prefix="element:")
        return (ElementPut(self.element),)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        expect = expect_hash_of("element", self.element)
        return (ElementRemove(element=self.element.id, expect=expect),)


@command
class ElementUpdate(Command, frozen=True, tag="element.update"):
    """Give a story element new content, whole."""

    absolute = True

    element: Element
    expect: str | None = None

    def check(self) -> None:
        check_element("element", self.element)

    def guards(self) -> Iterable[Guard]:
        return (Guard("element", self.element.id, self.expect),)

    def apply(self, state: State) -> Delta:
        old = state.elements.get(self.element.id)
        if old is None:
            raise UnknownElement(kind="element", id=self.element.id)
        return () if old == self.element else (ElementPut(self.element),)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        old = before.elements[self.element.id]
        return (ElementUpdate(element=old, expect=expect_hash_of("element", self.element)),)


@command
class ElementRemove(Command, frozen=True, tag="element.remove"):
    """Remove a story element; one already gone counts as done."""

    absolute = True

    element: str
    expect: str | None = None

    def guards(self) -> Iterable[Guard]:
        return (Guard("element", self.element, self.expect),)

    def apply(self, state: State) -> Delta:
        if self.element in state.elements:
            return (ElementRemoved(self.element),)
        if f"element:{self.element}" in state.retired:
            return ()
        raise UnknownElement(kind="element", id=self.element)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        return (ElementAdd(element=before.elements[self.element], revives=before.version),)


def check_element(field: str, element: Element) -> None:
    """Refuse a story element that may not belong to a script."""
    check_id(f"{field}.id", element.id)
    check_name(f"{field}.type", element.type)
    check_payload(f"{field}.payload", element.payload)


def check_elements(field: str, elements: Iterable[Element]) -> None:
    """Refuse story elements of which one may not belong to a script."""
    for position, element in enumerate(elements):
        check_element(f"{field}[{position}]", element)
