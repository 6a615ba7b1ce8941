"""Long histories have the requested length, verify, and have the same text wherever they begin."""

from __future__ import annotations

from materialization.history.state_at import state_at
from materialization.integrity.verify import verify
from tests.traces.compare import empty_database
from tests.traces.long_history import build
from tests.traces.replay import commands_of
from tests.traces.session import Session

SKIPPED = 100


def test_a_session_is_typed_again_until_the_history_is_long_enough(sample: Session, database_url: str) -> None:
    once = sum(1 for _ in commands_of(sample))
    wanted = 2 * once + 50

    with empty_database(database_url) as unit_of_work:
        built = build(unit_of_work, sample, wanted)
        build(unit_of_work, sample, wanted - SKIPPED, script_id=2, skip=SKIPPED)
        with unit_of_work.reading() as tx:
            found, other = verify(tx, 1), verify(tx, 2)
            first, again = state_at(tx, 1, once), state_at(tx, 1)
            begun_later = state_at(tx, 2)

    assert (built.versions, found.versions, found.finding) == (wanted, wanted, None)
    assert (other.versions, other.finding) == (wanted - SKIPPED, None)
    assert first.text() == sample.end_content
    assert list(again.lines()) == list(begun_later.lines())
    assert len(again.retired) > len(first.retired)
