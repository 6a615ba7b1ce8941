"""script.restore: restores the state of an earlier version, as a new version."""

from __future__ import annotations

from domain.commands import elements_and_personas
from domain.commands.base import Command, command
from domain.commands.kinds.element import check_element
from domain.commands.kinds.persona import check_persona
from domain.commands.line_list import Resolved, check_resolved, lines_delta, resolve, resolving_units
from domain.commands.placement import require_version
from domain.commands.whole_script.state_diff import commands_between
from domain.script.delta import Delta, MetadataSet
from domain.script.metadata import RESERVED, changed_fields, check_whole_metadata
from domain.script.state import Element, Persona, State, Value
from domain.script.validation import Count, check_ids
from domain.script.work_limit import LOOK_UNITS


@command
class ScriptRestore(Command, frozen=True, tag="script.restore"):
    """Restore the state of version `version`, which the command holds whole; ids removed since then are restored.

    Needs the head as its base. Whether the script is archived is not restored.
    """

    needs_head = True
    absolute = True
    for_ai = False

    version: Count
    lines: Resolved
    metadata: dict[str, Value]
    elements: tuple[Element, ...] = ()
    personas: tuple[Persona, ...] = ()

    def check(self) -> None:
        check_resolved("lines", self.lines)
        check_whole_metadata(self.metadata)
        for position, element in enumerate(self.elements):
            check_element(f"elements[{position}]", element)
        for position, persona in enumerate(self.personas):
            check_persona(f"personas[{position}]", persona)
        check_ids("elements", [element.id for element in self.elements])
        check_ids("personas", [persona.id for persona in self.personas])

    def work(self, state: State) -> int:
        entries = len(state.elements) + len(state.personas) + len(self.elements) + len(self.personas)
        return resolving_units(state, self.lines) + entries * LOOK_UNITS

    def apply(self, state: State) -> Delta:
        require_version(state, self.version)
        fields = changed_fields(state.metadata, self.metadata)
        return (
            *((MetadataSet(fields),) if fields else ()),
            *lines_delta(state, self.lines, self.version),
            *elements_and_personas.exchange(state, "element", self.elements, self.version),
            *elements_and_personas.exchange(state, "persona", self.personas, self.version),
        )

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        return commands_between(after, before)


def restore_to(head: State, goal: State) -> ScriptRestore:
    """The command that restores an earlier state of the same script on top of its head."""
    return ScriptRestore(
        version=goal.version,
        lines=resolve(head, goal.lines()),
        metadata={name: value for name, value in goal.metadata.items() if name not in RESERVED},
        elements=tuple(goal.elements[name] for name in sorted(goal.elements)),
        personas=tuple(goal.personas[name] for name in sorted(goal.personas)),
    )
