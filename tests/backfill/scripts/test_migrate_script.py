"""Migration of one script: every save comes back with its author and time."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from backfill.content.shape import Decoded, LegacyLine
from backfill.scripts.legacy_script import LegacySave, LegacyScript
from backfill.scripts.migrate_script import MigratedScript, ScriptMigration
from backfill.scripts.prove_script import Proof
from backfill.translate.script_lines import script_lines
from materialization.clock import system_clock
from materialization.history.blame import blame
from materialization.history.state_at import state_at
from materialization.history.version_lookup import version_at
from repos.unit_of_work import UnitOfWork
from tests.backfill.scripts.legacy_history import YEARS_AGO, Legacy, json_save, saves_of
from tests.histories.history import OURS, RECORDED, SAMPLES, read_history
from tests.materialization.writer import SECOND, Clock


def test_every_save_comes_back_with_its_author_and_time(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [])
    contents = [json_save("One."), json_save("One.", "Two."), json_save("Won.", "Two.")]
    legacy.saves = saves_of(contents, [("user", "Ann"), ("ai", "Bea"), ("user", "Cas")])

    assert legacy.run() == MigratedScript(3, 3, 0)

    assert legacy.proof() == Proof(3, ())
    with unit_of_work.reading() as tx:
        assert [(line.author, line.actor) for line in blame(tx, legacy.script.script_id).lines] == [
            ("user", "Cas"),
            ("ai", "Bea"),
        ]
        assert version_at(tx, legacy.script.script_id, YEARS_AGO + 2 * SECOND) == 2


def in_shape(shape: str, text: bytes) -> bytes:
    """A Fountain file as an application would have stored it."""
    lines = text.decode("utf-8-sig").splitlines()
    if shape == "json_lines":
        entries = tuple(LegacyLine(f"n{place}", "action", line) for place, line in enumerate(lines))
        return json_of(entries)
    if shape == "tagged_lines":
        return "\n".join(f"<action>{line}</action>" for line in lines if line).encode()
    return text


def json_of(entries: Sequence[LegacyLine]) -> bytes:
    return json.dumps(
        {"version": 2, "lines": [{"id": line.id, "format": line.format, "content": line.text} for line in entries]},
        separators=(",", ":"),
    ).encode()


@pytest.fixture(params=[OURS, *RECORDED])
def revisions(request: pytest.FixtureRequest) -> tuple[bytes, ...]:
    """The files of a screenplay, as they were committed; the recorded ones are not on every machine."""
    if request.param == OURS:
        return read_history(SAMPLES / OURS).revisions
    return read_history(request.getfixturevalue("screenplays") / "histories" / request.param).revisions


@pytest.mark.parametrize("shape", ["fountain", "json_lines", "tagged_lines"])
def test_a_revision_history_comes_back_in_every_shape(
    unit_of_work: UnitOfWork, clock: Clock, shape: str, revisions: tuple[bytes, ...]
) -> None:
    legacy = Legacy(unit_of_work, clock, [in_shape(shape, revision) for revision in revisions])

    outcome = legacy.run()

    assert outcome.refused == ()
    assert legacy.proof() == Proof(len(revisions), ())
    assert outcome.submissions + outcome.merged == len(revisions)
    assert legacy.run() == MigratedScript(0, 0, 0)


def test_saves_that_are_final_draft_files_keep_their_bytes(unit_of_work: UnitOfWork, clock: Clock) -> None:
    files = [
        f"<?xml version='1.0'?>\n<FinalDraft><Content>\n<Paragraph Type='Character'><Text>{name}</Text></Paragraph>"
        f"<Paragraph Type='Dialogue'><Text>Yes.</Text></Paragraph></Content></FinalDraft>".encode()
        for name in ("ANNA", "BEA")
    ]
    legacy = Legacy(unit_of_work, clock, files)

    assert legacy.run() == MigratedScript(2, 2, 0)
    proof = legacy.proof()
    assert (proof.saves, proof.differences, len(proof.inexact)) == (2, (), 2)
    with unit_of_work.reading() as tx:
        lines = state_at(tx, legacy.script.script_id).lines()
        assert [(line.format, line.text) for line in lines] == [("character", "BEA"), ("dialogue", "Yes.")]


def test_equal_saves_are_merged_and_counted(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("One."), json_save("One."), json_save("Two."), json_save("Two.")])

    assert legacy.run() == MigratedScript(2, 2, 2)
    assert legacy.proof() == Proof(4, ())


def test_a_script_without_saves_is_empty_and_archived_when_the_application_deleted_it(
    unit_of_work: UnitOfWork, clock: Clock
) -> None:
    legacy = Legacy(unit_of_work, clock, [])
    legacy.script = LegacyScript(
        script_id=legacy.script.script_id,
        origin=legacy.script.origin,
        title="Gone",
        created_at=YEARS_AGO,
        archived_at=YEARS_AGO + SECOND,
    )

    assert legacy.run() == MigratedScript(2, 2, 0)
    assert legacy.run() == MigratedScript(0, 0, 0)
    assert legacy.texts() == []
    with unit_of_work.reading() as tx:
        assert state_at(tx, legacy.script.script_id).archived


def test_times_that_run_backwards_keep_the_order_of_the_saves(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save(f"Save {number}.") for number in range(4)])
    times = [40, 10, 10**9, 20]
    legacy.script = replace(legacy.script, created_at=YEARS_AGO + 40 * SECOND)
    legacy.saves = [
        LegacySave(save.origin, save.content, YEARS_AGO + seconds * SECOND)
        for save, seconds in zip(legacy.saves, times, strict=True)
    ]

    assert legacy.run().submissions == 4
    assert [legacy.texts(version) for version in (1, 4)] == [["Save 0."], ["Save 3."]]


def test_ids_that_are_doubled_or_come_back_are_history(unit_of_work: UnitOfWork, clock: Clock) -> None:
    contents = [
        json_save("One.", "Two.", ids="ab"),
        json_save("One.", "Two.", "Two.", ids="abb"),
        json_save("One.", ids="a"),
        json_save("One.", "Two.", "Two.", ids="abb"),
    ]
    legacy = Legacy(unit_of_work, clock, contents)

    assert legacy.run().refused == ()
    proof = legacy.proof()
    assert proof.differences == ()
    # The second line of an id has another one here: the bytes are kept.
    assert [origin.number for origin in proof.inexact] == [2, 4]


def test_a_script_that_is_older_than_its_first_save_begins_empty(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("One.")])
    legacy.script = replace(legacy.script, created_at=YEARS_AGO - SECOND)

    assert legacy.run() == MigratedScript(2, 2, 0)
    assert legacy.run() == MigratedScript(0, 0, 0)
    assert legacy.proof() == Proof(1, ())
    assert [legacy.texts(version) for version in (1, 2)] == [[], ["One."]]
    with unit_of_work.reading() as tx:
        row = tx.scripts.get(legacy.script.script_id)
    assert row is not None
    assert row.created_at == YEARS_AGO - SECOND


def test_a_save_dated_in_the_future_is_written_now(unit_of_work: UnitOfWork) -> None:
    legacy = Legacy(unit_of_work, Clock(), [json_save("One."), json_save("Two.")])
    legacy.migration = ScriptMigration(unit_of_work)
    legacy.saves[1] = replace(legacy.saves[1], saved_at=system_clock() + 10**12)

    assert legacy.run() == MigratedScript(2, 2, 0)
    assert legacy.proof().holds


def test_thousands_of_lines_with_one_id_take_linear_time() -> None:
    lines = tuple(LegacyLine("a", "action", "x") for _ in range(50_000))

    assert len({line.id for line in script_lines(Decoded("json_lines", lines))}) == 50_000
