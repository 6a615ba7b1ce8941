"""version.label: a named draft."""

from __future__ import annotations

from domain.command import Command, command
from domain.delta import Delta, VersionLabelled
from domain.refusals import BadPayload, LabelTaken, UnknownLabel, UnknownVersion
from domain.state import State
from domain.text import check_text

MAX_LABEL = 120


@command
class VersionLabel(Command, frozen=True, tag="version.label"):
    """Name a version of the script; version null takes the name away."""

    absolute = True

    name: str
    version: int | None

    def check(self) -> None:
        check_text("name", self.name)
        if not self.name.strip() or len(self.name) > MAX_LABEL:
            raise BadPayload(field="name", problem=f"1 to {MAX_LABEL} characters, not all blank")

    def apply(self, state: State) -> Delta:
        current = state.labels.get(self.name)
        if current == self.version and (current is not None or self.name in state.labels):
            return ()
        if self.version is None:
            if current is None:
                raise UnknownLabel(name=self.name)
        elif current is not None:
            raise LabelTaken(name=self.name, version=current)
        elif not 1 <= self.version <= state.version:
            raise UnknownVersion(script="", version=self.version, head=state.version)
        return (VersionLabelled(self.name, self.version),)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        return (VersionLabel(name=self.name, version=before.labels.get(self.name)),)
