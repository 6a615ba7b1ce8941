"""A rebuild derives everything from the commands again; readers see all of it or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, update

from domain.commands.kinds.line_edit import LineEdit
from domain.errors import Corrupt
from domain.refusals import UnknownScript
from materialization.integrity import rebuild_chunks
from materialization.integrity.rebuild import RebuildDiffers, Rebuilt, rebuild
from materialization.projections.reader import read_projection
from materialization.projections.updater import project
from repos.integrity.rebuilds import RebuildLocked
from repos.schema.core_tables import script_commands, script_versions
from repos.unit_of_work import UnitOfWork
from tests.materialization.integrity.rebuild_setup import head_of, is_verified, stored, write_much
from tests.materialization.write_path.wire_tap import Tap
from tests.materialization.writer import Clock, Writer, forging, open_database
from tests.services.databases import DatabaseServer

pytestmark = pytest.mark.usefixtures("small_pieces")


class Ended(BaseException):
    """The interruption of a rebuild."""


def test_a_rebuild_gives_the_same_rows_under_another_generation(writer: Writer, database_url: str) -> None:
    write_much(writer)
    before = head_of(writer)

    done = rebuild(writer.unit_of_work, writer.script_id)

    assert done == Rebuilt(writer.script_id, 2, before.version, 0, None)
    assert stored(database_url, writer, 2) == stored(database_url, writer, 1)
    after = head_of(writer)
    assert (after.generation, after.version, after.state_hash) == (2, before.version, before.state_hash)
    assert (after.keyframe_version, after.delta_bytes) == (before.keyframe_version, before.delta_bytes)
    assert is_verified(writer)


def test_after_a_rebuild_the_script_takes_edits_and_its_projection_follows(writer: Writer) -> None:
    write_much(writer, 60)
    project(writer.unit_of_work, writer.script_id)
    rebuild(writer.unit_of_work, writer.script_id)
    writer.send(LineEdit(line="l1", text="Dusk.", expect=writer.expect("l1")))

    assert project(writer.unit_of_work, writer.script_id).whole
    with writer.unit_of_work.reading() as tx:
        assert read_projection(tx, writer.script_id).shows(writer.state())
    assert is_verified(writer)


def test_edits_that_arrive_during_a_rebuild_are_in_it(writer: Writer) -> None:
    write_much(writer, 120)

    def edit_during_the_rebuild(_version: int) -> None:
        if writer.version < 250:
            for _ in range(30):
                writer.send(LineEdit(line="l1", text=f"Dawn, {writer.version}.", expect=writer.expect("l1")))

    done = rebuild(writer.unit_of_work, writer.script_id, progress=edit_during_the_rebuild)

    assert done.versions == writer.version
    assert is_verified(writer)


def test_an_interrupted_rebuild_continues_where_it_stopped(writer: Writer) -> None:
    write_much(writer)

    def end(version: int) -> None:
        if version >= 150:
            raise Ended

    with pytest.raises(Ended):
        rebuild(writer.unit_of_work, writer.script_id, progress=end)
    assert head_of(writer).generation == 1, "no reader sees half of it"
    assert is_verified(writer)

    reached: list[int] = []
    done = rebuild(writer.unit_of_work, writer.script_id, progress=reached.append)

    assert (done.generation, done.differences) == (2, 0)
    assert reached[0] == 200
    assert is_verified(writer)


def test_large_versions_make_short_chunks(writer: Writer, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild_chunks, "BYTES_PER_TRANSACTION", 400)
    write_much(writer, 60)
    reached: list[int] = []

    done = rebuild(writer.unit_of_work, writer.script_id, progress=reached.append)

    assert (done.versions, done.differences) == (writer.version, 0)
    assert len(reached) > 2
    assert stored(database_url, writer, 2) == stored(database_url, writer, 1)


def test_a_rebuild_continues_after_chunks_written_by_another_worker(writer: Writer, database_url: str) -> None:
    write_much(writer, 160)
    reached: list[int] = []

    def end(_version: int) -> None:
        raise Ended

    def let_another_do_a_piece(version: int) -> None:
        reached.append(version)
        if version == 50:
            with pytest.raises(Ended):
                rebuild(writer.unit_of_work, writer.script_id, progress=end)

    done = rebuild(writer.unit_of_work, writer.script_id, progress=let_another_do_a_piece)

    assert (done.generation, done.versions, done.differences) == (2, writer.version, 0)
    assert reached == [50, 100, 150]
    assert stored(database_url, writer, 2) == stored(database_url, writer, 1)


def test_damaged_versions_are_named_and_repaired_only_on_request(writer: Writer, database_url: str) -> None:
    write_much(writer, 120)
    state = writer.state()
    with forging(database_url) as connection:
        mine = script_versions.c.script_id == writer.script_id
        for version in (70, 80):
            this = script_versions.c.version_number == version
            connection.execute(update(script_versions).where(mine, this).values(state_hash=b"x" * 16))
        connection.execute(delete(script_versions).where(mine, script_versions.c.version_number == 90))
    assert not is_verified(writer)

    with pytest.raises(RebuildDiffers, match=r"^3 of .* the first is version 70"):
        rebuild(writer.unit_of_work, writer.script_id)
    assert head_of(writer).generation == 1

    done = rebuild(writer.unit_of_work, writer.script_id, accept_differences=True)
    assert (done.generation, done.differences, done.first_difference) == (3, 3, 70)
    assert is_verified(writer)
    assert writer.state() == state


@pytest.mark.parametrize(("column", "value"), [("actor", "Eve"), ("payload", b"{}")])
def test_a_changed_log_is_not_rebuilt(writer: Writer, database_url: str, column: str, value: object) -> None:
    write_much(writer, 80)
    with forging(database_url) as connection:
        this = (script_commands.c.script_id == writer.script_id, script_commands.c.version_number == 61)
        connection.execute(update(script_commands).where(*this).values({column: value}))

    with pytest.raises(Corrupt, match="command 61 "):
        rebuild(writer.unit_of_work, writer.script_id)


def test_a_hole_in_the_log_is_named(clock: Clock, tmp_path_factory: pytest.TempPathFactory) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('hole')}/ledger.db"
    writer = Writer(open_database(url), clock=clock)
    write_much(writer, 80)
    with forging(url) as connection:
        for table in (script_versions, script_commands):
            connection.execute(delete(table).where(table.c.version_number == 55))

    with pytest.raises(Corrupt, match="command 55 of script 1 is missing"):
        rebuild(writer.unit_of_work, writer.script_id)


def test_commands_are_not_touched(writer: Writer) -> None:
    write_much(writer, 60)
    with writer.unit_of_work.reading() as tx:
        before = list(tx.commands.read(writer.script_id, upto=writer.version))
    rebuild(writer.unit_of_work, writer.script_id)

    with writer.unit_of_work.reading() as tx:
        assert list(tx.commands.read(writer.script_id, upto=writer.version)) == before


def test_a_rebuild_of_a_script_that_does_not_exist_is_refused(unit_of_work: UnitOfWork) -> None:
    with pytest.raises(UnknownScript):
        rebuild(unit_of_work, 999_999)


@pytest.mark.services
def test_a_second_concurrent_rebuild_is_refused(mariadb_url: str) -> None:
    writer = Writer(open_database(mariadb_url))
    write_much(writer, 120)

    def try_as_well(_version: int) -> None:
        with writer.unit_of_work.rebuild(writer.script_id, 2), pytest.raises(RebuildLocked):
            rebuild(writer.unit_of_work, writer.script_id)

    assert rebuild(writer.unit_of_work, writer.script_id, progress=try_as_well).generation == 2


@pytest.mark.parametrize("damaged", [False, True])
def test_a_rebuild_whose_last_commit_reply_is_lost_reports_its_result(
    mariadb: DatabaseServer, mariadb_url: str, *, damaged: bool
) -> None:
    writer = Writer(open_database(mariadb_url))
    write_much(writer, 120)
    if damaged:
        with forging(mariadb_url) as connection:
            version = (script_versions.c.script_id == writer.script_id, script_versions.c.version_number == 70)
            connection.execute(update(script_versions).where(*version).values(state_hash=b"x" * 16))
    tap = Tap(writer.unit_of_work._engine)

    def lose(_number: int, text: str, connection: Any) -> None:
        if text.startswith("COMMIT;"):
            tap.between = None
            assert connection._sock.recv(1 << 16), "the server answered"
            mariadb.execute(f"KILL CONNECTION {connection.thread_id()}")

    tap.between = lose
    try:
        if damaged:
            with pytest.raises(RebuildDiffers, match=f"1 of {writer.version} versions"):
                rebuild(writer.unit_of_work, writer.script_id)
        else:
            assert rebuild(writer.unit_of_work, writer.script_id).versions == writer.version
    finally:
        tap.remove()
    assert tap.between is None, "an answer was lost"
