"""script.create: creates a script, with its first metadata and lines."""

from __future__ import annotations

from msgspec import field

from domain.commands.base import Command, command
from domain.refusals import ScriptExists
from domain.script.delta import Change, Delta, LinesInserted, MetadataSet
from domain.script.line import Line
from domain.script.metadata import check_whole_metadata
from domain.script.state import EDGE, State, Value
from domain.script.validation import Count, check_lines


@command
class ScriptCreate(Command, frozen=True, tag="script.create"):
    """Create the script: metadata, owner (a user id) and first lines. The first command of a script, and only that."""

    title: str
    owner: Count | None = None
    metadata: dict[str, Value] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()

    def check(self) -> None:
        check_whole_metadata(self.named_fields())
        check_lines("lines", self.lines)

    def apply(self, state: State) -> Delta:
        if state.exists:
            raise ScriptExists
        owner: dict[str, Value] = {} if self.owner is None else {"owner": self.owner}
        changes: list[Change] = [MetadataSet({**self.named_fields(), **owner})]
        if self.lines:
            changes.append(LinesInserted(EDGE, self.lines))
        return tuple(changes)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        return ()

    def named_fields(self) -> dict[str, Value]:
        """The metadata that the script begins with, but for its owner."""
        return {"status": "draft", **self.metadata, "title": self.title}
