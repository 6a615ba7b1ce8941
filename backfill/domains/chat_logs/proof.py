"""The proof of the chat: what each source row has to be in the ledger, compared with the messages that are there."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice
from typing import Any

from backfill.domains.base import BackfillContext, Difference
from backfill.domains.chat_logs.batch import MERGED, messages_of
from backfill.domains.chat_logs.log_rows import TARGET, LogRow, TablePlace, table_rows
from backfill.domains.chat_logs.ownership import Owned, Ownership
from backfill.domains.flat.proof import MISSING, SEGMENT_ROWS, UNEXPECTED, differing
from backfill.mapping.mapped_table import MappedTable
from backfill.translate.source_rows import decision
from domain.counting import counted
from repos.accounts.bulk_chat import MessageRecord, UsageRecord
from repos.backfill.legacy_keys import KeyRow
from repos.unit_of_work import RecordsTransaction

IDS_PER_QUERY = 10_000


def prove(context: BackfillContext) -> Iterator[Difference]:
    """Compare the chat with the ledger."""
    explained = array("q")
    for number, table in enumerate(context.tables_for(TARGET)):
        ownership, came = Ownership(context), 0
        rows = table_rows(context, number, TablePlace())
        while segment := list(islice(rows, SEGMENT_ROWS)):
            with context.unit_of_work.reading() as tx:
                wanted, found, known = _segment(context, tx, table, segment, ownership)
            came += len(known)
            for place in differing(context.hash_key, wanted, found):
                yield Difference(table.name, segment[place].key, _problem(wanted[place], found[place]))
            explained.extend(message[0] for messages in wanted if messages for message in messages[0])
        with context.unit_of_work.reading() as tx:
            stored = tx.legacy_keys.count(table.name)
        if stored > came:
            yield Difference(
                table.name, "[]", f"{counted(stored - came, 'row')} came over that the source no longer has"
            )
    yield from _unexplained(context, explained)


def _segment(
    context: BackfillContext, tx: RecordsTransaction, table: MappedTable, rows: list[LogRow], ownership: Ownership
) -> tuple[list[Any], list[Any], dict[str, KeyRow]]:
    """What has to be there and what is there, row by row: messages and usage; None is a row that is not there."""
    known = tx.legacy_keys.find(table.name, [row.key for row in rows])
    ids = [key.our_id + place for key in known.values() for place in (0, 1)]
    messages, usage = tx.bulk_chat.get(ids), tx.bulk_chat.usage(ids)
    wanted: list[Any] = []
    found: list[Any] = []
    for row, owned in zip(rows, ownership.find(tx, rows), strict=True):
        key = known.get(row.key)
        comes = row.chat.problem is None and owned.problem is None and not owned.skipped and row.chat.texts
        if comes and key is None and _is_left_out(context, tx, table, row):
            comes = False
        wanted.append(_wanted(row, owned, key) if comes else None)
        found.append(None if key is None else _found(row, key, messages, usage))
    return wanted, found, known


def _is_left_out(context: BackfillContext, tx: RecordsTransaction, table: MappedTable, row: LogRow) -> bool:
    """Whether a row that repeats the messages of another log was skipped or set aside, as the mapping says."""
    do, _ = decision(context.mapping, table, "L34", row.finding)
    return do == "skip" or (
        do in ("quarantine", "block") and tx.quarantined_rows.has(context.run_id, table.name, row.key)
    )


def _wanted(row: LogRow, owned: Owned, key: KeyRow | None) -> Any:
    messages = messages_of(row, owned, 0 if key is None else key.our_id)
    cost = None if row.chat.cost is None else UsageRecord(messages[-1].id, *row.chat.cost, row.chat.at)
    if key is not None and key.target == MERGED:
        return [_common_part(messages[-1]._replace(id=key.our_id))], cost and cost._replace(message_id=key.our_id)
    return messages, cost


def _found(row: LogRow, key: KeyRow, messages: dict[int, MessageRecord], usage: dict[int, list[UsageRecord]]) -> Any:
    is_merged = key.target == MERGED
    ids = [key.our_id] if is_merged else range(key.our_id, key.our_id + len(row.chat.texts))
    there = [messages[each] for each in ids if each in messages]
    if not there:
        return None
    if is_merged:
        there = [_common_part(message) for message in there]
    elif len(there) == 1 and len(row.chat.texts) == 1:
        # Another log may have recorded which message this one answers.
        there = [there[0]._replace(answers=None)]
    cost, costs = row.chat.cost, usage.get(ids[-1], [])
    exact = None if cost is None else UsageRecord(ids[-1], *cost, row.chat.at)
    return there, exact if exact in costs else next(iter(costs), None) if cost is not None else None


def _common_part(message: MessageRecord) -> MessageRecord:
    """What a message has in common with the same one in another log."""
    content = message.content.strip()
    return MessageRecord(message.id, message.script_id, None, None, message.role, None, content, "", 0)


def _problem(wanted: Any, found: Any) -> str:
    if found is None:
        return MISSING
    if wanted is None:
        return UNEXPECTED
    if len(wanted[0]) != len(found[0]):
        return MISSING
    differ = {
        name
        for one, other in zip(wanted[0], found[0], strict=True)
        for name, mine, theirs in zip(MessageRecord._fields, one, other, strict=True)
        if mine != theirs
    }
    if wanted[1] != found[1]:
        differ.add("usage")
    return f"other {', '.join(sorted(differ))}"


def _unexplained(context: BackfillContext, explained: array[int]) -> Iterator[Difference]:
    """Messages that no legacy row explains, and that were not written by the application since the run began."""
    if not explained:
        return
    with context.unit_of_work.reading() as tx:
        run = tx.backfill_runs.get(context.run_id)
    opened_at = context.clock() if run is None else run.opened_at
    ids = sorted(explained)
    after = ids[0] - 1
    while True:
        with context.unit_of_work.reading() as tx:
            page = tx.bulk_chat.ids_after(after, limit=IDS_PER_QUERY)
        for number, at in page:
            place = bisect_left(ids, number)
            if at < opened_at and (place == len(ids) or ids[place] != number):
                yield Difference(TARGET, f"[{number}]", "no legacy row explains this message of the ledger")
        if len(page) < IDS_PER_QUERY:
            return
        after = page[-1][0]
