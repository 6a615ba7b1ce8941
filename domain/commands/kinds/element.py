"""element.add, element.update and element.remove: story elements."""

from __future__ import annotations

from collections.abc import Iterable

from domain.commands import elements_and_personas
from domain.commands.base import Command, Guard, command
from domain.script.delta import Delta
from domain.script.hashing import expect_hash_of
from domain.script.state import Element, State
from domain.script.validation import Count, check_id, check_name, check_payload


@command
class ElementAdd(Command, frozen=True, tag="element.add"):
    """Add a story element; `revives` restores an id that was removed after that version."""

    element: Element
    revives: Count | None = None

    def check(self) -> None:
        check_element("element", self.element)

    def apply(self, state: State) -> Delta:
        return elements_and_personas.add(state, self.element, self.revives)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        expect = expect_hash_of("element", self.element)
        return (ElementRemove(element=self.element.id, expect=expect),)


@command
class ElementUpdate(Command, frozen=True, tag="element.update"):
    """Replace the whole content of a story element."""

    absolute = True

    element: Element
    expect: str | None = None

    def check(self) -> None:
        check_element("element", self.element)

    def guards(self) -> Iterable[Guard]:
        return (Guard("element", self.element.id, self.expect),)

    def apply(self, state: State) -> Delta:
        return elements_and_personas.update(state, self.element)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        old = before.elements[self.element.id]
        return (ElementUpdate(element=old, expect=expect_hash_of("element", self.element)),)


@command
class ElementRemove(Command, frozen=True, tag="element.remove"):
    """Remove a story element; one already removed counts as done."""

    absolute = True

    element: str
    expect: str | None = None

    def guards(self) -> Iterable[Guard]:
        return (Guard("element", self.element, self.expect),)

    def apply(self, state: State) -> Delta:
        return elements_and_personas.remove(state, "element", self.element)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        old = before.elements.get(self.element)
        return (ElementAdd(element=old, revives=before.version),) if old else ()


def check_element(field: str, element: Element) -> None:
    """Refuse an invalid story element."""
    check_id(f"{field}.id", element.id)
    check_name(f"{field}.type", element.type)
    check_payload(f"{field}.payload", element.payload)
