"""Kept legacy rows: stored once by table and key, whatever is in them."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from backfill.kept_columns import columns_json, key_json
from repos.database.driver_errors import DuplicateKey
from repos.unit_of_work import UnitOfWork


def test_rows_come_back_by_their_key_and_in_order(unit_of_work: UnitOfWork):
    rows = [(key_json((number, "é\n")), columns_json({"body": "🌫️" * number})) for number in range(5)]
    with unit_of_work.records() as tx:
        tx.legacy_rows.keep("media", rows, kept_at=7)
        tx.legacy_rows.keep("comments", rows[:1], kept_at=8)
    with unit_of_work.reading() as tx:
        kept = tx.legacy_rows.read("media")
        assert [(row.key, row.content, row.kept_at) for row in kept] == [(*row, 7) for row in rows]
        assert tx.legacy_rows.read("media", after=kept[2].id, limit=1) == [kept[3]]
        assert tx.legacy_rows.get("media", rows[4][0]) == rows[4][1]
        assert tx.legacy_rows.get("media", key_json((9, ""))) is None


def test_a_key_is_kept_once(unit_of_work: UnitOfWork):
    with unit_of_work.records() as tx:
        tx.legacy_rows.keep("once", [("[1]", "{}")], kept_at=7)
    with pytest.raises(DuplicateKey), unit_of_work.records() as tx:
        tx.legacy_rows.keep("once", [("[2]", "{}"), ("[1]", "{}")], kept_at=8)
    with unit_of_work.reading() as tx:
        assert [row.key for row in tx.legacy_rows.read("once")] == ["[1]"]


def test_the_database_refuses_what_is_no_json(migrated: Engine):
    columns = "source_table, source_key, key_sha256, content, kept_at"
    insert = f"INSERT INTO legacy_rows ({columns}) VALUES ('t', '[1]', 'x', '{{', 1)"
    with migrated.connect() as connection, pytest.raises(DBAPIError):
        connection.execute(text(insert))


def test_every_value_can_be_had_back_from_its_json():
    row = {
        "null": None,
        "bytes": b"\x00\xff",
        "decimal": Decimal("0.10"),
        "large": 2**64 - 1,
        "text": "a\x00b\u2028",
        "latin1": b"caf\xe9".decode(errors="surrogateescape"),
        "float": 0.5,
        "infinite": float("inf"),
        "moment": "0000-00-00 00:00:00",
    }
    assert json.loads(columns_json(row)) == {
        "null": None,
        "bytes": {"hex": "00ff"},
        "decimal": "0.10",
        "large": {"number": "18446744073709551615"},
        "text": "a\x00b\u2028",
        "latin1": {"hex": "636166e9"},
        "float": 0.5,
        "infinite": {"number": "inf"},
        "moment": "0000-00-00 00:00:00",
    }
