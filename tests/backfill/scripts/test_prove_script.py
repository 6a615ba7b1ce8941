"""The proof of a script finds every difference from its source, and quotes no text."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace
from sqlalchemy import delete, update

from backfill.scripts.legacy_script import LegacySave
from domain.errors import Corrupt
from domain.script.delta import (
    Change,
    LineChanged,
    LinesInserted,
    LinesMoved,
    LinesRemoved,
    decode_delta,
    encode_delta,
)
from domain.script.line import Line
from repos.schema.backfill_tables import legacy_versions
from repos.schema.core_tables import script_versions
from repos.unit_of_work import UnitOfWork
from tests.backfill.scripts.legacy_history import YEARS_AGO, Legacy, json_save, saves_of
from tests.materialization.writer import SECOND, Clock, forging


def test_the_proof_finds_a_changed_a_missing_and_an_added_save(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("One."), json_save("Two."), json_save("Three.")])
    legacy.run()
    whole = list(legacy.saves)

    legacy.saves[1] = LegacySave(whole[1].origin, json_save("Too."), whole[1].saved_at)
    assert [each.origin.number for each in legacy.proof().differences] == [2]
    legacy.saves = whole[:2]
    assert "source does not have" in legacy.proof().differences[0].problem
    legacy.saves = [*whole, *saves_of([json_save("Four.")] * 4)[3:]]
    assert [each.origin.number for each in legacy.proof().differences] == [4]


def test_the_proof_names_a_save_that_is_gone_or_elsewhere_and_none_of_its_neighbours(
    unit_of_work: UnitOfWork, clock: Clock
) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save(f"Save {number}.") for number in range(6)])
    legacy.run()
    whole = list(legacy.saves)

    legacy.saves = [whole[0], *whole[3:]]
    assert [(each.origin.number, each.problem[:27]) for each in legacy.proof().differences] == [
        (2, "the ledger has versions of "),
        (3, "the ledger has versions of "),
    ]
    legacy.saves = [whole[0], *whole[2:5], whole[1], whole[5]]
    assert [(each.origin.number, each.problem) for each in legacy.proof().differences] == [
        (2, "its version is before that of the save before")
    ]
    added = replace(whole[1], origin=replace(whole[1].origin, key="added", number=9))
    legacy.saves = [whole[0], added, *whole[2:]]
    assert [(each.origin.number, each.problem[:27]) for each in legacy.proof().differences] == [
        (9, "it is neither in the ledger"),
        (2, "the ledger has versions of "),
    ]


def test_no_text_of_a_save_is_in_a_difference(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("SECRET-MARKER")])
    legacy.run()
    legacy.saves = saves_of([json_save("OTHER-MARKER")])

    assert "MARKER" not in str(legacy.proof())


def test_the_proof_finds_another_time_writer_title_owner_and_archiving(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("One."), json_save("Two.")])
    legacy.run()
    save, script = legacy.saves[1], legacy.script

    for changed in (
        replace(save, saved_at=save.saved_at + SECOND),
        replace(save, origin=replace(save.origin, actor="Bea")),
        replace(save, origin=replace(save.origin, author="ai")),
    ):
        legacy.saves[1] = changed
        assert [each.origin for each in legacy.proof().differences] == [changed.origin]
    legacy.saves[1] = save
    for field, value in (("title", "The Fairy"), ("owner", 2), ("archived_at", YEARS_AGO)):
        legacy.script = replace(script, **{field: value})
        assert [each.origin for each in legacy.proof().differences] == [script.origin]


def test_a_save_with_more_than_its_lines_is_flagged(unit_of_work: UnitOfWork, clock: Clock) -> None:
    extra = b'{"version":2,"lines":[{"id":"a","format":"action","content":"One.","note":"x"}]}'
    legacy = Legacy(unit_of_work, clock, [json_save("One."), extra])
    legacy.run()

    proof = legacy.proof()

    assert proof.holds
    assert [origin.number for origin in proof.inexact] == [2]


def test_the_version_that_a_save_names_is_compared_although_no_line_differs(
    unit_of_work: UnitOfWork, clock: Clock
) -> None:
    usual = json_save("One.", "Two.")
    other = usual.replace(b'"version":2', b'"version":3')
    legacy = Legacy(unit_of_work, clock, [usual, other, usual])
    legacy.run()
    whole = list(legacy.saves)
    assert [origin.number for origin in legacy.proof().inexact] == [2]

    for place, content, problem in (
        (0, other, "its bytes are not kept"),
        (1, usual, "its bytes are not those that are kept"),
        (1, other.replace(b"3", b"4"), "its bytes are not those that are kept"),
        (2, usual.replace(b'"version":2', b'"version":2.0'), "its bytes are not kept"),
        (2, usual.replace(b'"version":2', b'"version":"2"'), "its bytes are not kept"),
    ):
        legacy.saves = [*whole[:place], replace(whole[place], content=content), *whole[place + 1 :]]
        assert [(each.origin.number, each.problem) for each in legacy.proof().differences] == [(place + 1, problem)]


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("Two.", "Two\x7f."),
        ('"id":"b"', '"id":"b b"'),
        ('{"id":"b","format":"action"', f'{{"id":"b","format":"{"x" * 5_000}"'),
    ],
)
def test_bytes_that_are_lost_are_found_in_a_save_that_differs_in_one_line(
    unit_of_work: UnitOfWork, clock: Clock, database_url: str, part: str, other: str
) -> None:
    usual = json_save("One.", "Two.", "Three.")
    legacy = Legacy(unit_of_work, clock, [usual, usual.replace(part.encode(), other.encode()), usual])
    legacy.run()
    proof = legacy.proof()
    assert proof.holds
    assert [origin.number for origin in proof.inexact] == [2]

    with forging(database_url) as connection:
        connection.execute(update(legacy_versions).values(raw=None))

    assert [(each.origin.number, each.problem) for each in legacy.proof().differences] == [
        (2, "its bytes are not kept")
    ]


@pytest.mark.parametrize("inexact", [(), (3,), (0, 9), range(10)])
def test_saves_with_bytes_among_those_without_are_proved_in_pages(
    unit_of_work: UnitOfWork, clock: Clock, monkeypatch: pytest.MonkeyPatch, inexact: Sequence[int]
) -> None:
    monkeypatch.setattr("backfill.scripts.proof.migrated_versions.PAGE", 4)
    monkeypatch.setattr("backfill.scripts.proof.migrated_versions.PAGE_WITH_BYTES", 3)
    saves = [json_save(f"Save {number}.") for number in range(10)]
    legacy = Legacy(
        unit_of_work,
        clock,
        [
            save.replace(b'"version":2', b'"version":3') if number in inexact else save
            for number, save in enumerate(saves)
        ],
    )
    legacy.run()

    proof = legacy.proof()

    assert (proof.saves, proof.differences) == (10, ())
    assert [origin.number for origin in proof.inexact] == [number + 1 for number in inexact]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (LineChanged("d", text="Another one."), "line 4 differs"),
        (LineChanged("d", format="dialogue"), "line 4 differs"),
        (LinesMoved(("d",), after="b"), "line 3 differs"),
        (LinesRemoved(("d",)), "3 lines instead of 4"),
        (LinesInserted("d", (Line("z", "action", "One."),)), "5 lines instead of 4"),
    ],
)
def test_the_proof_finds_what_differs_elsewhere_than_in_the_changed_lines(
    unit_of_work: UnitOfWork, clock: Clock, database_url: str, change: Change, problem: str
) -> None:
    saves = [json_save(f"Take {number}.", "Two.", "Three.", "Four.") for number in range(1, 5)]
    legacy = Legacy(unit_of_work, clock, saves)
    legacy.run()
    script_id = legacy.script.script_id
    with unit_of_work.reading() as tx:
        (row,) = tx.versions.read(script_id, generation=1, after=2, upto=3)

    this = (script_versions.c.script_id == script_id, script_versions.c.version_number == 3)
    with forging(database_url) as connection:
        delta = encode_delta((*decode_delta(row.delta), change))
        connection.execute(update(script_versions).where(*this).values(delta=delta))

    assert [(each.origin.number, each.problem) for each in legacy.proof().differences] == [(3, problem), (4, problem)]


@pytest.mark.parametrize("version", [2, 4])
def test_a_version_that_is_missing_is_corrupt(
    unit_of_work: UnitOfWork, clock: Clock, database_url: str, version: int
) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save(f"Take {number}.") for number in range(4)])
    legacy.run()
    this = (script_versions.c.script_id == legacy.script.script_id, script_versions.c.version_number == version)
    with forging(database_url) as connection:
        connection.execute(delete(script_versions).where(*this))

    with pytest.raises(Corrupt):
        legacy.proof()
