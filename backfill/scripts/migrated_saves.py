"""What the ledger has of a legacy script already: which of its saves, and whether someone edited it since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from backfill.scripts.kept_content import raw_bytes
from backfill.scripts.legacy_script import LegacyScript, SaveSource, ScriptTaken, SourceChanged, is_own_text
from backfill.scripts.script_saves import ScriptSaves
from backfill.scripts.successive_saves import SuccessiveSaves
from domain.errors import Rejected
from domain.submissions.submission import decode_cause
from materialization.history.state_at import state_at
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


def migrated_saves(
    tx: RecordsTransaction, script: LegacyScript, saves: SaveSource, *, changed: bool = True
) -> MigratedSaves:
    """Compare the saves of the source with those in the ledger.

    The text in the script's own row is overwritten there: what the ledger has of it may be an older one, and the newer
    one is a save that is left. Without `changed`, the row is as it was when it came over.

    Raises:
        SourceChanged: the last migrated save is no longer in the source.
    """
    # Hashes take a fifth of the memory of keys; an error of one in 2^64 is found by the proof.
    versions: dict[int, int] = {}
    last: tuple[str, str] | None = None
    own: LegacyVersion | None = None
    own_is_last = False
    for save in _read(tx, script.script_id):
        own_is_last = is_own_text(script, (save.source_table, save.source_key))
        if own_is_last:
            own = save
        else:
            last = save.source_table, save.source_key
        versions[hash((save.source_table, save.source_key))] = save.version_number
    count = len(saves)
    has_own = bool(count) and is_own_text(script, saves.row(count - 1))
    migrated: Counter[str] = Counter()
    merged: Counter[str] = Counter()
    late: list[int] = []
    missing: list[int] = []
    place = before = 0
    for number in range(count - has_own) if versions else ():
        row = saves.row(number)
        version = versions.get(hash(row))
        if version is None:
            missing.append(number)
            continue
        (merged if version == before else migrated)[row[0]] += saves.weight(number)
        before, place = version, number + 1
        late += missing
        missing = []
    if last is not None and (not place or saves.row(place - 1) != last):
        raise SourceChanged(
            f"the source no longer has the last migrated save of script {script.script_id}, or moved it"
        )
    if own is None:
        return MigratedSaves(place, migrated, merged, late)
    is_newest = own_is_last and not any(_is_after(saves.saved_at(number), own) for number in missing)
    if has_own and is_newest and (not changed or _is_text_of(tx, script.script_id, own, saves)):
        return MigratedSaves(count, migrated, merged, late + missing)
    if own_is_last and place == count:
        raise SourceChanged(f"the source no longer has the text of script {script.script_id} that came over last")
    return MigratedSaves(place, migrated, merged, late)


def keep_own_text(tx: RecordsTransaction, script: LegacyScript, saves: ScriptSaves) -> None:
    """Take the text of the script's own row as a save, if the last one that the ledger has is of that row."""
    last = tx.legacy_versions.last(script.script_id)
    if last is not None and is_own_text(script, (last.source_table, last.source_key)):
        saves.keep_own_text(last.saved_at)


def _is_after(saved_at: int | None, own: LegacyVersion) -> bool:
    return saved_at is not None and saved_at > own.saved_at


def _is_text_of(tx: RecordsTransaction, script_id: int, own: LegacyVersion, saves: SaveSource) -> bool:
    """Whether the last save has the text that the ledger has of it."""
    [save] = saves.read(len(saves) - 1)
    if save.refusal is not None:
        return False
    try:
        text = SuccessiveSaves().read(save.content, save.shape)
    except Rejected:
        return False
    if not text.whole if own.raw is None else raw_bytes(own.raw) != save.content:
        return False
    lines = list(state_at(tx, script_id, own.version_number).lines())
    return len(lines) == len(text.lines) and all(
        line == (wanted if wanted.id else replace(wanted, id=line.id))
        for line, wanted in zip(lines, text.lines, strict=True)
    )


def first_edit(tx: Transaction, script: LegacyScript, version: int) -> int:
    """The first version after the last migrated save that something but the backfill wrote; 0 if there is none.

    Raises:
        ScriptTaken: the script was not made by the backfill.
    """
    if not version:
        return 0
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
