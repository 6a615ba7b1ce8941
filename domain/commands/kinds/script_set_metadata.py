"""script.set_metadata: title, status, author and other named fields."""

from __future__ import annotations

from msgspec import field

from domain.commands.base import Command, command
from domain.refusals import StaleMetadata
from domain.script.delta import Delta, MetadataSet
from domain.script.hashing import same
from domain.script.metadata import check_metadata, require_room
from domain.script.state import State, Value


@command
class ScriptSetMetadata(Command, frozen=True, tag="script.set_metadata"):
    """Set metadata fields; null removes one. `expect` names the values the author saw, null for none.

    A field that already has its wanted value counts as done, whatever was expected there.
    """

    absolute = True

    fields: dict[str, Value | None]
    expect: dict[str, Value | None] = field(default_factory=dict)

    def check(self) -> None:
        check_metadata(self.fields)
        check_metadata(self.expect)

    def apply(self, state: State) -> Delta:
        current = state.metadata
        changed = {name: value for name, value in self.fields.items() if not same(current.get(name), value)}
        if not changed:
            return ()
        done = self.fields.keys() - changed.keys()
        for name, value in self.expect.items():
            if name not in done and not same(current.get(name), value):
                raise StaleMetadata(name=name, current=current.get(name))
        after = {**current, **changed}
        require_room({name: value for name, value in after.items() if value is not None})
        return (MetadataSet(changed),)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        old = {name: before.metadata.get(name) for name in self.fields}
        seen = {name: after.metadata.get(name) for name in self.fields}
        return (ScriptSetMetadata(fields=old, expect=seen),)
