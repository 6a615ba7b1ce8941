"""Checks of owners, accounts and keys (L05, L06, L14, L18, L30, L32, L35, L40)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal

from msgspec.structs import replace

from backfill.checks.base import Check, check
from backfill.mapping.flags import deletion_tests, unused_deletion_tests
from backfill.mapping.mapped_table import MappedTable
from backfill.scanning.batch import Batch
from backfill.scanning.finding import Decision, Finding
from backfill.scanning.key_index import KeyIndex, number_of
from backfill.scanning.merged_users import merges_of
from backfill.scanning.scope import RowKeys, Scope
from domain.accounts import email_key
from domain.script.validation import EXACT

USERS = ("user_id", "actor")
# Rows whose ids are kept, or that do not come over.
IDS_KEPT = ("users", "scripts")
OF_SCRIPTS = ("versions", "commands", "elements", "lines")
OTHER_SPELLING = "one exists whose key differs only in case, in blanks around it, or is the same UUID as text or bytes"
NOT_USED = "the line comes over as if it were not deleted: map the column to `deleted` or `deleted_at`"
WITH_OWNERS = ("personas", "chat_messages")


@check
class OrphanRow(Check):
    code = "L05"
    title = "rows whose script or user does not exist"
    decision = "quarantine"

    def batch(self, batch: Batch) -> Iterator[Finding]:
        table = batch.table
        for field, exists in (("script_id", self.scope.is_script), ("user_id", self.scope.is_user)):
            if field not in batch or table.target == "users":
                continue
            # A text that is compared with each key once: most rows of a batch share a few.
            values = batch.field(field)
            missing = {value for value in set(values) if value is not None and not exists(value)}
            if field == "script_id" and None in values and table.target in OF_SCRIPTS:
                missing.add(None)
            if field == "user_id":
                missing.discard(0)  # a finding of its own
            for place, value in enumerate(values) if missing else ():
                if value in missing:
                    note = OTHER_SPELLING if self.scope.has_other_spelling(field, value) else ""
                    yield self.finding(table, batch.key(place), table.column(field), note=note)


@check
class BadOwner(Check):
    code = "L06"
    title = "no owner, or two that differ"
    decision = "quarantine"

    def batch(self, batch: Batch) -> Iterator[Finding]:
        table = batch.table
        if table.target == "scripts" and "user_id" in batch and None in batch.field("user_id"):
            for place, user in enumerate(batch.field("user_id")):
                if user is None:
                    yield self.finding(table, batch.key(place), table.column("user_id"), note="no owner")
        if table.target not in WITH_OWNERS or "user_id" not in batch:
            return
        has_scripts = "script_id" in batch
        for place, (script, user) in enumerate(zip(batch.field("script_id"), batch.field("user_id"), strict=True)):
            if user is None:
                if script is None and table.target == "personas":
                    yield self.finding(table, batch.key(place), table.column("user_id"), note="neither script nor user")
            elif script is not None and has_scripts:
                owner = self.scope.owner(script)
                if owner is not None and owner != self.scope.person(user):
                    note = "not the owner of the script"
                    yield self.finding(table, batch.key(place), table.column("user_id"), note=note)


class _Groups(Check):
    """Rows that share a value that only one may have."""

    before_saves = True

    target = ""
    field = ""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._keys = RowKeys()
        self._indexes = {table.name: KeyIndex() for table in scope.tables_for(self.target)}

    def value(self, value: str) -> str:
        """What is compared."""
        return value

    def kept(self, table: MappedTable) -> Collection[str]:
        """The keys of rows that keep the value, as decisions on other rows say."""
        return ()

    def without(self, batch: Batch) -> Collection[int]:
        """The places of rows that do not have the value for themselves."""
        return ()

    def batch(self, batch: Batch) -> Iterator[Finding]:
        if batch.table.target == self.target and self.field in batch:
            without = self.without(batch)
            for place, value in enumerate(batch.field(self.field)):
                if value is not None and place not in without:
                    row = self._keys.number(batch.key(place))
                    self._indexes[batch.table.name].add(number_of(self.value(str(value)), ""), row)
        yield from ()

    def relations(self) -> Iterator[Finding]:
        tables = self.scope.tables_for(self.target)
        kept = [self.kept(table) for table in tables]
        # Rows of several tables may have one key, so a row is its place in the index of its table.
        places = KeyIndex()
        for number, table in enumerate(tables):
            for place, value in enumerate(self._indexes[table.name].keys()):
                places.add(value, place * len(tables) + number)
        for group_number, group in enumerate(places.groups(), 1):
            for place, number in (divmod(row, len(tables)) for row in group):
                table = tables[number]
                key = self._keys.text(self._indexes[table.name].values()[place])
                note = f"group {group_number}, of {len(group)}"
                decision: Decision | None = "report" if key in kept[number] else None
                yield self.finding(table, key, table.column(self.field), note=note, decision=decision)


@check
class SameAddress(_Groups):
    """Addresses are compared as our own key compares them: no case, no accents, no width, no outer white space.

    A deleted user has no address for itself: another one may have signed up with it since.
    """

    code = "L14"
    title = "e-mail addresses that are one address for us"
    decision = "block"
    blocks = "the cut-over: decide which user keeps the address"
    target, field = "users", "email"

    def value(self, value: str) -> str:
        return email_key(value)

    def kept(self, table: MappedTable) -> Collection[str]:
        return {table.shown_key((each.into,)) for each in merges_of(table)}

    def without(self, batch: Batch) -> Collection[int]:
        tests = deletion_tests(batch.table)
        return {place for name, is_yes in tests for place, value in enumerate(batch.column(name)) if is_yes(value)}


@check
class SoftDeleted(Check):
    code = "L18"
    title = "rows that are marked as deleted"
    decision = "repair"

    def batch(self, batch: Batch) -> Iterator[Finding]:
        known: set[int] = set()
        for name, is_deleted in deletion_tests(batch.table):
            for place, value in enumerate(batch.column(name)) if name in batch.table.read_columns else ():
                if is_deleted(value):
                    known.add(place)
                    yield self.finding(batch.table, batch.key(place), name)
        for name, seems_deleted in unused_deletion_tests(batch.table):
            for place, value in enumerate(batch.column(name)):
                if place not in known and seems_deleted(value):
                    found = self.finding(batch.table, batch.key(place), name, note=NOT_USED)
                    # Whatever is decided of the code: the mapping does not use the column.
                    yield replace(found, decision="report")


@check
class UserZero(Check):
    """A non-strict server writes 0 for a column that was left out; given to a counter, 0 becomes another user."""

    code = "L30"
    title = "user id 0"
    decision = "block"
    blocks = "the cut-over: map user 0, or quarantine its rows"

    def batch(self, batch: Batch) -> Iterator[Finding]:
        for field in ("id", *USERS) if batch.table.target == "users" else USERS:
            if field in batch and 0 in batch.field(field):
                for place, value in enumerate(batch.field(field)):
                    if value == 0 and value is not None:
                        yield self.finding(batch.table, batch.key(place), batch.table.column(field))


@check
class SameToken(_Groups):
    code = "L32"
    title = "session tokens that several sessions have"
    decision = "quarantine"
    target, field = "sessions", "token"


@check
class EmptyPassword(Check):
    code = "L35"
    title = "empty password hashes or salts"
    decision = "repair"

    def batch(self, batch: Batch) -> Iterator[Finding]:
        for field in ("password", "password_salt"):
            if field in batch and "" in batch.field(field):
                for place, value in enumerate(batch.field(field)):
                    if value == "":
                        yield self.finding(batch.table, batch.key(place), batch.table.column(field))


@check
class OddKey(Check):
    """Our keys are whole numbers from 1 below 2^53: others get one from a map that is kept."""

    code = "L40"
    title = "keys that cannot be ours"
    decision = "repair"

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._rows = RowKeys()
        # The ids of scripts by table, where nothing keeps two rows from having the same.
        self._ids: dict[str, KeyIndex] = {}
        # The keys of the rows of tables without a key of their own.
        self._keys: dict[str, KeyIndex] = {}

    def tables(self) -> Iterator[Finding]:
        for table in self.scope.tables:
            if table.target in ("", "legacy_rows"):
                continue
            for name in table.key_columns:
                if table.described(name).kind not in ("integer", "decimal"):
                    yield self.finding(table, None, name, note=f"{table.described(name).kind}: each row gets a number")

    def batch(self, batch: Batch) -> Iterator[Finding]:
        if columns := self._unforced_key(batch.table):
            keys = self._keys.setdefault(batch.table.name, KeyIndex())
            for key in zip(*map(batch.column, columns), strict=True):
                keys.add(number_of(*key))
        if "id" not in batch or batch.table.target == "legacy_rows":
            return
        for place, value in enumerate(batch.field("id")):
            if isinstance(value, int | Decimal) and not (0 < value < EXACT and value == int(value)):
                is_kept = batch.table.target in IDS_KEPT and batch.table.rule.keys == "kept"
                if batch.table.target == "users" and (value == 0 or not is_kept):
                    continue  # user 0 is a finding of its own
                aside = is_kept and str(value) not in batch.table.rule.key_map
                decision: Decision | None = "quarantine" if aside else None
                yield self.finding(batch.table, batch.key(place), batch.table.column("id"), decision=decision)
        if batch.table.target == "scripts" and batch.table.table.key != (batch.table.column("id"),):
            ids = self._ids.setdefault(batch.table.name, KeyIndex())
            for place, value in enumerate(batch.field("id")):
                if value is not None:
                    ids.add(number_of(value), self._rows.number(batch.key(place)))

    @staticmethod
    def _unforced_key(table: MappedTable) -> Sequence[str]:
        """The columns that rows are known by, if nothing in the source keeps two rows from having the same values."""
        id_column = table.column("id") if table.target == "users" else None
        columns = table.key_columns if id_column is None else (id_column,)
        is_forced = bool(table.table.key) and set(columns).issuperset(table.table.key)
        is_numbered = table.target == "legacy_rows" and not table.rule.key
        return () if is_forced or is_numbered or table.target == "commands" else columns

    def dump(self) -> list[bytes]:
        saves = {table.name for table in self.scope.tables_for("versions")}
        return [part for name, keys in self._keys.items() if name in saves for part in (name.encode(), *keys.dump())]

    def load(self, parts: list[bytes]) -> None:
        for place in range(0, len(parts), 3):
            self._keys.setdefault(parts[place].decode(), KeyIndex()).load(parts[place + 1 : place + 3])

    def relations(self) -> Iterator[Finding]:
        for table in self.scope.tables:
            if table.name in self._keys and (shared := sum(map(len, self._keys[table.name].groups()))):
                note = f"{shared} rows have the key of another one: name the columns that identify a row in `key`"
                yield self.finding(table, None, table.key_columns[0], note=note, decision="quarantine")
        for table in self.scope.tables_for("scripts"):
            for rows in self._ids[table.name].groups() if table.name in self._ids else ():
                for row in rows:
                    note = f"{len(rows)} scripts have this id"
                    key = self._rows.text(row)
                    yield self.finding(table, key, table.column("id"), note=note, decision="quarantine")
