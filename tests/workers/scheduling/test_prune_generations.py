"""Pruning tests: a schedule removes old generations of a rebuild once no reader can use them."""

from __future__ import annotations

from materialization.clock import system_clock
from materialization.integrity.rebuild import READERS_END_MICROS, prune_left_behind, rebuild
from tests.materialization.writer import Writer, close_databases, open_database
from workers.scheduling.schedules import schedules
from workers.settings import Settings


class NothingToHandOut:
    """A fan-out that is not used."""

    def send_all(self, due: list[tuple[int, int]], /) -> object:
        raise AssertionError(due)

    def waiting(self) -> int:
        return 0


def test_old_generations_are_pruned_a_minute_later(database_url: str) -> None:
    unit_of_work = open_database(database_url)
    writer, other = Writer(unit_of_work), Writer(unit_of_work)
    for author in (writer, other):
        author.create()
    rebuild(unit_of_work, writer.script_id)
    now = system_clock()

    assert prune_left_behind(unit_of_work, now) == 0, "a reader may still use it"
    assert prune_left_behind(unit_of_work, now + 2 * READERS_END_MICROS) == 1
    with unit_of_work.reading() as tx:
        assert tx.generations.found(writer.script_id) == [2]
        assert tx.generations.found(other.script_id) == [1]
        assert tx.rebuilds.left_behind(before=now + 2 * READERS_END_MICROS, limit=10) == []
    close_databases()


def test_a_schedule_prunes_them(sqlite_url: str) -> None:
    unit_of_work = open_database(sqlite_url)
    writer = Writer(unit_of_work)
    writer.create()
    rebuild(unit_of_work, writer.script_id, clock=lambda: 1)
    rows = schedules(unit_of_work, Settings(), NothingToHandOut())
    (due,) = [row for row in rows if row.name == "prune-generations"]

    assert due.run(0) == {"pruned": 1}
    close_databases()
