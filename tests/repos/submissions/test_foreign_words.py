"""Words from outside that are no ASCII: they match nothing, on a server too, where ids and codes are ASCII columns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from repos.database.engine import open_engine
from repos.schema.upgrade import upgrade
from repos.submissions.dead_letter_search import LetterFilter
from repos.submissions.dead_letters import DeadLetter
from repos.unit_of_work import UnitOfWork

WORDS = ("é", "名", "🎬", "e\u0301", "�")
ACTOR = "Zoë"


@pytest.fixture(scope="module")
def unit_of_work(database_url: str) -> Iterator[UnitOfWork]:
    with open_engine(database_url) as engine:
        upgrade(engine)
        unit_of_work = UnitOfWork(engine)
        with unit_of_work.script(1) as tx:
            tx.rejected.put([DeadLetter(0, 1, "a", "poison", f"{ACTOR} wrote it.", b"{}", 1)])
            tx.heads.remove_unborn(1)
        yield unit_of_work


@pytest.mark.parametrize("word", WORDS)
def test_an_id_or_a_code_that_is_no_ascii_is_not_found(unit_of_work: UnitOfWork, word: str):
    with unit_of_work.reading() as tx:
        assert tx.submissions.get(1, word) is None
        assert tx.rejected.read(code=word) == []
        assert tx.rejected_search.latest(LetterFilter(code=word), limit=9) == []


def test_text_that_is_no_ascii_is_stored_as_it_is(unit_of_work: UnitOfWork):
    with unit_of_work.reading() as tx:
        assert [letter.message for letter in tx.rejected.read()] == [f"{ACTOR} wrote it."]
