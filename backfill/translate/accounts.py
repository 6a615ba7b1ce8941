"""Users and sessions from legacy rows: what each row becomes, or why it is set aside. Pure: nothing is looked up.

A value that had to be repaired is returned as it was, to be kept; the values of secrets are not.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any, NamedTuple

from backfill.mapping.flags import flag_reader
from backfill.mapping.mapped_table import MappedTable
from backfill.mapping.model import Mapping
from backfill.translate.row_keys import whole_key
from backfill.translate.source_rows import FieldReader, Problem, decision, decoded_once
from backfill.translate.words import repaired_line, text_of
from domain.accounts import BadEmail, check_email
from repos.accounts.bulk_accounts import MAX_NAME, MAX_PASSWORD, SessionRecord, UserRecord
from repos.accounts.sessions import token_hash
from repos.legacy.connection import Row

Repaired = dict[str, Any]
# A reserved name (RFC 2606), to which no mail can be sent.
NO_ADDRESS = "user-{name}@no-address.invalid"
# Where no row of a table has a time.
NO_TIME = 0


class Account(NamedTuple):
    """What a row becomes: a record, or a problem, or neither if the mapping skips it.

    The id of a record is 0 if it gets a new one; the user of a session is looked up by `user`. A row that is `merged`
    into another one has no record of its own, and is handled after all others.
    """

    record: Any = None
    problem: Problem | None = None
    repaired: Repaired = {}  # noqa: RUF012 - never changed
    user: Any = None
    merged: bool = False


class Times:
    """The time of the row before: what a row gets that has none of its own."""

    def __init__(self, last: int | None = None) -> None:
        self.last = last

    def created(self, at: int | None) -> int:
        """The time of a row, or else that of its neighbour."""
        if at is not None:
            self.last = at
            return at
        return NO_TIME if self.last is None else self.last


class UserTranslator:
    """Translates the rows of one table in order; `times` has the time of the row before."""

    def __init__(self, table: MappedTable, mapping: Mapping, hash_key: bytes) -> None:
        self.reader = reader = FieldReader(table, hash_key)
        self.times = Times()
        self._table, self._mapping = table, mapping
        self._keeps = table.rule.keys == "kept"
        self._key_map = table.rule.key_map
        # Many tables have neither; asking for each row costs a tenth of its translation.
        self._has_name, self._has_password = reader.is_given("name"), reader.is_given("password")
        self._has_deletion = reader.is_given("deleted_at") or reader.is_given("deleted")
        self._id, self._email, self._name = reader.value("id"), reader.value("email"), reader.value("name")
        self._password, self._salt = reader.value("password"), reader.value("password_salt")
        self.created, self._deleted_at = reader.moment("created_at"), reader.moment("deleted_at")
        flag = table.column("deleted")
        self._is_deleted = None if flag is None else flag_reader(table.rule_of(flag))
        self._deleted = reader.value("deleted")

    def translate(self, row: Row) -> Account:
        """What a row becomes."""
        repaired: Repaired = {}
        at, doubt = self.created(row)
        created_at = self.times.created(at)
        if (at is None or doubt) and (column := self._table.column("created_at")) is not None:
            repaired[column] = row[self.reader.columns.index(column)]
        number = self._number(row)
        if not isinstance(number, int):
            return number
        deleted_at = self._deletion(row, created_at, repaired) if self._has_deletion else None
        email = self._address(row, number, repaired)
        if not isinstance(email, str):
            return email
        password = self._password_of(row) if self._has_password and deleted_at is None else None
        if password is not None and len(password) > MAX_PASSWORD:
            reason = f"The password's hash has {len(password)} characters, more than {MAX_PASSWORD}."
            return Account(problem=Problem("L29", reason, self._table.column("password")))
        name = self._name_of(row, repaired) if self._has_name else None
        if isinstance(name, Account):
            return name
        record = UserRecord(number, email, created_at, deleted_at, name, password)
        return Account(record, None, repaired)

    def _number(self, row: Row) -> int | Account:
        """The id with us; 0 for a new one."""
        value = self._id(row)
        number = whole_key(value)
        if number == 0:
            return self._zero(row, self._table.column("id"))
        if self._key_map and (mapped := self._key_map.get(text_of(value))) is not None:
            return mapped
        if not self._keeps:
            return 0
        if number is None or number < 0:
            column = self._table.column("id")
            return Account(problem=Problem("L40", "The id is no whole number from 1 below 2^53.", column))
        return number

    def _zero(self, row: Row, column: str | None) -> int | Account:
        do, chosen = decision(self._mapping, self._table, "L30", self.reader.finding_key(row))
        if do == "skip":
            return Account()
        if do == "assign" and chosen is not None and (number := whole_key(chosen.to)) is not None and number > 0:
            return number
        if (mapped := self._key_map.get("0")) is not None:
            return mapped
        return Account(problem=Problem("L30", "User 0 is not one user: give it an id, or leave it out.", column))

    def _address(self, row: Row, number: int, repaired: Repaired) -> str | Account:
        value = self._email(row)
        text = "" if value is None else text_of(value)
        column = self._table.column("email")
        try:
            email = check_email(text)
        except BadEmail as refusal:
            rule = self._table.rule.decision("L29", self.reader.finding_key(row))
            do = rule.do if rule is not None else self._mapping.decision("L29")
            if do == "skip":
                return Account()
            if do != "repair":
                return Account(problem=Problem("L29", f"The value is refused: {refusal.code}.", column, text))
            if column is not None:
                repaired[column] = value
            return self.placeholder(row, number)
        if email != text and column is not None:
            repaired[column] = value
        return email

    def placeholder(self, row: Row, number: int) -> str:
        """An address that is none, of the user with an id, or of the row's key where the id is given later."""
        name = str(number) if number else sha256(self.reader.key(row).encode()).hexdigest()[:16]
        return NO_ADDRESS.format(name=name)

    def _name_of(self, row: Row, repaired: Repaired) -> str | Account | None:
        value, column = self._name(row), self._table.column("name")
        if value is None:
            return None
        text = decoded_once(self._mapping, self._table, self.reader.finding_key(row), column, text_of(value))
        if not isinstance(text, str):
            return Account(problem=text)
        name = repaired_line(text)[:MAX_NAME]
        if name != value and column is not None:
            repaired[column] = value
        return name or None

    def _password_of(self, row: Row) -> str | None:
        """The hash as it is; with its salt as JSON, `{"hash": …, "salt": …}`. None if either is empty (L35)."""
        value, salt = self._password(row), self._salt(row)
        if value is None or value in ("", b"") or salt in ("", b""):
            return None
        if salt is None:
            return text_of(value)
        return json.dumps({"hash": _secret(value), "salt": _secret(salt)}, ensure_ascii=False, separators=(",", ":"))

    def _deletion(self, row: Row, created_at: int, repaired: Repaired) -> int | None:
        at, doubt = self._deleted_at(row)
        column = self._table.column("deleted_at")
        if column is not None and doubt not in ("", "zero"):
            repaired[column] = row[self.reader.columns.index(column)]
            at = created_at if at is None else at
        if at is None and self._is_deleted is not None and self._is_deleted(self._deleted(row)):
            return created_at
        return at


