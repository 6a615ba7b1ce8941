"""persona.add, persona.update and persona.remove: described voices that belong to the script."""

from __future__ import annotations

from collections.abc import Iterable

from domain.commands import elements_and_personas
from domain.commands.base import Command, Guard, command
from domain.script.delta import Delta
from domain.script.hashing import expect_hash_of
from domain.script.state import Persona, State
from domain.script.validation import Count, check_id, check_payload, check_text


@command
class PersonaAdd(Command, frozen=True, tag="persona.add"):
    """Add a persona; `revives` restores an id that was removed after that version."""

    persona: Persona
    revives: Count | None = None

    def check(self) -> None:
        check_persona("persona", self.persona)

    def apply(self, state: State) -> Delta:
        return elements_and_personas.add(state, self.persona, self.revives)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        expect = expect_hash_of("persona", self.persona)
        return (PersonaRemove(persona=self.persona.id, expect=expect),)


@command
class PersonaUpdate(Command, frozen=True, tag="persona.update"):
    """Replace the whole content of a persona."""

    absolute = True

    persona: Persona
    expect: str | None = None

    def check(self) -> None:
        check_persona("persona", self.persona)

    def guards(self) -> Iterable[Guard]:
        return (Guard("persona", self.persona.id, self.expect),)

    def apply(self, state: State) -> Delta:
        return elements_and_personas.update(state, self.persona)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        old = before.personas[self.persona.id]
        return (PersonaUpdate(persona=old, expect=expect_hash_of("persona", self.persona)),)


@command
class PersonaRemove(Command, frozen=True, tag="persona.remove"):
    """Remove a persona; one already removed counts as done."""

    absolute = True

    persona: str
    expect: str | None = None

    def guards(self) -> Iterable[Guard]:
        return (Guard("persona", self.persona, self.expect),)

    def apply(self, state: State) -> Delta:
        return elements_and_personas.remove(state, "persona", self.persona)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        old = before.personas.get(self.persona)
        return (PersonaAdd(persona=old, revives=before.version),) if old else ()


def check_persona(field: str, persona: Persona) -> None:
    """Refuse an invalid persona."""
    check_id(f"{field}.id", persona.id)
    check_text(f"{field}.name", persona.name)
    check_text(f"{field}.description", persona.description, line_ends=True)
    check_payload(f"{field}.payload", persona.payload)
