"""script.archive and script.unarchive: close a script for edits and reopen it. Nothing is deleted."""

from __future__ import annotations

from domain.commands.base import Command, command
from domain.script.delta import Delta, MetadataSet
from domain.script.state import State


@command
class ScriptArchive(Command, frozen=True, tag="script.archive"):
    """Archive the script: it takes no edits until it is unarchived."""

    absolute = True
    for_ai = False
    on_archived = True

    def apply(self, state: State) -> Delta:
        return () if state.archived else (MetadataSet({"archived": True}),)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        return () if before.archived else (ScriptUnarchive(),)


@command
class ScriptUnarchive(Command, frozen=True, tag="script.unarchive"):
    """Reopen an archived script for edits."""

    absolute = True
    for_ai = False
    on_archived = True

    def apply(self, state: State) -> Delta:
        return (MetadataSet({"archived": None}),) if state.archived else ()

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        return (ScriptArchive(),) if before.archived else ()
