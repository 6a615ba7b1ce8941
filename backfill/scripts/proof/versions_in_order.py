"""The versions of a migrated script in order: whether each comes from the legacy row that it should come from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from backfill.scripts.changed_metadata import changed_metadata
from backfill.scripts.legacy_script import LegacySave, LegacyScript, is_row
from domain.errors import Corrupt
from domain.log.version import VersionRow
from domain.script.delta import (
    Change,
    ElementPut,
    ElementRemoved,
    MetadataSet,
    PersonaPut,
    PersonaRemoved,
    VersionLabelled,
    decode_delta,
)
from domain.script.state import State
from domain.script.state_builder import StateBuilder
from domain.submissions.origin import Origin
from domain.submissions.submission import decode_cause
from repos.backfill.legacy_versions import LegacyVersion
from repos.log.commands import Provenance
from repos.unit_of_work import RecordsTransaction

# The builder keeps the lines that changed since the last hash, which the proof of most saves does without.
VERSIONS_PER_HASH = 5_000
# Stored changes of more bytes are those of a save that is compared by all its lines, or of many versions without one.
MAX_CHANGE_BYTES = 4 << 20
# Changes by the rows of other tables, which leave lines and metadata as they are.
_DESCRIBED = {ElementPut, ElementRemoved, PersonaPut, PersonaRemoved}
_NAMED = {MetadataSet, VersionLabelled}


class VersionsInOrder:
    """The versions of a script in order, with the legacy rows they come from."""

    def __init__(self, tx: RecordsTransaction, script: LegacyScript) -> None:
        head = tx.heads.require(script.script_id)
        entries = tx.commands.provenances(script.script_id, upto=head.version)
        rows = tx.versions.read(script.script_id, generation=head.generation, after=0, upto=head.version)
        # The state after the last version, and what has changed in it since it was taken.
        self.builder = StateBuilder(State.empty())
        self._changes: list[Change] = []
        self._change_bytes = 0
        self._version = 0
        self._script = script
        self._tx = tx
        self._head = head.version
        self._steps = zip_longest(entries, rows)
        self._time = 0
        self._touches_text = self._changes_lines = True

    @property
    def state(self) -> State:
        """The state after the last version, valid until the next one; it costs the hash of what changed."""
        self.builder.version = self._version
        return self.builder.so_far()

    def take_changes(self) -> list[Change] | None:
        """What has changed since this was called last; None if that is too much to keep."""
        taken = self._changes if self._change_bytes <= MAX_CHANGE_BYTES else None
        self._changes, self._change_bytes = [], 0
        return taken

    def go_to(self, known: LegacyVersion, save: LegacySave) -> str | None:
        """Go on to the version that a save became; what is wrong with those on the way, else None."""
        version = known.version_number
        own = self._script.origin
        if version < self._version:
            return "its version is before that of the save before"
        problem = None
        while self._version < version and (step := self._step()) is not None:
            entry, origin = step
            if origin is None:
                problem = "it comes after an edit"
            elif origin.key == own.key and origin.table == own.table:
                # Also its other fields, and texts that it had before: those are no longer in the source.
                known_origin = Origin(table=known.source_table, key=known.source_key, number=known.number)
                is_text = self._version == version and self._changes_lines and is_row(origin, known_origin)
                if is_text and entry.occurred_at != max(self._before, min(max(known.saved_at, 0), entry.recorded_at)):
                    problem = "its version has another time"
            elif origin != save.origin and not is_row(origin, save.origin):
                # Story elements and personas follow the saves that were there when they came over.
                if self._touches_text:
                    problem = "its version is that of another row"
            elif (origin.author, origin.actor) != (save.origin.author, save.origin.actor):
                problem = "its version has another writer"
            elif entry.occurred_at != max(self._before, min(max(save.saved_at, 0), entry.recorded_at)):
                problem = "its version has another time"
        return problem

    def script_problems(self) -> Iterator[str]:
        """What is wrong with the script, and with the commands after its last save."""
        created = self.builder.metadata
        edited = False
        listed = self._script.listed
        while (step := self._step()) is not None:
            origin = step[1]
            edited = edited or origin is None
            if not edited:
                created = self.builder.metadata
        script = self._script
        if created.get("owner") != script.owner:
            yield "the script has another owner"
        for name in changed_metadata(created, script):
            yield f"the script has another {name}"
        if (created.get("archived") is True) != (script.archived_at is not None):
            yield "the script is archived here or there only"
        row = self._tx.scripts.get(script.script_id)
        if listed is None or row is None or edited:
            return
        if listed.created_at is not None and row.created_at != listed.created_at:
            yield "the script is listed with another time of creation"
        if listed.updated_at is not None and row.updated_at != listed.updated_at:
            yield "the script is listed with another time of change"

    def _step(self) -> tuple[Provenance, Origin | None] | None:
        """Go on to the next version: its command and legacy row."""
        step: tuple[Provenance | None, VersionRow | None] | None = next(self._steps, None)
        if step is None:
            return None
        entry, row = step
        if entry is None or row is None:
            raise Corrupt(
                f"script {self._script.script_id} has commands without versions, or versions without commands"
            )
        changes = decode_delta(row.delta)
        kinds = {change.__class__ for change in changes}
        # A row of an archived script opens and archives it again.
        self._touches_text = not kinds <= _DESCRIBED and not all(map(_only_archives, changes))
        self._changes_lines = not kinds <= _NAMED
        self._version += 1
        self.builder.version = self._version
        for change in changes:
            change.onto(self.builder)
        self._change_bytes += len(row.delta)
        if self._change_bytes <= MAX_CHANGE_BYTES:
            self._changes += changes
        else:
            self._changes.clear()
        if not self._version % VERSIONS_PER_HASH:
            self.builder.so_far()
        self._before, self._time = self._time, entry.occurred_at
        return entry, decode_cause(entry.cause).origin


def _only_archives(change: object) -> bool:
    return isinstance(change, MetadataSet) and change.fields.keys() == {"archived"}
