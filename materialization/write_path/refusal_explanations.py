"""Explanations of refusals: the current content, who made it and when; bounded, however many were refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from domain.errors import Rejected
from domain.log.entry import LogEntry
from domain.submissions.answer import Refusal
from domain.submissions.submission import decode_cause
from domain.submissions.writer import writer_of
from repos.locked_scripts import LockedScript
from repos.log.commands import Authorship

# Characters of current content that all refusals of one answer show together. The rest is in the script.
MAX_CURRENT_CHARACTERS: Final = 1 << 20
_CHANGED: Final = ("stale_line", "line_removed")


class RefusalExplanations:
    """Explains the refusals of one unit of work on a script.

    `entries` are the commands accepted so far, after the version `start`.
    """

    def __init__(self, tx: LockedScript, start: int, entries: Sequence[LogEntry]) -> None:
        self._tx = tx
        self._start = start
        self._entries = entries
        self._authorship: dict[int, Authorship | None] = {}

    def explain(self, refusal: Rejected) -> Refusal:
        """A refusal with the author and time of the version it names."""
        version = _version_of(refusal)
        by = None if version is None else self._authorship_of(version)
        if by is None:
            return Refusal.of(refusal)
        writer = writer_of(by.author, by.actor, decode_cause(by.cause))
        return Refusal.of(refusal, author=writer.author, actor=writer.actor, changed_at=by.occurred_at)

    def explain_all(self, refused: Sequence[tuple[int, Rejected]]) -> dict[int, Refusal]:
        """The explained refusals of one answer, by command index; the current content of an object is shown once."""
        unknown = {version for _, refusal in refused if (version := _version_of(refusal)) and self._is_unknown(version)}
        if len(unknown) > 1:
            found = self._tx.commands.authorships(self._tx.script_id, unknown)
            self._authorship |= {version: found.get(version) for version in unknown}
        return _show_once((index, self.explain(refusal)) for index, refusal in refused)

    def _is_unknown(self, version: int) -> bool:
        return version <= self._start and version not in self._authorship

    def _authorship_of(self, version: int) -> Authorship | None:
        mine = version - self._start - 1
        if 0 <= mine < len(self._entries):
            entry = self._entries[mine]
            return Authorship(entry.author, entry.actor, entry.cause, entry.occurred_at)
        if version not in self._authorship:
            self._authorship[version] = self._tx.commands.authorship(self._tx.script_id, version)
        return self._authorship[version]


def _version_of(refusal: Rejected) -> int | None:
    """The version that made the content a refusal is about."""
    version = refusal.facts.get("version")
    return version if refusal.code in _CHANGED and isinstance(version, int) else None


def _show_once(refused: Iterable[tuple[int, Refusal]]) -> dict[int, Refusal]:
    """Refusals of which only the first about an object shows its current content, within MAX_CURRENT_CHARACTERS."""
    shown: set[tuple[object, object]] = set()
    room = MAX_CURRENT_CHARACTERS
    explained: dict[int, Refusal] = {}
    for index, refusal in refused:
        explained[index] = refusal
        if (current := refusal.facts.get("current")) is None:
            continue
        thing = (refusal.facts.get("line"), refusal.facts.get("name"))
        if thing not in shown and (size := _characters(current)) <= room:
            shown.add(thing)
            room -= size
        else:
            facts = {name: value for name, value in refusal.facts.items() if name != "current"}
            explained[index] = replace(refusal, facts=facts)
    return explained


def _characters(current: object) -> int:
    values = current.values() if isinstance(current, dict) else (current,)
    return sum(len(value if isinstance(value, str) else str(value)) for value in values)
