"""The domain of users: rows keep their ids where these are numbers, and no two are made one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from backfill.domains.base import BackfillContext, Difference, Domain, ItemWork, domain
from backfill.domains.flat.duplicates import column_values, fingerprint, remembered, repeated
from backfill.domains.flat.flat_table import FlatRow, FlatTable, Position
from backfill.domains.flat.garbage_searches import rare_garbage_searches
from backfill.domains.flat.proof import prove
from backfill.domains.flat.slices import migrate
from backfill.mapping.mapped_table import MappedTable
from backfill.mapping.model import RowDecision
from backfill.scanning.merged_users import Merge, merges_of
from backfill.translate.accounts import Account, Repaired, UserTranslator
from backfill.translate.source_rows import Problem
from backfill.translate.words import text_of
from domain.accounts import email_key
from repos.accounts.bulk_accounts import UserRecord
from repos.legacy.connection import Row
from repos.legacy.rows import read_rows
from repos.unit_of_work import RecordsTransaction

TARGET = "users"
OTHER_ADDRESS = "The user that it is to be merged into has another e-mail address."
DELETED_USER = "The user that it is to be merged into was deleted."
# Of a user that is merged into another one: its id is its key, and a secret is not kept.
NOT_KEPT = ("id", "password", "password_salt")
SAME_ADDRESS = "Other users have the same e-mail address in another spelling: decide which of them keeps it."
# Decisions by which a user does not use its address.
AWAY = ("skip", "quarantine", "repair", "merge")


@domain
class Users(Domain):
    """People who sign in; one item a table."""

    name = TARGET

    def items(self, context: BackfillContext) -> Iterator[str]:
        yield from (table.name for table in context.tables_for(TARGET))

    @rare_garbage_searches()
    def migrate(self, work: ItemWork) -> bool:
        return migrate(work, UserTable(work.context, work.context.tables[work.name]))

    def prove(self, context: BackfillContext, name: str) -> Iterator[Difference]:
        return prove(UserTable(context, context.tables[name]), UserRecord._fields)


class UserTable(FlatTable):
    """One table of users."""

    target = TARGET

    def __init__(self, context: BackfillContext, table: MappedTable) -> None:
        super().__init__(context, table)
        self._translator = UserTranslator(table, context.mapping, context.hash_key)
        self.reader, self.times = self._translator.reader, self._translator.times
        self._id, self._email = self.reader.value("id"), self.reader.value("email")
        self._merges = merges_of(table)
        self._merged = {each.user for each in self._merges}
        self._decides = any(each.code == "L14" for each in table.rule.decisions)
        self._same = remembered(context, "addresses", lambda: _same_addresses(context))

    def translate(self, row: Row) -> Account:
        if self._merged and self._id(row) in self._merged:
            return Account(merged=True)
        account = self._translator.translate(row)
        if account.record is None or not is_live(account.record):
            return account
        chosen = _decision(self.table, self.reader.finding_key(row)) if self._decides else None
        if chosen is not None and chosen.do == "skip":
            return Account()
        if chosen is not None and chosen.do == "repair":
            return self._without_address(row, account)
        is_same = bool(self._same) and fingerprint(email_key(account.record.email)) in self._same
        if not (is_same if chosen is None else chosen.do in ("quarantine", "merge")):
            return account
        column = self.table.column("email")
        return Account(problem=Problem("L14", SAME_ADDRESS, column, account.record.email))

    def _without_address(self, row: Row, account: Account) -> Account:
        """The user with an address that is none; the row's own is kept."""
        email = self._translator.placeholder(row, account.record.id)
        repaired = {**account.repaired, str(self.table.column("email")): self._email(row)}
        return account._replace(record=account.record._replace(email=email), repaired=repaired)

    def resolve(self, tx: RecordsTransaction, rows: list[FlatRow]) -> list[FlatRow]:  # noqa: ARG002 - refers to nothing
        return rows

    def insert(self, tx: RecordsTransaction, rows: list[FlatRow]) -> list[FlatRow]:
        if any(not row.account.record.id for row in rows):
            rows = numbered(rows, max(tx.bulk_accounts.highest_user(), *self.table.rule.key_map.values(), 0))
        tx.bulk_accounts.add_users([row.account.record for row in rows])
        return rows

    def change(self, tx: RecordsTransaction, row: FlatRow, our_id: int) -> None:
        tx.bulk_accounts.change_user(row.account.record._replace(id=our_id))

    def stored(self, tx: RecordsTransaction, ids: Iterable[int]) -> Mapping[int, UserRecord]:
        return tx.bulk_accounts.get_users(ids)

    def refusal(self, tx: RecordsTransaction, row: FlatRow) -> Problem:
        record = row.account.record
        if record is None:
            return Problem("refused_by_database", "The database refuses the row.")
        if record.id and tx.users.get(record.id) is not None:
            return Problem("user_id_taken", "Another user of the ledger has this id.", self.table.column("id"))
        if is_live(record) and tx.users.find(record.email) is not None:
            reason = "Another user of the ledger has this e-mail address."
            return Problem("email_taken", reason, self.table.column("email"), record.email)
        return Problem("refused_by_database", "The database refuses the row.")

    def merges(self) -> Sequence[Merge]:
        return self._merges

    def unfit_merge(self, row: Row, into: Row) -> str | None:
        key, kept = (email_key(text_of(self._email(each) or "")) for each in (row, into))
        if not key or key != kept:
            return OTHER_ADDRESS
        user, person = (self._translator.translate(each).record for each in (row, into))
        if user is not None and person is not None and is_live(user) and not is_live(person):
            return DELETED_USER
        return None

    def kept_of_merged(self, row: Row) -> Repaired:
        fields, columns = self.table.fields, self.reader.columns
        return {name: value for name, value in zip(columns, row, strict=True) if fields.get(name) not in NOT_KEPT}

    def finish(self, tx: RecordsTransaction, position: Position) -> None:
        if self.table.rule.keys == "kept":
            tx.bulk_accounts.leave_user_ids(position.highest)


def _decision(table: MappedTable, key: Row) -> RowDecision | None:
    """What the mapping decides about the address of a user; found by a hash, because there may be thousands."""
    return table.decision("L14", table.shown_key(key))


def is_live(record: UserRecord) -> bool:
    """Whether a user was not deleted, and so has the address for itself."""
    return record.deleted_at is None


def numbered(rows: list[FlatRow], last: int) -> list[FlatRow]:
    """Rows without an id, with the ids after the last one."""
    found = []
    for row in rows:
        record = row.account.record
        if not record.id:
            last += 1
            row = row._replace(account=row.account._replace(record=record._replace(id=last)))  # noqa: PLW2901
        found.append(row)
    return found


def _same_addresses(context: BackfillContext) -> frozenset[int]:
    """The addresses that several users have who were not deleted and are not left out by the mapping."""
    several = repeated(email_key(text_of(value)) for value in column_values(context, TARGET, "email"))
    return repeated(_addresses(context, several)) if several else several


def _addresses(context: BackfillContext, wanted: frozenset[int]) -> Iterator[str]:
    for table in context.tables_for(TARGET):
        translator = UserTranslator(table, context.mapping, context.hash_key)
        for row in read_rows(context.source, table.table, translator.reader.columns):
            record = translator.translate(row.values).record
            if record is None or not is_live(record) or fingerprint(key := email_key(record.email)) not in wanted:
                continue
            chosen = _decision(table, translator.reader.finding_key(row.values))
            if chosen is None or chosen.do not in AWAY:
                yield key
