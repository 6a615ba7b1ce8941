"""version.label: a named draft."""

from __future__ import annotations

from domain.command import Command, command
from domain.delta import Delta, VersionLabelled
from domain.number import Count
from domain.place import require_version
from domain.refusals import BadPayload, LabelTaken, UnknownLabel
from domain.state import State
from domain.text import check_text

MAX_LABEL = 120


@command
class VersionLabel(Command, frozen=True, tag="version.label"):
    """Name a version of the script; version null takes the name away."""

    absolute = True

    name: str
    version: Count | None

    def check(self) -> None:
        check_text("name", self.name)
        if not self.name.strip() or len(self.name) > MAX_LABEL:
            raise BadPayload(field="name", problem=f"1 to {MAX_LABEL} characters, not all blank")

    def apply(self, state: State) -> Delta:
        current = state.labels.get(self.name)
        if current is None and self.version is None:
            raise UnknownLabel(name=self.name)
        if current == self.version:
            return ()
        if self.version is not None:
            if current is not None:
                raise LabelTaken(name=self.name, version=current)
            require_version(state, self.version)
        return (VersionLabelled(self.name, self.version),)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        return (VersionLabel(name=self.name, version=before.labels.get(self.name)),)
