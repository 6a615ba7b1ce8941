"""The same session in pyeventsourcing: an aggregate that is a text, an event a patch, snapshots by its policy."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from tests.traces.session import Patch

SNAPSHOT_EVERY = 256
"""As often as we keep a keyframe at least."""


class Screenplay(Aggregate):
    """A text that is typed into."""

    def __init__(self, text: str) -> None:
        self.text = text

    @event("Spliced")
    def splice(self, at: int, delete: int, insert: str) -> None:
        """Take so many code points out and put others in."""
        self.text = self.text[:at] + insert + self.text[at + delete :]


class Screenplays(Application):
    """Saves one event at a time, as they are typed."""

    snapshotting_intervals: ClassVar = {Screenplay: SNAPSHOT_EVERY}


class EventSourcedScreenplay:
    """One screenplay in an SQLite file, kept in memory between two patches: nothing is ever read again."""

    def __init__(self, file: Path, text: str) -> None:
        self._app = Screenplays(
            env={
                "PERSISTENCE_MODULE": "eventsourcing.sqlite",
                "SQLITE_DBNAME": str(file),
                "IS_SNAPSHOTTING_ENABLED": "y",
            }
        )
        self._screenplay = Screenplay(text)
        self._app.save(self._screenplay)

    def apply(self, patch: Patch) -> None:
        """One patch, saved durably."""
        self._screenplay.splice(at=patch.at, delete=patch.delete, insert=patch.insert)
        self._app.save(self._screenplay)

    def synchronous(self) -> int:
        """The sync mode of its connections."""
        with self._app.factory.datastore.transaction(commit=False) as cursor:
            cursor.execute("PRAGMA synchronous")
            return int(cursor.fetchone()[0])

    def text(self) -> str:
        """What it says, read from the file."""
        found: Screenplay = self._app.repository.get(self._screenplay.id)
        return found.text

    def close(self) -> None:
        self._app.close()
