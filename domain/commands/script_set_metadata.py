"""script.set_metadata: title, status, author and other named fields."""

from __future__ import annotations

from msgspec import field

from domain.command import Command, command
from domain.delta import Delta, MetadataSet
from domain.metadata import check_metadata
from domain.refusals import BadMetadata, StaleMetadata
from domain.state import State, Value


@command
class ScriptSetMetadata(Command, frozen=True, tag="script.set_metadata"):
    """Set metadata fields; null removes one. `expect` names the values the author saw, null for none."""

    absolute = True

    fields: dict[str, Value | None]
    expect: dict[str, Value | None] = field(default_factory=dict)

    def check(self) -> None:
        check_metadata(self.fields)
        for name in ("title", "status"):
            if name in self.fields and self.fields[name] is None:
                raise BadMetadata(name=name, problem="cannot be removed")

    def apply(self, state: State) -> Delta:
        changed = {name: value for name, value in self.fields.items() if not _same(state, name, value)}
        for name, value in self.expect.items():
            if name in changed and not _same(state, name, value):
                raise StaleMetadata(name=name, current=state.metadata.get(name))
        return (MetadataSet(changed),) if changed else ()

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        old = {name: before.metadata.get(name) for name in self.fields}
        seen = {name: after.metadata.get(name) for name in self.fields}
        return (ScriptSetMetadata(fields=old, expect=seen),)


def _same(state: State, name: str, value: Value | None) -> bool:
    # True == 1 in Python; in a script's metadata they are two values.
    current = state.metadata.get(name)
    return current == value and type(current) is type(value)