class SessionTranslator:
    """Translates the rows of one table in order; `times` has the time of the row before."""

    def __init__(self, table: MappedTable, mapping: Mapping, hash_key: bytes) -> None:
        self.reader = reader = FieldReader(table, hash_key)
        self.times = Times()
        self._table, self._mapping = table, mapping
        self._keeps = table.rule.keys == "kept"
        self._id, self._user, self._token = reader.value("id"), reader.value("user_id"), reader.value("token")
        self.created, self._seen = reader.moment("created_at"), reader.moment("seen_at")
        self._expires, self._revoked = reader.moment("expires_at"), reader.moment("revoked_at")
        self._first_expiry = table.rule.first_expiry

    def translate(self, row: Row) -> Account:
        """What a row becomes; its user is looked up afterwards."""
        repaired: Repaired = {}
        created_at = self.times.created(self._time(row, "created_at", self.created, repaired))
        expires_at = self._time(row, "expires_at", self._expires, repaired)
        # A session without an end that can be read has ended.
        expires_at = created_at if expires_at is None else expires_at
        if self._first_expiry is not None and expires_at < self._first_expiry:
            return Account()
        seen_at = self._time(row, "seen_at", self._seen, repaired)
        revoked_at, doubt = self._revoked(row)
        if doubt == "unreadable":
            revoked_at = created_at
        token = self._token(row)
        if token is None or token in ("", b""):
            reason = "The session has no token."
            return Account(problem=Problem("no_token", reason, self._table.column("token")))
        number = whole_key(self._id(row)) if self._keeps else None
        record = SessionRecord(
            # An id that cannot be kept gets a new one: nothing refers to it.
            number if number is not None and number > 0 else 0,
            0,
            token_hash(text_of(token)),
            created_at,
            created_at if seen_at is None else seen_at,
            expires_at,
            revoked_at,
        )
        return Account(record, None, repaired, self._user(row))

    def _time(self, row: Row, field: str, read: Any, repaired: Repaired) -> int | None:
        at, doubt = read(row)
        column = self._table.column(field)
        if column is not None and (doubt or (at is None and field != "seen_at")):
            repaired[column] = row[self.reader.columns.index(column)]
        return int(at) if at is not None else None


def _secret(value: Any) -> str:
    """Bytes of a hash or a salt in hexadecimal, unless they are text."""
    if isinstance(value, bytes):
        try:
            return value.decode("ascii")
        except UnicodeDecodeError:
            return value.hex()
    return str(value)
