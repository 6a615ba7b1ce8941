"""Reading a version costs one round trip, and no more rows in a longer history."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.line_splice import LineSplice
from domain.log.head import MAX_DELTAS
from materialization.history.state_at import state_at
from repos.database.engine import make_engine
from repos.database.session import Session
from repos.log.path_to_version import PathsToVersion
from repos.schema import upgrade
from repos.unit_of_work import UnitOfWork
from tests.materialization.write_path.wire_tap import Tap
from tests.materialization.writer import Writer

VERSIONS = 10 * MAX_DELTAS
# MariaDB defers a subquery over more than about 100 rows until the rest of a statement is planned.
KEYFRAMES = 120
COUNT = text("SELECT count(*) FROM script_keyframes")
ANALYZE = text("ANALYZE TABLE script_keyframes, script_versions, script_heads")
READ = text("SHOW SESSION STATUS LIKE 'Handler_read%'")
# Reads of rows and index entries: the deltas since a keyframe, and the rows passed on the way.
MAX_READS = MAX_DELTAS + 50


@pytest.fixture(scope="module")
def mariadb_engine(mariadb_url: str) -> Iterator[Engine]:
    engine = make_engine(mariadb_url)
    upgrade.upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def writer(mariadb_engine: Engine) -> Writer:
    writer = Writer(UnitOfWork(mariadb_engine))
    writer.create()
    for _ in range(2):
        guarded = LineEdit(line="l1", text="", expect=writer.expect("l1"))
        typed = [LineEdit(line="l1", text=f"{number:10000}") for number in range(KEYFRAMES)]
        assert writer.send(guarded, *typed).outcome == "applied"
    writer.send(LineEdit(line="l1", text="", expect=writer.expect("l1")))
    while writer.version < VERSIONS:
        guarded = LineSplice(line="l1", at=0, insert="x", expect=writer.expect("l1"))
        typed = [LineSplice(line="l1", at=0, insert="y") for _ in range(MAX_DELTAS - 1)]
        assert writer.send(guarded, *typed).outcome == "applied"
    with mariadb_engine.connect() as connection:
        assert connection.execute(COUNT).scalar_one() > KEYFRAMES
        connection.execute(ANALYZE).all()
    return writer


@pytest.fixture
def tap(mariadb_engine: Engine) -> Iterator[Tap]:
    tap = Tap(mariadb_engine)
    yield tap
    tap.remove()


@pytest.mark.parametrize("version", [2, VERSIONS // 2 - 1, VERSIONS // 2, None])
def test_a_version_is_read_in_one_round_trip(writer: Writer, tap: Tap, version: int | None):
    with writer.unit_of_work.reading() as tx:
        tap.clear()
        state = state_at(tx, writer.script_id, version)

    assert state.version == (version or writer.version)
    assert len(tap.sent) == 1


@pytest.mark.parametrize("version", [VERSIONS // 8, VERSIONS // 2, VERSIONS, None])
def test_a_version_is_read_without_reading_unneeded_versions(
    writer: Writer, mariadb_engine: Engine, version: int | None
):
    session = Session(mariadb_engine)
    before = reads(session)
    PathsToVersion(session).to(writer.script_id, version)
    read = reads(session) - before
    session.close()

    assert read <= MAX_READS


def reads(session: Session) -> int:
    """The number of rows and index entries a connection has read."""
    return sum(int(count) for _, count in session.rows(READ))
