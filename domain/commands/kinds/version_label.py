"""version.label: names a version as a draft."""

from __future__ import annotations

from domain.commands.base import Command, command
from domain.commands.placement import require_version
from domain.refusals import BadPayload, LabelLocked, LabelTaken, UnknownLabel
from domain.script.delta import Delta, LabelMarked, VersionLabelled
from domain.script.state import PLAIN, State
from domain.script.validation import Count, check_text

_PAPER = ("white", "blue", "pink", "yellow", "green", "goldenrod", "buff", "salmon", "cherry")


# White is the first draft that is distributed; after cherry the cycle restarts with the second blue.
COLORS = (*_PAPER, *(f"{time} {color}" for time in ("second", "third", "fourth") for color in _PAPER[1:]))


def next_color(used: set[str]) -> str | None:
    """The colour after the last one used: white where none was; None after the very last."""
    last = max((COLORS.index(color) for color in used), default=-1)
    return COLORS[last + 1] if last + 1 < len(COLORS) else None


MAX_LABEL = 120


@command
class VersionLabel(Command, frozen=True, tag="version.label"):
    """Name a version of the script; version null removes the name.

    A draft may have the colour of its pages, and may be locked: then its name stays on its version, with its colour,
    until a command sets `unlock`, which an AI may not.
    """

    absolute = True
    only_people = ("unlock",)

    name: str
    version: Count | None
    color: str | None = None
    locked: bool = False
    unlock: bool = False

    def check(self) -> None:
        check_text("name", self.name)
        if not self.name.strip() or len(self.name) > MAX_LABEL:
            raise BadPayload(field="name", problem=f"1 to {MAX_LABEL} characters, not all blank")
        if self.color is not None and self.color not in COLORS:
            raise BadPayload(field="color", problem=f"must be one of {', '.join(COLORS)}")
        if self.version is None and (self.locked or self.color is not None):
            raise BadPayload(field="version", problem="without a version there can be no colour or lock")

    def apply(self, state: State) -> Delta:
        current, mark = state.labels.get(self.name), state.marks.get(self.name, PLAIN)
        if current is None and self.version is None:
            raise UnknownLabel(name=self.name)
        if current == self.version and (self.color, self.locked) == (mark.color, mark.locked):
            return ()
        if mark.locked and not self.unlock:
            raise LabelLocked(name=self.name, version=current)
        if self.version is not None:
            if current not in (None, self.version):
                raise LabelTaken(name=self.name, version=current)
            require_version(state, self.version)
        named = (VersionLabelled(self.name, self.version),) if current != self.version else ()
        marked = self.version is not None and (self.color, self.locked) != (mark.color, mark.locked)
        return (*named, *((LabelMarked(self.name, self.color, self.locked),) if marked else ()))

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        mark = before.marks.get(self.name, PLAIN)
        return (
            VersionLabel(
                name=self.name,
                version=before.labels.get(self.name),
                color=mark.color,
                locked=mark.locked,
                unlock=after.marks.get(self.name, PLAIN).locked,
            ),
        )
