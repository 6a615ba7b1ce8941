"""A legacy table of users for tests, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from repos.accounts.users import UserRow
from tests.backfill.domains.flat_backfill import FlatBackfill, insert_rows

TABLE = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(255), username VARCHAR(60), passwordHash VARCHAR(191),
  passwordSalt VARCHAR(191), createdAt DATETIME(3), deletedAt DATETIME(3));
"""


def row_of(number: Any, email: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "email": f"writer{number}@example.org" if email is None else email,
        "username": f"writer {number}",
        "passwordHash": "hash",
        "passwordSalt": None,
        "createdAt": "1970-01-02 00:00:00.000",
        "deletedAt": None,
    } | more


def insert(backfill: FlatBackfill, number: Any, email: Any = None, **more: Any) -> None:
    insert_rows(backfill.url, "users", [row_of(number, email, **more)])


def insert_all(backfill: FlatBackfill, numbers: Iterable[int]) -> None:
    insert_rows(backfill.url, "users", [row_of(number) for number in numbers])


def user(backfill: FlatBackfill, number: int) -> UserRow:
    with backfill.unit_of_work.reading() as tx:
        found = tx.users.get(number)
    assert found is not None
    return found


def password(backfill: FlatBackfill, number: int) -> str | None:
    with backfill.unit_of_work.reading() as tx:
        return tx.users.password(number)


def user_ids(backfill: FlatBackfill) -> list[int]:
    with backfill.unit_of_work.reading() as tx:
        return [row.id for row in tx.users.read(limit=10_000, deleted=True)]
