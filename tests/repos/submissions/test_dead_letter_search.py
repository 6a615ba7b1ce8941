"""Dead letters are found by script, code and time: newest first for people, oldest first to be sent again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from repos.database.engine import make_engine
from repos.database.statements import prepare
from repos.schema.upgrade import upgrade
from repos.submissions.dead_letter_search import LetterFilter, _latest
from repos.submissions.dead_letters import DeadLetter
from repos.unit_of_work import UnitOfWork

CODES = ("stale_line", "poison", "unknown_owner")


@pytest.fixture(scope="module")
def unit_of_work(database_url: str) -> Iterator[UnitOfWork]:
    """Sixty dead letters: of two scripts, with three codes, at ten times."""
    engine = make_engine(database_url)
    upgrade(engine)
    unit_of_work = UnitOfWork(engine)
    with unit_of_work.script(1) as tx:
        tx.rejected.put(
            [
                DeadLetter(0, script, f"s{script}-{code}-{at}", code, "A reason.", b"{}", at)
                for at in range(1, 11)
                for script, code in product((1, 2), CODES)
            ]
        )
        tx.heads.remove_unborn(1)
    yield unit_of_work
    engine.dispose()


@pytest.mark.parametrize(
    "wanted",
    [LetterFilter(*given) for given in product((0, 2, 3), ("", "poison", "none"), (0, 4, 99), (0, 8))],
)
def test_each_combination_of_conditions_finds_what_matches(unit_of_work: UnitOfWork, wanted: LetterFilter):
    script_id, code, since, until = wanted
    expected = [
        f"s{script}-{each}-{at}"
        for at in range(1, 11)
        for script, each in product((1, 2), CODES)
        if script_id in (0, script) and code in ("", each) and at >= since and (not until or at < until)
    ]
    with unit_of_work.reading() as tx:
        found = tx.rejected_search.latest(wanted, limit=100)
        assert [row.submission_id for row in found] == expected[::-1]
        oldest = tx.rejected_search.oldest(wanted, after=0, upto=1_000, limit=100)
        assert [row.submission_id for row in oldest] == expected
        assert tx.rejected_search.count(wanted) == len(expected)


def test_pages_follow_each_other(unit_of_work: UnitOfWork):
    wanted, pages, before = LetterFilter(code="poison"), [], 0
    with unit_of_work.reading() as tx:
        while page := tx.rejected_search.latest(wanted, before=before, limit=7):
            pages += page
            before = page[-1].id
        assert pages == tx.rejected_search.latest(wanted, limit=100)
    assert len(pages) == 20


@pytest.mark.parametrize(
    ("given", "index"),
    [
        ({"code"}, "ix_rejected_submissions_code_rejected_at (code=?"),
        ({"code", "since"}, "ix_rejected_submissions_code_rejected_at (code=? AND rejected_at>?"),
        ({"since"}, "INTEGER PRIMARY KEY (rowid>?)"),
        ({"script"}, "ix_rejected_submissions_"),
        ({"script", "since"}, "ix_rejected_submissions_of_script (script_id=? AND rejected_at>?"),
        ({"before"}, "INTEGER PRIMARY KEY (rowid<?)"),
    ],
)
def test_an_index_answers_it(tmp_path: Path, given: set[str], index: str):
    engine = make_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    upgrade(engine)
    prepared = prepare(_latest(frozenset(given)), engine.dialect)
    with engine.connect() as connection:
        values = prepared.values(dict.fromkeys((*given, "limit"), 1))
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {prepared.sql}", values).fetchall()
    engine.dispose()
    assert any("SEARCH" in row[3] and index in row[3] for row in plan), plan
