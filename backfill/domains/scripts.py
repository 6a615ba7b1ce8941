"""The domain of scripts: each becomes a log that replays to every save of it; one item a script."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from weakref import WeakKeyDictionary

from backfill.domains.base import BackfillContext, Difference, Domain, ItemWork, domain
from backfill.domains.flat.reserved_numbers import reserve_script_numbers
from backfill.domains.script_log.ambiguous_ids import (
    SAME_ID,
    has_unique_ids,
    is_ambiguous,
    migrate_ambiguous,
    scripts_of,
)
from backfill.domains.script_log.branches import branches_of, reserve_branch_numbers
from backfill.domains.script_log.item_names import ItemKey, is_branch, item_of
from backfill.domains.script_log.orphans import TARGETS, migrate_orphans
from backfill.domains.script_log.recorder import (
    REFUSED,
    TOO_LATE,
    ItemRecorder,
    is_row_changed,
    record_known,
    set_script_aside,
)
from backfill.domains.script_log.source import ScriptSource, SourceScript
from backfill.domains.script_log.texts_by_hash import TARGET as CONTENTS
from backfill.domains.script_log.texts_by_hash import migrate_texts
from backfill.kept_columns import key_values
from backfill.scripts.changed_metadata import EDITED, metadata_refusal
from backfill.scripts.legacy_script import LegacyScript, ScriptEdited, is_own_text
from backfill.scripts.migrate_script import ScriptMigration, is_migrated
from backfill.scripts.migrated_saves import MigratedSaves, keep_own_text, migrated_saves
from backfill.scripts.pending_saves import PendingSaves, RefusedSave
from backfill.scripts.prove_script import prove_script
from backfill.scripts.refused_contents import lasting_refusal
from backfill.scripts.script_saves import ScriptSaves
from backfill.translate.row_keys import origin_key
from backfill.translate.source_rows import Problem
from domain.log.head import Head
from domain.submissions.answer import Refusal
from domain.submissions.origin import MAX_TABLE
from domain.submissions.submission import decode_cause
from materialization.submissions.backfill_mode import end_backfill
from repos.database.driver_errors import DuplicateKey
from repos.unit_of_work import RecordsTransaction

TARGET = "scripts"
# The end of the name of an item for the rows of a table whose scripts do not exist.
ORPHANS = " orphans"
# The same for the texts of a table that versions point at.
TEXTS = " texts"
# The same for the rows of a table of scripts whose ids others have too, and those without one.
AMBIGUOUS = " ambiguous"
MIN_SLICE_SECONDS = 1.0
LATE = Refusal(
    TOO_LATE, "The ledger has later saves of the script already: only an empty ledger takes this one in its place."
)

SAME_KEY = Refusal(REFUSED, "The ledger has another row under the same key.")
NEW_ON_BOTH_SIDES = Refusal(EDITED.code, "The save is new in the source, and its script was edited here since.")


@domain
class Scripts(Domain):
    """Scripts with all their saves."""

    name = TARGET
    needs = ("users",)

    def __init__(self) -> None:
        self._source: ScriptSource | None = None
        # The script that was read for an item, for the slices after the first.
        self._found: WeakKeyDictionary[ItemWork, SourceScript | None] = WeakKeyDictionary()

    def items(self, context: BackfillContext) -> Iterator[str]:
        reserve_script_numbers(context)
        for table in context.tables_for(TARGET):
            yield from (item_of(table.name, ItemKey(script)) for script in scripts_of(context, table))
            if not has_unique_ids(table):
                yield f"{table.name}{AMBIGUOUS}"
        branches = list(branches_of(context))
        for table in context.tables_for(TARGET):
            own = reserve_branch_numbers(context, table, branches)
            yield from (item_of(table.name, ItemKey(branch.script, (branch.branch,))) for branch in own)
            begun = {branch.key for branch in own}
            branches = [branch for branch in branches if branch.key not in begun]
        yield from (f"{table.name}{ORPHANS}" for table in context.tables_for(*TARGETS))
        yield from (f"{table.name}{TEXTS}" for table in context.tables_for(CONTENTS))

    def is_claimed_by_slice(self, name: str) -> bool:
        return not name.endswith((ORPHANS, TEXTS, AMBIGUOUS))

    def migrate(self, work: ItemWork) -> bool:
        if work.name.endswith(ORPHANS):
            return migrate_orphans(work, work.context.tables[work.name.removesuffix(ORPHANS)])
        if work.name.endswith(TEXTS):
            return migrate_texts(work, work.context.tables[work.name.removesuffix(TEXTS)])
        if work.name.endswith(AMBIGUOUS):
            return migrate_ambiguous(work, work.context.tables[work.name.removesuffix(AMBIGUOUS)])
        source = self._source_of(work.context)
        if work not in self._found:
            self._found[work] = source.read(work.name)
        found = self._found[work]
        if found is None:
            return True  # deleted since the run was planned
        with work.context.unit_of_work.reading() as tx:
            heads = cache(tx.heads.get)
            script = _script(work.context, tx, source, found, heads)
            is_new = isinstance(script, LegacyScript) and heads(script.script_id) is None
            if isinstance(script, LegacyScript) and not is_new:
                keep_own_text(tx, script, found.saves)
        if not isinstance(script, LegacyScript):
            if not work.checkpoint:  # else it is recorded, and its worker ended before the item was closed
                set_script_aside(work, found, script)
            return True
        return _migrate(work, found, script, is_new=is_new)

    def prove(self, context: BackfillContext, name: str) -> Iterator[Difference]:
        if name.endswith((ORPHANS, TEXTS, AMBIGUOUS)):
            return
        source = self._source_of(context)
        found = source.read(name)
        if found is None and is_branch(context, name):
            return
        if found is None:
            yield Difference("", name, "the source no longer has the row of the item")
            return
        with context.unit_of_work.reading() as tx:
            heads = cache(tx.heads.get)
            script = _script(context, tx, source, found, heads)
            if not isinstance(script, LegacyScript):
                return
            if heads(script.script_id) is None:
                yield Difference(found.table.name, found.row.key, "the script is not in the ledger")
                return
            keep_own_text(tx, script, found.saves)
            aside = _set_aside(context, tx, name, found.saves)
            proof = prove_script(tx, script, found.saves, lambda table, key: (table, key) in aside)
        count = len(found.saves.rows) if proof.differences else 0
        places = {found.saves.row(place): place for place in range(count)}
        tables = {table[:MAX_TABLE]: table for table in found.saves.tables if table != found.table.name}
        for origin, problem in proof.differences:
            place, save_table = places.get((origin.table, origin.key)), tables.get(origin.table)
            row = (found.table.name, found.row.key) if save_table is None else (save_table, origin.key)
            for table, key in [row] if place is None else found.saves.source_rows(place):
                yield Difference(table, key, problem)

    def _source_of(self, context: BackfillContext) -> ScriptSource:
        """The scripts of the source, which most items share."""
        if self._source is None or self._source.context is not context:
            self._source = ScriptSource(context)
        return self._source


def _script(
    context: BackfillContext,
    tx: RecordsTransaction,
    source: ScriptSource,
    found: SourceScript,
    heads: Callable[[int], Head | None],
) -> LegacyScript | Problem | None:
    """The script as it comes over; a problem if it is set aside, None if the mapping leaves it out."""
    row = found.row
    if is_ambiguous(context, found.table, row.id):
        return Problem("L40", SAME_ID, found.table.column("id"))
    if row.skipped:
        return None
    if row.problem is not None:
        return row.problem
    known = tx.legacy_keys.find(found.table.name, [row.key]).get(row.key)
    number = row.number or (known.our_id if known is not None else 0)
    if not number:
        return Problem("L40", "The script was added after its run was planned.", found.table.column("id"))
    if heads(number) is not None and _is_taken(context, tx, found, number):
        reason = 'A script of another table has this id: `keys = "assigned"` gives new ones.'
        return Problem("script_id_taken", reason, found.table.column("id"))
    return source.script(tx, found, number)


def _is_taken(context: BackfillContext, tx: RecordsTransaction, found: SourceScript, number: int) -> bool:
    """Whether the log with this id was begun by a row of scripts that is not this one."""
    first = tx.commands.authorship(number, 1)
    origin = None if first is None else decode_cause(first.cause).origin
    tables = {table.name[:MAX_TABLE] for table in context.tables_for(TARGET)}
    own = found.row.origin
    return origin is not None and origin.table in tables and (origin.table, origin.key) != (own.table, own.key)


def _migrate(work: ItemWork, found: SourceScript, script: LegacyScript, *, is_new: bool) -> bool:
    """Write slices until the deadline; returns whether the script is complete. The ledger has nothing of a new one."""
    try:
        return _write(work, found, script, is_new=is_new)
    except DuplicateKey:
        if not work.is_last_attempt:
            raise
        _record_same_key(work, found, script)
        return True


def _write(work: ItemWork, found: SourceScript, script: LegacyScript, *, is_new: bool) -> bool:
    unit_of_work = work.context.unit_of_work
    recorder = ItemRecorder(work, found, script.script_id)
    with unit_of_work.reading() as tx:
        changed = not is_new and is_row_changed(tx, found)
    if not work.checkpoint and not is_new:
        with unit_of_work.reading() as tx:
            known = migrated_saves(tx, script, found.saves, changed=changed)
            refusal = metadata_refusal(tx, script) if changed else None
            try:
                done, conflict = is_migrated(tx, script, found.saves, known, changed=changed), range(0)
            except ScriptEdited:
                # What came in the meantime on both sides is for a person to put together; the other scripts go on.
                done, conflict = True, range(known.place, len(found.saves))
        if known.place or done or refusal is not None:
            late = _refused(found, known.late, LATE) + _conflicts(found, script, conflict, refusal)
            record_known(work, recorder, known, late, done=done)
        if done:
            return True
    elif recorder.progress.done:
        return True  # its worker ended before it could close the item
    migration = ScriptMigration(unit_of_work, clock=work.context.clock)
    pending = PendingSaves(script, found.saves, recorder, row_changed=changed)
    while True:
        left = max(MIN_SLICE_SECONDS, work.deadline - time.monotonic())
        try:
            written = migration.write(script.script_id, pending, left)
        except ScriptEdited:  # since it was looked at
            _record_conflicts(work, recorder, found, script, changed=changed)
            return True
        work.committed()
        if not written.more:
            return True
        if time.monotonic() >= work.deadline:
            return False


def _record_conflicts(
    work: ItemWork, recorder: ItemRecorder, found: SourceScript, script: LegacyScript, *, changed: bool
) -> None:
    """Set aside what cannot follow because the script was edited here after its first slices were written."""
    with work.context.unit_of_work.reading() as tx:
        refusal = metadata_refusal(tx, script) if changed else None
    place = recorder.progress.place
    conflicts = _conflicts(found, script, range(place, len(found.saves)), refusal)
    record_known(work, recorder, MigratedSaves(place, Counter(), Counter(), []), conflicts, done=True)


def _record_same_key(work: ItemWork, found: SourceScript, script: LegacyScript) -> None:
    """Set aside what the ledger does not take because it has another row under its key, in each attempt."""
    end_backfill(work.context.unit_of_work, script.script_id)  # first, because the record may be refused as well
    recorder = ItemRecorder(work, found, script.script_id)
    place = recorder.progress.place
    refused = _conflicts(found, script, range(place, len(found.saves)), SAME_KEY, SAME_KEY)
    record_known(work, recorder, MigratedSaves(place, Counter(), Counter(), []), refused, done=True)


def _conflicts(
    found: SourceScript,
    script: LegacyScript,
    places: Sequence[int],
    refusal: Refusal | None,
    reason: Refusal = NEW_ON_BOTH_SIDES,
) -> list[RefusedSave]:
    """Saves that the source has gained, and its row if that changed, of a script that cannot take them."""
    refused = _refused(found, places, reason)
    if refusal is None:
        return refused
    own = RefusedSave(script.origin, refusal)
    return [save for save in refused if not is_own_text(script, (save.origin.table, save.origin.key))] + [own]


def _refused(found: SourceScript, places: Sequence[int], reason: Refusal) -> list[RefusedSave]:
    """Saves that cannot follow, each with the reason why it never can, or else this one."""
    refused = []
    for save in found.saves.read_places(places):
        refusal = save.refusal or lasting_refusal(save.content, save.shape) or reason
        refused.append(RefusedSave(save.origin, refusal))
    return refused


def _set_aside(context: BackfillContext, tx: RecordsTransaction, name: str, saves: ScriptSaves) -> set[tuple[str, str]]:
    """Table and key of the saves that the item set aside, as origins name them."""
    item = tx.backfill_items.find(context.run_id, TARGET, name)
    rows = [] if item is None else tx.quarantined_rows.of_item(item.id)
    named = {(row.source_table, row.source_key) for row in rows}
    several = {
        saves.row(place)
        for place, save in enumerate(saves.rows if saves.has_members else ())
        if save.members and not named.isdisjoint(saves.source_rows(place))
    }
    return several | {(table[:MAX_TABLE], origin_key(key_values(key))) for table, key in named}
