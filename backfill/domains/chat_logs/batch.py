"""Batches of chat: rows become messages with new ids, in the order in which they are read.

A row is one message, or a question and its answer, which get neighbouring ids. A row that repeats messages of another
table becomes these. Everything is recorded in the transaction that writes it.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from backfill.domains.base import Counts, ItemWork
from backfill.domains.chat_logs.log_rows import TARGET, LogRow, TablePlace, TableProgress
from backfill.domains.chat_logs.overlaps import Overlaps, RecentMessage
from backfill.domains.chat_logs.ownership import Owned, Ownership
from backfill.domains.chat_logs.reading_order import RACE_MICROSECONDS, in_reading_order
from backfill.domains.flat.read_ahead import Requests, request_all
from backfill.domains.flat.slices import keep_repaired, quarantined
from backfill.translate.accounts import Repaired
from backfill.translate.source_rows import Problem, decision
from domain.errors import Rejected
from repos.accounts.bulk_chat import MessageRecord, UsageRecord
from repos.backfill.legacy_keys import KeyRow, NewKey
from repos.backfill.quarantined_rows import QuarantinedRow
from repos.database.driver_errors import DriverError, DuplicateKey, blames_a_row
from repos.unit_of_work import RecordsTransaction

# What a row is that became the messages of another one.
MERGED = "merged_messages"
REFUSED = Problem("refused_by_database", "The database refuses the row.")
CHANGED = Problem("row_changed", "The row was changed after it came over, and no longer is the same messages.")
REPEATED = Problem("L34", "Another table has the same messages.")


class ChatPlace(msgspec.Struct, array_like=True):
    """How far the chat is: the place in each table, and the messages of the last seconds."""

    places: dict[str, TablePlace] = {}
    recent: list[RecentMessage] = []
    # Whether no row had come over when the item began, so that none has to be looked up.
    fresh: bool = False


class Batch(msgspec.Struct):
    """What a transaction writes."""

    messages: list[MessageRecord] = []
    usage: list[UsageRecord] = []
    changed: list[MessageRecord] = []
    links: list[tuple[int, int]] = []
    keys: dict[tuple[str, str], list[NewKey]] = {}
    hashes: list[tuple[str, str, bytes]] = []
    repaired: dict[str, list[tuple[str, Repaired]]] = {}
    counts: dict[str, Counts] = {}
    aside: list[QuarantinedRow] = []


class _Known(NamedTuple):
    """A row with its owner, and what it became before; None if it is new."""

    row: LogRow
    owned: Owned
    before: KeyRow | None


class ChatWriter:
    """Writes the batches of one slice."""

    def __init__(self, work: ItemWork) -> None:
        self._work, self._context = work, work.context
        self._tables = work.context.tables_for(TARGET)
        self._names = [table.name for table in self._tables]
        self._ownership = Ownership(work.context)
        self.requests: Requests = []
        if work.checkpoint:
            self.place = msgspec.msgpack.decode(work.checkpoint, type=ChatPlace)
        else:
            with work.context.unit_of_work.reading() as tx:
                self.place = ChatPlace(fresh=not any(map(tx.legacy_keys.count, self._names)))
        self._overlaps = Overlaps(work.context.hash_key, self.place.recent)
        places = self.place.places
        self.progress = {name: TableProgress(places.get(name, TablePlace())) for name in self._names}

    def write(self, rows: list[LogRow]) -> None:
        """Write rows in the order of the log; if the database refuses them, each alone."""
        try:
            self._write_together(rows)
        except (DuplicateKey, Rejected, *DriverError) as error:
            if not isinstance(error, DuplicateKey | Rejected) and not blames_a_row(error):
                raise
            if len(rows) > 1:
                middle = _middle(rows)
                self.write(rows[:middle])
                self.write(rows[middle:])
            else:
                self._write_together([rows[0]._replace(chat=rows[0].chat._replace(problem=REFUSED))])

    def _write_together(self, rows: list[LogRow]) -> None:
        overlaps, batch = self._overlaps.copy(), Batch()
        with self._context.unit_of_work.records() as tx:
            next_id = tx.bulk_chat.highest() + 1
            for known in self._known(tx, in_reading_order(self._context, rows)):
                next_id = self._add(batch, overlaps, known, next_id)
            numbers = {
                name: {row.number for row in rows if row.table == place} for place, name in enumerate(self._names)
            }
            places = {name: self.progress[name].after(numbers[name]) for name in self._names}
            place = ChatPlace(places, overlaps.recent(), self.place.fresh)
            self._work.record(tx, msgspec.msgpack.encode(place), batch.counts, batch.aside)
            _write(tx, batch, self._context.clock())
            request_all(self.requests)
        self._work.committed()
        for name, progress in self.progress.items():
            progress.finish(numbers[name])
        self._overlaps, self.place = overlaps, place

    def _known(self, tx: RecordsTransaction, rows: list[LogRow]) -> list[_Known]:
        owned = self._ownership.find(tx, rows)
        before: dict[tuple[int, str], KeyRow] = {}
        for number, name in enumerate(self._names if not self.place.fresh else ()):
            found = tx.legacy_keys.find(name, [row.key for row in rows if row.table == number])
            before |= {(number, key): value for key, value in found.items()}
        return [_Known(row, owner, before.get((row.table, row.key))) for row, owner in zip(rows, owned, strict=True)]

    def _add(self, batch: Batch, overlaps: Overlaps, known: _Known, next_id: int) -> int:
        """Add a row to the batch; returns the next free id."""
        row, owned, before = known
        name, chat = self._names[row.table], row.chat
        problem = chat.problem or owned.problem
        if problem is not None:
            self._set_aside(batch, row, problem)
        elif owned.skipped or not chat.texts:
            self._counts(batch, row).skipped += 1
        elif before is not None:
            self._again(batch, overlaps, known, before)
        elif (same := self._same(overlaps, row)) is not None:
            self._merge(batch, row, same)
        else:
            messages = messages_of(row, owned, next_id)
            batch.messages += messages
            self._remember(overlaps, row, messages)
            if chat.cost is not None:
                batch.usage.append(UsageRecord(messages[-1].id, *chat.cost, chat.at))
            batch.keys.setdefault((name, TARGET), []).append(NewKey(row.key, next_id, row.hash))
            if chat.repaired:
                batch.repaired.setdefault(name, []).append((row.key, chat.repaired))
            self._counts(batch, row).migrated += 1
            return next_id + len(messages)
        return next_id

    def _again(self, batch: Batch, overlaps: Overlaps, known: _Known, before: KeyRow) -> None:
        """A row that came over before: its messages are changed if its values were."""
        row, owned, _ = known
        name, is_same = self._names[row.table], row.hash == before.row_hash
        if before.target == MERGED and is_same:
            self._counts(batch, row).merged += 1
            return
        messages = messages_of(row, owned, before.our_id)
        if before.target == MERGED:
            self._set_aside(batch, row, CHANGED)
            return
        if not is_same:
            batch.changed += messages
            batch.hashes.append((name, row.key, row.hash))
            batch.repaired.setdefault(name, []).append((row.key, row.chat.repaired))
        self._remember(overlaps, row, messages)
        self._counts(batch, row).migrated += 1

    def _same(self, overlaps: Overlaps, row: LogRow) -> list[RecentMessage] | None:
        """The messages that a row repeats, unless the mapping keeps both."""
        if len(self._tables) == 1 or not row.chat.exact:
            return None
        do, _ = decision(self._context.mapping, self._tables[row.table], "L34", row.finding)
        return None if do in ("accept", "report") else overlaps.match(row)

    def _merge(self, batch: Batch, row: LogRow, same: list[RecentMessage]) -> None:
        name, table = self._names[row.table], self._tables[row.table]
        do, _ = decision(self._context.mapping, table, "L34", row.finding)
        if do == "skip":
            self._counts(batch, row).skipped += 1
            return
        if do in ("quarantine", "block"):
            self._set_aside(batch, row, REPEATED)
            return
        message = same[-1].message
        if len(same) > 1:
            batch.links.append((message, same[0].message))
        if row.chat.cost is not None:
            batch.usage.append(UsageRecord(message, *row.chat.cost, row.chat.at))
        batch.keys.setdefault((name, MERGED), []).append(NewKey(row.key, message, row.hash))
        batch.repaired.setdefault(name, []).append((row.key, row.chat.repaired))
        self._counts(batch, row).merged += 1

    def _remember(self, overlaps: Overlaps, row: LogRow, messages: list[MessageRecord]) -> None:
        if len(self._tables) > 1:
            for text, message in zip(row.chat.texts, messages, strict=True):
                overlaps.add(row, text, message.id)

    def _set_aside(self, batch: Batch, row: LogRow, problem: Problem) -> None:
        batch.aside.append(quarantined(self._context, self._tables[row.table], row.key, problem))
        self._counts(batch, row).quarantined += 1

    def _counts(self, batch: Batch, row: LogRow) -> Counts:
        return batch.counts.setdefault(self._names[row.table], Counts())


def messages_of(row: LogRow, owned: Owned, first_id: int) -> list[MessageRecord]:
    """The messages of a row; intent and metadata are those of the first, and the second answers it."""
    chat, script_id, user_id = row.chat, owned.script_id, owned.user_id
    if len(chat.texts) == 1:
        [(role, content)] = chat.texts
        return [MessageRecord(first_id, script_id, user_id, None, role, chat.intent, content, chat.metadata, chat.at)]
    return [
        MessageRecord(
            first_id + place,
            script_id,
            user_id,
            first_id if place else None,
            text.role,
            None if place else chat.intent,
            text.content,
            "{}" if place else chat.metadata,
            chat.at,
        )
        for place, text in enumerate(chat.texts)
    ]


def _write(tx: RecordsTransaction, batch: Batch, now: int) -> None:
    tx.bulk_chat.add(batch.messages, batch.usage)
    tx.flush_ahead()
    for message in batch.changed:
        tx.bulk_chat.change(message)
    for message_id, question_id in batch.links:
        tx.bulk_chat.link(message_id, question_id)
    for (table, target), keys in batch.keys.items():
        tx.legacy_keys.add(table, target, keys)
    for table, key, digest in batch.hashes:
        tx.legacy_keys.change(table, key, digest)
    for table, repaired in batch.repaired.items():
        keep_repaired(tx, table, repaired, now)


def _middle(rows: list[LogRow]) -> int:
    """Where a batch is split: not between rows of one moment, if that can be."""
    middle = len(rows) // 2
    for place in range(middle, len(rows)):
        if abs(rows[place].chat.at - rows[place - 1].chat.at) > RACE_MICROSECONDS:
            return place
    return middle
