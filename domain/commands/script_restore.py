"""script.restore: the script becomes what it was at an earlier version, as a new version."""

from __future__ import annotations

from domain.between import commands_between
from domain.command import Command, command
from domain.commands.element import check_element
from domain.commands.persona import check_persona
from domain.delta import Change, Delta, ElementPut, ElementRemoved, MetadataSet, PersonaPut, PersonaRemoved
from domain.metadata import RESERVED, check_metadata
from domain.refusals import UnknownVersion
from domain.resolved import Resolved, check_resolved, lines_delta
from domain.state import Element, Persona, State, Value


@command
class ScriptRestore(Command, frozen=True, tag="script.restore"):
    """Restore the state of version `version`, carried whole; ids removed since then come back.

    Needs the head as its base. Whether the script is archived is not restored.
    """

    needs_head = True
    absolute = True
    for_ai = False

    version: int
    lines: Resolved
    metadata: dict[str, Value]
    elements: tuple[Element, ...] = ()
    personas: tuple[Persona, ...] = ()

    def check(self) -> None:
        check_resolved("lines", self.lines)
        check_metadata(self.metadata)
        for position, element in enumerate(self.elements):
            check_element(f"elements[{position}]", element)
        for position, persona in enumerate(self.personas):
            check_persona(f"personas[{position}]", persona)

    def apply(self, state: State) -> Delta:
        if not 1 <= self.version <= state.version:
            raise UnknownVersion(script="", version=self.version, head=state.version)
        return (
            *self._metadata_changes(state),
            *lines_delta(state, self.lines, self.version),
            *self._element_changes(state),
            *self._persona_changes(state),
        )

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        return commands_between(after, before)

    def _metadata_changes(self, state: State) -> list[Change]:
        names = {*state.metadata, *self.metadata} - RESERVED
        changed = {
            name: self.metadata.get(name)
            for name in sorted(names)
            if self.metadata.get(name) != state.metadata.get(name)
        }
        return [MetadataSet(changed)] if changed else []

    def _element_changes(self, state: State) -> list[Change]:
        wanted = {element.id: element for element in self.elements}
        gone: list[Change] = [ElementRemoved(name) for name in sorted(set(state.elements) - wanted.keys())]
        return gone + [ElementPut(element) for name, element in wanted.items() if state.elements.get(name) != element]

    def _persona_changes(self, state: State) -> list[Change]:
        wanted = {persona.id: persona for persona in self.personas}
        gone: list[Change] = [PersonaRemoved(name) for name in sorted(set(state.personas) - wanted.keys())]
        return gone + [PersonaPut(persona) for name, persona in wanted.items() if state.personas.get(name) != persona]


def restore_to(head: State, goal: State) -> ScriptRestore:
    """The command that restores an earlier state of the same script on top of its head."""
    return ScriptRestore(
        version=goal.version,
        lines=tuple(
            line.id if head.has_line(line.id) and head.line(line.id) == line else line for line in goal.lines()
        ),
        metadata={name: value for name, value in goal.metadata.items() if name not in RESERVED},
        elements=tuple(goal.elements.values()),
        personas=tuple(goal.personas.values()),
    )
