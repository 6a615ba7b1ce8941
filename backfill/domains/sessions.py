"""The domain of sessions: sign-ins of users that came over, with the hash of their token."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from backfill.domains.base import BackfillContext, Difference, Domain, ItemWork, domain
from backfill.domains.flat.duplicates import column_values, fingerprint, remembered, repeated
from backfill.domains.flat.flat_table import FlatRow, FlatTable
from backfill.domains.flat.garbage_searches import rare_garbage_searches
from backfill.domains.flat.other_spellings import with_spelling
from backfill.domains.flat.proof import prove
from backfill.domains.flat.references import References
from backfill.domains.flat.slices import migrate
from backfill.domains.users import numbered
from backfill.mapping.mapped_table import MappedTable
from backfill.translate.accounts import Account, SessionTranslator
from backfill.translate.row_keys import row_key, whole_key
from backfill.translate.source_rows import Problem, decision
from backfill.translate.words import text_of
from domain.accounts import KEEP_SESSIONS_DAYS
from repos.accounts.bulk_accounts import SessionRecord
from repos.legacy.connection import Row
from repos.legacy.rows import highest
from repos.unit_of_work import RecordsTransaction

# Numbers that are given begin this far after those of the source, because the application goes on numbering.
NUMBERS_AFTER = 1_000_000
DAY = 86_400_000_000  # microseconds
TARGET = "sessions"
SAME_TOKEN = "Several sessions have this token: none of them signs anyone in."  # noqa: S105 - a sentence
NO_USER = "Its user does not exist, or did not come over."


@domain
class Sessions(Domain):
    """Sign-ins; one item a table."""

    name = TARGET
    needs = ("users",)

    def items(self, context: BackfillContext) -> Iterator[str]:
        yield from (table.name for table in context.tables_for(TARGET))

    @rare_garbage_searches()
    def migrate(self, work: ItemWork) -> bool:
        return migrate(work, SessionTable(work.context, work.context.tables[work.name]))

    def prove(self, context: BackfillContext, name: str) -> Iterator[Difference]:
        return prove(SessionTable(context, context.tables[name]), SessionRecord._fields)


class SessionTable(FlatTable):
    """One table of sessions."""

    target = TARGET

    def __init__(self, context: BackfillContext, table: MappedTable) -> None:
        super().__init__(context, table)
        self._translator = SessionTranslator(table, context.mapping, context.hash_key)
        self.reader, self.times = self._translator.reader, self._translator.times
        self._token = self.reader.value("token")
        self._users = References(context, "users")
        # Sessions without an id that can be kept get numbers that no other one has, nor gets there soon.
        self._last = 0
        if table.rule.keys == "kept" and (column := table.column("id")) is not None:
            self._last = (whole_key(highest(context.source, table.table, column)) or 0) + NUMBERS_AFTER
        self._same = remembered(
            context, "tokens", lambda: repeated(map(text_of, column_values(context, TARGET, "token")))
        )

    def translate(self, row: Row) -> Account:
        account = self._translator.translate(row)
        if not self._same or account.record is None or fingerprint(text_of(self._token(row))) not in self._same:
            return account
        do, chosen = decision(self.context.mapping, self.table, "L32", self.reader.finding_key(row))
        if do == "skip":
            return Account()
        if chosen is not None and do in ("accept", "repair"):
            return account
        return Account(problem=Problem("L32", SAME_TOKEN, self.table.column("token"), text_of(self._token(row))))

    def resolve(self, tx: RecordsTransaction, rows: list[FlatRow]) -> list[FlatRow]:
        users = self._users.find(tx, [row.account.user for row in rows if row.account.record is not None])
        return [self._with_user(tx, row, users) if row.account.record is not None else row for row in rows]

    def _with_user(self, tx: RecordsTransaction, row: FlatRow, users: dict[str, int]) -> FlatRow:
        account = row.account
        user = None if account.user is None else users.get(row_key((account.user,)))
        if user is None:
            return row._replace(account=self._without_user(tx, row))
        return row._replace(account=account._replace(record=account.record._replace(user_id=user)))

    def _without_user(self, tx: RecordsTransaction, row: FlatRow) -> Account:
        code = "L30" if row.account.user is not None and row_key((row.account.user,)) == "[0]" else "L05"
        do, chosen = decision(self.context.mapping, self.table, code, row.finding)
        if do == "skip":
            return Account()
        if do == "assign" and chosen is not None:
            user = self._users.named(tx, chosen.to)
            if user is not None:
                return row.account._replace(record=row.account.record._replace(user_id=user))
        reason = with_spelling(self.context, "users", row.account.user, NO_USER)
        return Account(problem=Problem(code, reason, self.table.column("user_id")))

    def insert(self, tx: RecordsTransaction, rows: list[FlatRow]) -> list[FlatRow]:
        if any(not row.account.record.id for row in rows):
            rows = numbered(rows, max(tx.bulk_accounts.highest_session(), self._last))
        tx.bulk_accounts.add_sessions([row.account.record for row in rows])
        return rows

    def change(self, tx: RecordsTransaction, row: FlatRow, our_id: int) -> None:
        tx.bulk_accounts.change_session(row.account.record._replace(id=our_id))

    def stored(self, tx: RecordsTransaction, ids: Iterable[int]) -> Mapping[int, SessionRecord]:
        return tx.bulk_accounts.get_sessions(ids)

    def may_be_pruned(self, record: SessionRecord) -> bool:
        return record.expires_at < self.context.clock() - KEEP_SESSIONS_DAYS * DAY

    def refusal(self, tx: RecordsTransaction, row: FlatRow) -> Problem:
        record = row.account.record
        if record is not None and record.id and tx.bulk_accounts.get_sessions([record.id]):
            return Problem("session_id_taken", "Another session of the ledger has this id.", self.table.column("id"))
        if record is not None and tx.bulk_accounts.has_token(record.token_sha256):
            return Problem("L32", SAME_TOKEN, self.table.column("token"))
        return Problem("refused_by_database", "The database refuses the row.")
