"""A certificate is issued for a run that is whole, and is void once source or ledger is changed."""

from __future__ import annotations

import json

import msgspec
import pytest

from backfill.certificate.document import Certificate
from tests.backfill.certificate.certifying import certified, in_ledger, in_source, latest, sentences, stored
from tests.backfill.runs.backfill_setup import TABLES, Backfill

MARKER = "Only Ada may read this."


def test_a_whole_run_is_certified_with_every_row_and_column_counted(backfill: Backfill) -> None:
    backfill.run()

    certificate = certified(backfill)

    assert certificate.certified
    assert certificate.problems == []
    assert stored(backfill) == certificate
    assert {table.name: (table.rows, table.migrated) for table in certificate.tables} == {
        name: (rows, rows) for name, rows in TABLES.items()
    }
    for table in certificate.tables:
        assert table.holds
        assert sum(segment.rows for segment in table.segments) == table.rows
        for column in table.columns:
            counted = column.migrated + column.merged + column.quarantined + column.skipped + column.dropped
            assert counted == table.rows
    links = next(table for table in certificate.tables if table.name == "tag_links")
    assert [(column.name, column.fate, column.nulls) for column in links.columns] == [
        ("idea", "kept", 0),
        ("tag", "kept", 0),
        ("weight", "kept", 1),
    ]


SOURCE = {
    "changed": ("UPDATE ideas SET body = 'x' WHERE id = 9", ("proof", "ideas", "9")),
    "changed in the last column": ("UPDATE tag_links SET weight = 9 WHERE idea = 'b'", ("proof", "tag_links", "")),
    "deleted": ("DELETE FROM ideas WHERE id = 9", ("rows", "ideas", "")),
    "deleted and replaced": (
        "DELETE FROM ideas WHERE id = 9; INSERT INTO ideas VALUES (10, 'new')",
        ("proof", "ideas", "10"),
    ),
    "added": ("INSERT INTO ideas VALUES (100000, 'late')", ("rows", "ideas", "")),
    "added below": ("INSERT INTO ideas VALUES (4, 'late')", ("proof", "ideas", "4")),
    "shifted alike": (
        "UPDATE ideas SET body = (SELECT body FROM ideas AS o WHERE o.id = ideas.id + 3) WHERE id IN (3, 6, 9, 12)",
        ("proof", "ideas", "12"),
    ),
}
LEDGER = {
    "changed": ("UPDATE legacy_rows SET content = '{}' WHERE source_key = '[9]'", ("proof", "ideas", "9")),
    "missing": ("DELETE FROM legacy_rows WHERE source_key = '[9]'", ("proof", "ideas", "9")),
    "another table": (
        "UPDATE legacy_rows SET source_table = 'x' WHERE source_key = '[9]'",
        ("proof", "ideas", "9"),
    ),
    "a count": (
        """UPDATE backfill_items SET counts = '{"ideas":{"migrated":399}}' WHERE name = 'ideas'""",
        ("rows", "ideas", ""),
    ),
    "a failed item": ("UPDATE backfill_items SET state = 'failed' WHERE name = 'ideas'", ("run", "", "")),
    "a run that goes on": ("UPDATE backfill_runs SET state = 'running', active = 1", ("run", "", "")),
    "an undecided row": (
        "INSERT INTO backfill_quarantine (run_id, item_id, source_table, source_key, code, reason, found_at) "
        "VALUES (1, 1, 'ideas', '[9]', 'refused_by_database', 'x', 0)",
        ("decisions", "ideas", "9"),
    ),
}


@pytest.mark.parametrize(("sql", "problem"), SOURCE.values(), ids=SOURCE)
def test_a_change_of_the_source_voids_the_certificate(
    backfill: Backfill, sql: str, problem: tuple[str, str, str]
) -> None:
    backfill.run()
    certified(backfill)
    in_source(backfill, sql)

    certificate = certified(backfill)

    assert not certificate.certified
    found = [(check, table, key if problem[2] else "") for check, table, key in sentences(certificate)]
    assert problem in found
    assert ("source", problem[1], "") in found
    assert stored(backfill) is None
    assert problem[1] in str(latest(backfill).void)


@pytest.mark.parametrize(("sql", "problem"), LEDGER.values(), ids=LEDGER)
def test_a_change_of_the_ledger_voids_the_certificate(
    backfill: Backfill, sql: str, problem: tuple[str, str, str]
) -> None:
    backfill.run()
    certified(backfill)
    in_ledger(backfill, sql)

    certificate = certified(backfill)

    found = [(check, table, key if problem[2] else "") for check, table, key in sentences(certificate)]
    assert problem in found
    assert stored(backfill) is None


def test_spirit_882_only_a_whole_new_pass_revives_a_void_certificate(backfill: Backfill) -> None:
    backfill.run()
    certified(backfill)
    in_source(backfill, "UPDATE ideas SET body = body || '!' WHERE id = 9")
    certified(backfill)
    in_source(backfill, "UPDATE ideas SET body = rtrim(body, '!') WHERE id = 9")

    assert stored(backfill) is None
    assert certified(backfill).certified
    assert stored(backfill) is not None


def test_a_new_certificate_replaces_that_of_an_earlier_run(backfill: Backfill) -> None:
    backfill.run()
    certified(backfill)
    in_source(backfill, "INSERT INTO ideas VALUES (100000, 'late')")
    backfill.run()

    assert certified(backfill).certified

    with backfill.unit_of_work.reading() as tx:
        new, old = tx.backfill_runs.read()
    assert (new.void, old.void) == (None, "the certificate of run 2 replaces it")


def test_a_failed_pass_of_a_new_run_voids_the_certificate_of_the_old_one(backfill: Backfill) -> None:
    backfill.run()
    certified(backfill)
    backfill.run()
    in_ledger(backfill, "DELETE FROM legacy_rows WHERE source_key = '[9]'")

    assert not certified(backfill).certified

    with backfill.unit_of_work.reading() as tx:
        assert [run.void for run in tx.backfill_runs.read()] == [None, "ideas 9: the row is not kept"]


def test_no_value_of_a_row_is_in_a_certificate(backfill: Backfill) -> None:
    in_source(
        backfill,
        f"INSERT INTO ideas VALUES (2, '{MARKER}'); INSERT INTO loose VALUES ('{MARKER}'); "
        f"INSERT INTO tag_links VALUES ('{MARKER}', x'00', 1)",
    )
    backfill.run()
    whole = certified(backfill)
    in_source(
        backfill,
        f"UPDATE ideas SET body = '{MARKER}2' WHERE id = 2; UPDATE tag_links SET weight = 7; "
        f"UPDATE loose SET word = '{MARKER}3'",
    )

    failed = certified(backfill)

    assert failed.problem_count >= 7
    for certificate in (whole, failed):
        assert MARKER.encode() not in msgspec.json.encode(certificate)
        assert MARKER[:8].encode() not in msgspec.json.encode(certificate)


def test_a_certificate_can_be_read_again(backfill: Backfill) -> None:
    backfill.run()
    certificate = certified(backfill)

    assert msgspec.json.decode(msgspec.json.encode(certificate), type=Certificate) == certificate
    assert json.loads(msgspec.json.encode(certificate))["certified"] is True
