"""script.create: a script comes into being, with whatever it starts from."""

from __future__ import annotations

from msgspec import field

from domain.command import Command, command
from domain.delta import Change, Delta, LinesInserted, MetadataSet
from domain.line import Line
from domain.metadata import check_metadata
from domain.refusals import ScriptExists
from domain.state import EDGE, State, Value
from domain.text import check_lines


@command
class ScriptCreate(Command, frozen=True, tag="script.create"):
    """Create the script: its metadata, its owner (a user id) and its first lines. Always the first command, and only then."""

    title: str
    owner: int | None = None
    metadata: dict[str, Value] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()

    def check(self) -> None:
        check_metadata({"status": "draft", **self.metadata, "title": self.title})
        check_lines("lines", self.lines)

    def apply(self, state: State) -> Delta:
        if state.exists:
            raise ScriptExists(script="of this submission")
        changes: list[Change] = [MetadataSet(self._fields())]
        if self.lines:
            changes.append(LinesInserted(EDGE, self.lines))
        return tuple(changes)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        return ()

    def _fields(self) -> dict[str, Value | None]:
        owner: dict[str, Value] = {} if self.owner is None else {"owner": self.owner}
        return {"status": "draft", **self.metadata, "title": self.title, **owner}
