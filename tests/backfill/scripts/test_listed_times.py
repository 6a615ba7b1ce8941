"""Lists show a migrated script with the times that the legacy application had for it, until it is edited."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from backfill.scripts.legacy_script import ListedTimes
from domain.commands.kinds.line_edit import LineEdit
from repos.log.scripts import ScriptRow
from repos.unit_of_work import UnitOfWork
from tests.backfill.scripts.legacy_history import YEARS_AGO, Legacy, json_save, saves_of
from tests.materialization.writer import SECOND, Clock, Writer


def listed(legacy: Legacy) -> ScriptRow:
    with legacy.unit_of_work.reading() as tx:
        [row] = tx.scripts.read(after=legacy.script.script_id - 1, limit=1)
    return row


@pytest.mark.parametrize("updated_at", [YEARS_AGO - 9 * SECOND, YEARS_AGO + 90 * SECOND])
def test_a_list_shows_the_legacy_times_before_or_after_the_last_save(
    unit_of_work: UnitOfWork, clock: Clock, updated_at: int
) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("One."), json_save("Two.")])
    legacy.script = replace(legacy.script, listed=ListedTimes(YEARS_AGO - 10 * SECOND, updated_at))

    legacy.run()

    assert (listed(legacy).created_at, listed(legacy).updated_at) == (YEARS_AGO - 10 * SECOND, updated_at)
    assert legacy.proof().holds


def test_without_legacy_times_a_list_shows_those_of_the_log(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("One."), json_save("Two.")])

    legacy.run()

    assert (listed(legacy).created_at, listed(legacy).updated_at) == (YEARS_AGO + SECOND, YEARS_AGO + 2 * SECOND)


def test_an_edit_and_a_later_save_are_listed_with_their_times(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("One.")])
    legacy.script = replace(legacy.script, listed=ListedTimes(YEARS_AGO, YEARS_AGO + 90 * SECOND))
    legacy.run()
    legacy.saves = saves_of([json_save("One."), json_save("Two.")])
    legacy.script = replace(legacy.script, listed=ListedTimes(YEARS_AGO, YEARS_AGO + 95 * SECOND))
    legacy.run()
    assert listed(legacy).updated_at == YEARS_AGO + 95 * SECOND

    writer = Writer(unit_of_work, clock=clock)
    writer.script_id, writer.version = legacy.script.script_id, 2
    assert writer.send(LineEdit(line="a", text="Mine.", expect=writer.expect("a"))).outcome == "applied"

    assert listed(legacy).updated_at == clock.now


def test_a_time_that_changes_after_the_last_save_is_brought_over(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("One.")])
    for seconds in (90, 95, 95, 80):
        legacy.script = replace(legacy.script, listed=ListedTimes(YEARS_AGO, YEARS_AGO + seconds * SECOND))

        legacy.run()

        assert listed(legacy).updated_at == YEARS_AGO + seconds * SECOND
        assert legacy.proof().holds
        assert legacy.head() == 1


def test_the_proof_finds_another_listed_time(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("One.")])
    legacy.run()
    legacy.script = replace(legacy.script, listed=ListedTimes(None, YEARS_AGO + 90 * SECOND))

    assert [each.problem for each in legacy.proof().differences] == ["the script is listed with another time of change"]
