"""Migration of one script: every save comes back, whatever stops the run, and a second run writes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import pytest

from backfill.content.shape import LegacyLine
from backfill.runs.migrate_script import (
    LegacySave,
    LegacyScript,
    MigratedScript,
    ScriptMigration,
    SourceChanged,
)
from backfill.runs.prove_script import Proof, prove_script
from domain.submissions.origin import Origin
from materialization.history.blame import blame
from materialization.history.state_at import state_at
from materialization.history.version_lookup import version_at
from materialization.write_path import backfill_slice
from repos.unit_of_work import UnitOfWork
from tests.histories.history import OURS, RECORDED, SAMPLES, read_history
from tests.materialization.writer import SECOND, START, Clock, close_databases, open_database

YEARS_AGO = START - 100_000_000 * SECOND


def json_save(*texts: str, ids: str = "abcdefghijklmnop") -> bytes:
    lines = [f'{{"id":"{line_id}","format":"action","content":"{text}"}}' for line_id, text in zip(ids, texts)]  # noqa: B905 - as many ids as needed
    return f'{{"version":2,"lines":[{",".join(lines)}]}}'.encode()


def saves_of(contents: Sequence[bytes], authors: Sequence[tuple[str, str]] = ()) -> list[LegacySave]:
    saves = []
    for number, content in enumerate(contents, 1):
        author, actor = authors[number - 1] if authors else ("user", "Ann")
        origin = Origin(table="script_versions", key=str(100 + number), number=number, author=author, actor=actor)  # type: ignore[arg-type]
        saves.append(LegacySave(origin, content, YEARS_AGO + number * SECOND))
    return saves


class Legacy:
    """A script of the legacy application, and its migration."""

    def __init__(self, unit_of_work: UnitOfWork, clock: Clock, contents: Sequence[bytes]) -> None:
        self.unit_of_work = unit_of_work
        self.saves = saves_of(contents)
        with unit_of_work.records() as tx:
            script_id = tx.scripts.new_id()
        self.script = LegacyScript(
            script_id=script_id,
            origin=Origin(table="scripts", key=str(script_id)),
            title="The Ferry",
            owner=1,
            created_at=YEARS_AGO,
        )
        self.migration = ScriptMigration(unit_of_work, clock=clock)

    def run(self) -> MigratedScript:
        return self.migration.run(self.script, lambda: self.saves)

    def proof(self) -> Proof:
        with self.unit_of_work.reading() as tx:
            return prove_script(tx, self.script.script_id, self.saves)

    def texts(self, version: int | None = None) -> list[str]:
        with self.unit_of_work.reading() as tx:
            return [line.text for line in state_at(tx, self.script.script_id, version).lines()]

    def head(self) -> int:
        with self.unit_of_work.reading() as tx:
            return tx.heads.require(self.script.script_id).version


@pytest.fixture(scope="module")
def unit_of_work(database_url: str) -> Iterator[UnitOfWork]:
    yield open_database(database_url)
    close_databases()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_every_save_comes_back_with_its_author_and_time(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [])
    contents = [json_save("One."), json_save("One.", "Two."), json_save("Won.", "Two.")]
    legacy.saves = saves_of(contents, [("user", "Ann"), ("ai", "Bea"), ("user", "Cas")])

    assert legacy.run() == MigratedScript(3, 3, 0, None)

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

    assert outcome.refused is None
    assert legacy.proof() == Proof(len(revisions), ())
    assert outcome.submissions + outcome.merged == len(revisions)
    assert legacy.run() == MigratedScript(0, 0, 0, None)


def test_a_run_that_stops_anywhere_continues_there(
    unit_of_work: UnitOfWork, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill_slice, "MAX_SLICE_BYTES", 1)
    contents = [json_save(*(f"Line {place} of save {number}." for place in range(4))) for number in range(12)]
    for stop in range(1, 13):
        legacy = Legacy(unit_of_work, clock, contents)

        def stopping(stop: int = stop, legacy: Legacy = legacy) -> Iterator[LegacySave]:
            yield from legacy.saves[:stop]
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            legacy.migration.run(legacy.script, stopping)
        assert legacy.run().refused is None
        assert legacy.proof() == Proof(12, ())


def test_each_slice_reads_only_the_saves_after_the_one_before(
    unit_of_work: UnitOfWork, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill_slice, "MAX_SLICE_BYTES", 1)
    legacy = Legacy(unit_of_work, clock, [json_save(f"Save {number}.") for number in range(9)])
    reads = 0

    def counted() -> Iterator[LegacySave]:
        nonlocal reads
        for save in legacy.saves:
            reads += 1
            yield save

    legacy.migration.run(legacy.script, counted)

    assert reads == 9
    assert legacy.head() == 9


def test_a_refused_save_stops_the_script_and_can_be_repaired(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("One."), b'{"version":2,"lines":[{', json_save("Three.")])

    outcome = legacy.run()

    assert outcome.submissions == 1
    assert outcome.refused is not None
    assert outcome.refused.origin.number == 2
    assert outcome.refused.refusal.code == "json_malformed"
    assert not legacy.proof().holds

    legacy.saves = saves_of([json_save("One."), json_save("Two."), json_save("Three.")])

    assert legacy.run() == MigratedScript(2, 2, 0, None)
    assert legacy.proof().holds


def test_equal_saves_are_merged_and_counted(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("One."), json_save("One."), json_save("Two."), json_save("Two.")])

    assert legacy.run() == MigratedScript(2, 2, 2, None)
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

    assert legacy.run() == MigratedScript(2, 2, 0, None)
    assert legacy.run() == MigratedScript(0, 0, 0, None)
    assert legacy.texts() == []
    with unit_of_work.reading() as tx:
        assert state_at(tx, legacy.script.script_id).archived


def test_times_that_run_backwards_keep_the_order_of_the_saves(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save(f"Save {number}.") for number in range(4)])
    times = [40, 10, 10**9, 20]
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

    assert legacy.run().refused is None
    assert legacy.proof() == Proof(4, ())


def test_a_source_without_the_last_migrated_row_is_refused(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("One."), json_save("Two.")])
    legacy.run()
    del legacy.saves[1]

    with pytest.raises(SourceChanged):
        legacy.run()
    assert legacy.head() == 2


def test_the_proof_finds_a_changed_a_missing_and_an_added_save(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("One."), json_save("Two."), json_save("Three.")])
    legacy.run()
    whole = list(legacy.saves)

    legacy.saves[1] = LegacySave(whole[1].origin, json_save("Too."), whole[1].saved_at)
    assert [each.origin.number for each in legacy.proof().differences] == [2]
    legacy.saves = whole[:2]
    assert not legacy.proof().holds
    legacy.saves = [*whole, *saves_of([json_save("Four.")] * 4)[3:]]
    assert [each.origin.number for each in legacy.proof().differences] == [4]


def test_no_text_of_a_save_is_in_a_difference(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("SECRET-MARKER")])
    legacy.run()
    legacy.saves = saves_of([json_save("OTHER-MARKER")])

    assert "MARKER" not in str(legacy.proof())
