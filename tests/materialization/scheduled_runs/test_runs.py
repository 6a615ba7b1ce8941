"""A materialization run takes every due script once, and a problem with one does not stop the others."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from sqlalchemy import update

from domain.commands.kinds.line_edit import LineEdit
from domain.errors import Conflict
from domain.log.head import MAX_DELTAS
from materialization.projections.reader import read_projection
from materialization.scheduled_runs import materialize_script as materialize_module
from materialization.scheduled_runs.compact_keyframes import redundant
from materialization.scheduled_runs.materialize_script import CLAIM_MICROS, Materializer
from materialization.scheduled_runs.open_run import QUIET_MICROS, Opened
from repos.log.keyframes import KeyframeSize
from repos.schema.core_tables import script_versions
from repos.unit_of_work import UnitOfWork
from tests.materialization.scheduled_runs.runs import Run, behind, scripts
from tests.materialization.writer import SECOND, START, Clock, Writer, forging, open_database


def report_of(run: Run, run_id: int | None, writer: Writer) -> dict[str, object]:
    with run.unit_of_work.reading() as tx:
        reports = {item.script_id: item.report for item in tx.run_items.read(run_id or 0)}
    return dict(msgspec.json.decode(reports[writer.script_id]))


def damage(url: str, writer: Writer) -> None:
    with forging(url) as connection:
        mine = script_versions.c.script_id == writer.script_id
        connection.execute(update(script_versions).where(mine).values(delta=b"[]"))


def test_a_run_brings_every_script_to_its_head_and_reports_it(own: UnitOfWork, clock: Clock) -> None:
    writers, run = scripts(own, clock, 3), Run(own, clock)
    clock.pass_seconds(30)

    opened = run.open()
    assert run.work() == ["done"] * 3

    row = run.row(opened.run_id)
    assert (row.due, row.done, row.failed, row.lag_versions, row.lag_micros) == (3, 3, 0, 1, 30 * SECOND)
    assert row.finished_at == clock()
    assert [behind(writer) for writer in writers] == [0, 0, 0]


def test_a_run_with_nothing_due_is_not_opened(own: UnitOfWork, clock: Clock) -> None:
    scripts(own, clock, 1)
    run = Run(own, clock)
    run.open()
    run.work()

    assert run.open() == Opened(None, 0, 0)


def test_a_slot_has_one_run_however_often_it_is_opened(own: UnitOfWork, clock: Clock) -> None:
    scripts(own, clock, 2)
    run = Run(own, clock)
    first, second = run.open(START), run.open(START)

    assert (first.due, second.run_id) == (2, None)
    assert run.work() == ["done", "done", None, None], "handed out twice, done once"


def test_a_script_unfinished_in_one_run_is_not_in_the_next(own: UnitOfWork, clock: Clock) -> None:
    first, second = scripts(own, clock, 2)
    run = Run(own, clock)
    opened = run.open()
    slow = next(item for item in run.sent if item[1] == second.script_id)
    with own.records() as tx:
        tx.run_items.claim(*slow, now=clock(), until=clock() + CLAIM_MICROS)
    run.work()
    first.send(LineEdit(line="l1", text="Dawn.", expect=first.expect("l1")))

    again = run.open()
    assert run.sent == [(again.run_id, first.script_id)]
    assert run.row(opened.run_id).finished_at is None

    clock.pass_seconds(CLAIM_MICROS / SECOND + 1)
    run.work()
    assert run.open().again == 1, "its worker is dead: it is handed out again"
    assert run.work() == ["done"]
    assert run.row(opened.run_id).finished_at == clock()


def test_of_many_messages_for_one_script_one_does_the_work(unit_of_work: UnitOfWork, clock: Clock) -> None:
    writer = scripts(unit_of_work, clock, 1)[0]
    run = Run(unit_of_work, clock)
    run_id = run.open().run_id
    assert run_id

    with ThreadPoolExecutor(4) as workers:
        doing = [
            workers.submit(Materializer(unit_of_work, clock=clock).materialize, run_id, writer.script_id)
            for _ in range(4)
        ]

    assert sorted(str(work.result()) for work in doing) == ["None", "None", "None", "done"]


def test_a_damaged_script_is_quarantined_with_the_reason_and_the_others_are_done(
    clock: Clock, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('damaged')}/ledger.db"
    unit_of_work = open_database(url)
    writers, run = scripts(unit_of_work, clock, 3), Run(unit_of_work, clock)
    damage(url, writers[1])

    opened = run.open()
    assert sorted(map(str, run.work())) == ["done", "done", "failed"]

    assert (run.row(opened.run_id).done, run.row(opened.run_id).failed) == (2, 1)
    with unit_of_work.reading() as tx:
        head = tx.heads.get(writers[1].script_id)
        kept = tx.quarantines.read(writers[1].script_id)
    assert head
    assert head.health == "quarantined"
    assert [(row.found_by, row.quarantined_at) for row in kept] == [("materialization", clock())]
    assert "state hash" in kept[0].reason
    assert run.open() == Opened(None, 0, 0), "it is not due again until it is repaired"


def test_a_script_locked_by_another_worker_is_left_for_later(
    own: UnitOfWork, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts(own, clock, 1)
    run = Run(own, clock)
    opened = run.open()

    def busy(*_: object, **__: object) -> None:
        raise Conflict("another worker projects it")

    with monkeypatch.context() as patch:
        patch.setattr(materialize_module, "project", busy)
        for _ in range(9):
            assert run.work() in (["due"], [])
            run.open()
    assert run.work() == ["done"]
    assert run.row(opened.run_id).finished_at


def test_a_script_that_crashes_its_worker_each_time_is_given_up(own: UnitOfWork, clock: Clock) -> None:
    writer = scripts(own, clock, 1)[0]
    run = Run(own, clock)
    opened = run.open()
    for _ in range(5):
        with own.records() as tx:
            assert tx.run_items.claim(opened.run_id or 0, writer.script_id, now=clock(), until=clock())
        run.open()

    assert run.work()[0] == "failed"
    assert "5 workers ended" in str(report_of(run, opened.run_id, writer)["reason"])
    with own.reading() as tx:
        assert tx.heads.require(writer.script_id).health == "open", "its writers go on"
    assert run.open().due == 1, "the next run tries it again"


def test_samples_are_replayed_and_cycle_through_all_scripts(own: UnitOfWork, clock: Clock) -> None:
    writers, run = scripts(own, clock, 3), Run(own, clock, sample=2)
    rounds = []
    for _ in range(3):
        opened = run.open()
        run.work()
        with own.reading() as tx:
            rounds.append([item.script_id for item in tx.run_items.read(opened.run_id or 0) if item.verify])

    first, second, third = (writer.script_id for writer in writers)
    assert rounds == [[first, second], [third], [first, second]]
    assert report_of(run, 3, writers[0])["projection_agreed"] is True


def test_an_inactive_script_gets_a_keyframe_and_keeps_only_those_needed(own: UnitOfWork, clock: Clock) -> None:
    writer, run = scripts(own, clock, 1)[0], Run(own, clock)
    for _ in range(3):
        for number in range(20):
            writer.send(LineEdit(line="l1", text=f"Dawn {number}.", expect=writer.expect("l1")))
        clock.pass_seconds(QUIET_MICROS / SECOND + 1)
        opened = run.open()
        run.work()
        head_version = writer.version
        with own.reading() as tx:
            head = tx.heads.get(writer.script_id)
            assert head
            assert head.keyframe_version == head_version
            found = tx.keyframes.last(writer.script_id, generation=1, upto=head_version)
        assert found
        assert found.version == head_version
    report = report_of(run, opened.run_id, writer)
    assert (report["keyframe"], report["keyframes_removed"]) == (True, 1)
    assert run.open() == Opened(None, 0, 0)

    writer.send(LineEdit(line="l1", text="Dusk.", expect=writer.expect("l1")))
    with own.reading() as tx:
        assert read_projection(tx, writer.script_id).version == head_version


def test_no_version_is_ever_further_than_256_deltas_from_a_keyframe() -> None:
    keyframes = [KeyframeSize(version, 1_000) for version in (10, 20, 250, 300, 500, 600, 850, 851)]
    gone = set(redundant(keyframes, lambda after, upto: 10 * (upto - after)))
    kept = [keyframe.version for keyframe in keyframes if keyframe.version not in gone]

    assert kept == [10, 250, 500, 600, 851]
    assert max(b - a for a, b in itertools.pairwise(kept)) <= MAX_DELTAS


def test_a_keyframe_before_heavy_deltas_stays() -> None:
    keyframes = [KeyframeSize(version, 1_000) for version in (10, 20, 30, 40)]

    assert list(redundant(keyframes, lambda _after, _upto: 1 << 20)) == []
