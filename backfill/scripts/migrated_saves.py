"""What the ledger has of a legacy script already: which of its saves, and whether someone edited it since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from backfill.scripts.legacy_script import LegacyScript, SaveSource, ScriptTaken, SourceChanged
from domain.submissions.submission import decode_cause
from repos.backfill.legacy_versions import START, LegacyVersion
from repos.locked_scripts import LockedScript
from repos.unit_of_work import RecordsTransaction

# Rows of legacy_versions, and versions whose authorship is read at a time.
PAGE = 1_000
AUTHORSHIP_PAGE = 200

Transaction = LockedScript | RecordsTransaction


class MigratedSaves(NamedTuple):
    """The saves of a script that the ledger has: `place` is that of the first save after all of them.

    Rows of saves by table: `migrated`, and `merged` ones, which equal the one before. `late` are the places of saves
    that the ledger does not have although it has later ones.
    """

    place: int
    migrated: Counter[str]
    merged: Counter[str]
    late: list[int]


def migrated_saves(tx: Transaction, script_id: int, saves: SaveSource) -> MigratedSaves:
    """Compare the saves of the source with those in the ledger.

    Raises:
        SourceChanged: the last migrated save is no longer in the source.
    """
    # Hashes take a fifth of the memory of keys; an error of one in 2^64 is found by the proof.
    versions = {hash((save.source_table, save.source_key)): save.version_number for save in _read(tx, script_id)}
    migrated: Counter[str] = Counter()
    merged: Counter[str] = Counter()
    late: list[int] = []
    missing: list[int] = []
    place = before = 0
    for number in range(len(saves)) if versions else ():
        row = saves.row(number)
        version = versions.get(hash(row))
        if version is None:
            missing.append(number)
            continue
        (merged if version == before else migrated)[row[0]] += saves.weight(number)
        before, place = version, number + 1
        late += missing
        missing = []
    last = tx.legacy_versions.last(script_id)
    if last is not None and (not place or saves.row(place - 1) != (last.source_table, last.source_key)):
        raise SourceChanged(f"the source no longer has the last migrated save of script {script_id}, or moved it")
    return MigratedSaves(place, migrated, merged, late)


def first_edit(tx: Transaction, script: LegacyScript, version: int) -> int:
    """The first version after the last migrated save that something but the backfill wrote; 0 if there is none.

    Raises:
        ScriptTaken: the script was not made by the backfill.
    """
    last = tx.legacy_versions.last(script.script_id)
    start = 1 if last is None else last.version_number + 1
    for first in range(start, version + 1, AUTHORSHIP_PAGE):
        page = tx.commands.authorships(script.script_id, range(first, min(version + 1, first + AUTHORSHIP_PAGE)))
        for number in sorted(page):
            if decode_cause(page[number].cause).origin is None:
                if number == 1:
                    raise ScriptTaken(f"the ledger has another script {script.script_id}")
                return number
    return 0


def _read(tx: Transaction, script_id: int) -> Iterator[LegacyVersion]:
    after = START
    while page := tx.legacy_versions.read(script_id, after=after, limit=PAGE):
        after = page[-1][0]
        for _, save in page:
            yield save
