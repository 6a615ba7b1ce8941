"""persona.add, persona.update and persona.remove: described voices that belong to the script."""

from __future__ import annotations

from collections.abc import Iterable

from domain.command import Command, Guard, command
from domain.delta import Delta, PersonaPut, PersonaRemoved
from domain.hashing import expect_hash_of
from domain.place import require_new_ids
from domain.refusals import UnknownElement
from domain.state import Persona, State
from domain.text import check_id, check_payload, check_text


@command
class PersonaAdd(Command, frozen=True, tag="persona.add"):
    """Add a persona; `revives` brings back an id that was removed after that version."""

    persona: Persona
    revives: int | None = None

    def check(self) -> None:
        check_persona("persona", self.persona)

    def apply(self, state: State) -> Delta:
        require_new_ids(state, (self.persona.id,), self.revives, prefix="persona:")
        return (PersonaPut(self.persona),)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        expect = expect_hash_of("persona", self.persona)
        return (PersonaRemove(persona=self.persona.id, expect=expect),)


@command
class PersonaUpdate(Command, frozen=True, tag="persona.update"):
    """Give a persona new content, whole."""

    absolute = True

    persona: Persona
    expect: str | None = None

    def check(self) -> None:
        check_persona("persona", self.persona)

    def guards(self) -> Iterable[Guard]:
        return (Guard("persona", self.persona.id, self.expect),)

    def apply(self, state: State) -> Delta:
        old = state.personas.get(self.persona.id)
        if old is None:
            raise UnknownElement(kind="persona", id=self.persona.id)
        return () if old == self.persona else (PersonaPut(self.persona),)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        old = before.personas[self.persona.id]
        return (PersonaUpdate(persona=old, expect=expect_hash_of("persona", self.persona)),)


@command
class PersonaRemove(Command, frozen=True, tag="persona.remove"):
    """Remove a persona; one already gone counts as done."""

    absolute = True

    persona: str
    expect: str | None = None

    def guards(self) -> Iterable[Guard]:
        return (Guard("persona", self.persona, self.expect),)

    def apply(self, state: State) -> Delta:
        if self.persona in state.personas:
            return (PersonaRemoved(self.persona),)
        if f"persona:{self.persona}" in state.retired:
            return ()
        raise UnknownElement(kind="persona", id=self.persona)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        return (PersonaAdd(persona=before.personas[self.persona], revives=before.version),)


def check_persona(field: str, persona: Persona) -> None:
    """Refuse a persona that may not belong to a script."""
    check_id(f"{field}.id", persona.id)
    check_text(f"{field}.name", persona.name)
    check_text(f"{field}.description", persona.description, line_ends=True)
    check_payload(f"{field}.payload", persona.payload)


def check_personas(field: str, personas: Iterable[Persona]) -> None:
    """Refuse personas of which one may not belong to a script."""
    for position, persona in enumerate(personas):
        check_persona(f"{field}[{position}]", persona)
