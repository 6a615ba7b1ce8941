"""Reading skips and reports a damaged keyframe, names a missing version, and follows a rebuild."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, delete, update
from structlog.testing import capture_logs

from domain.commands.kinds.line_splice import LineSplice
from domain.errors import Corrupt
from domain.log.head import Head
from domain.script.hashing import expect_hash
from domain.script.keyframe import encode_keyframe
from domain.script.line import Line
from domain.script.state import State
from materialization.history.state_at import load, state_at
from materialization.integrity.rebuild import prune_generations, rebuild
from repos.log.keyframes import FoundKeyframe
from repos.log.path_to_version import PathToVersion
from repos.schema.core_tables import script_keyframes, script_versions
from tests.materialization.writer import SECOND, Clock, Writer, forging

VERSIONS = 560
FIRST, LAST = 256, 512

Values = Callable[[State], dict[str, bytes]]


@pytest.fixture
def long(writer: Writer) -> Writer:
    """A script with keyframes at 256 and 512."""
    writer.create()
    line = writer.state().line("l1")
    while writer.version < VERSIONS:
        edits = []
        for number in range(43):
            letter = "abc"[number % 3]
            edits.append(LineSplice(line="l1", at=0, delete=1, insert=letter, expect=expect_hash(line)))
            line = Line("l1", "action", letter + line.text[1:])
        writer.send(*edits)
    return writer


def damage_keyframe(url: str, writer: Writer, version: int, values: dict[str, bytes]) -> None:
    with forging(url) as connection:
        this = (script_keyframes.c.script_id == writer.script_id, script_keyframes.c.version_number == version)
        assert connection.execute(update(script_keyframes).where(*this).values(**values)).rowcount == 1


def another_state(_state: State) -> dict[str, bytes]:
    return {"state": encode_keyframe(State.empty())}


@pytest.mark.parametrize(
    "values",
    [
        lambda _: {"state": b"?"},
        lambda state: {"state": encode_keyframe(state)[:-1]},
        lambda _: {"state_hash": b"x" * 16},
        another_state,
    ],
)
def test_a_damaged_keyframe_is_skipped_and_reported(long: Writer, database_url: str, values: Values) -> None:
    before = {version: long.state(version) for version in (FIRST, LAST - 1, LAST + 1, VERSIONS)}
    damage_keyframe(database_url, long, LAST, values(long.state(LAST)))

    with capture_logs() as logged:
        after = {version: long.state(version) for version in before}

    assert after == before
    assert [(line["event"], line["version"]) for line in logged] == [("history.keyframe_passed_over", LAST)] * 2


def test_with_every_keyframe_damaged_reading_starts_from_the_beginning(long: Writer, database_url: str) -> None:
    before = long.state()
    for version in (FIRST, LAST):
        damage_keyframe(database_url, long, version, {"state": b""})

    assert long.state() == before


def drop_version(connection: Connection, writer: Writer, version: int) -> None:
    this = (script_versions.c.script_id == writer.script_id, script_versions.c.version_number == version)
    assert connection.execute(delete(script_versions).where(*this)).rowcount == 1


@pytest.mark.parametrize(("dropped", "wanted"), [(530, VERSIONS), (530, 530), (LAST, LAST), (100, 200), (1, 1)])
def test_a_missing_version_is_named(long: Writer, database_url: str, dropped: int, wanted: int) -> None:
    with forging(database_url) as connection:
        drop_version(connection, long, dropped)

    with pytest.raises(Corrupt, match=rf"version {dropped}\b"):
        long.state(wanted)
    if dropped > 1:
        assert long.state(dropped - 1).version == dropped - 1


def test_a_changed_delta_is_found_and_no_keyframe_is_blamed(long: Writer, database_url: str) -> None:
    with forging(database_url) as connection:
        this = (script_versions.c.script_id == long.script_id, script_versions.c.version_number == 530)
        connection.execute(update(script_versions).where(*this).values(delta=b'[["s","l1",1,0,"?"]]'))

    with capture_logs() as logged, pytest.raises(Corrupt, match="state hash"):
        long.state()
    assert logged == []


def test_a_reader_follows_a_rebuild_that_removed_what_it_was_reading(long: Writer, clock: Clock) -> None:
    wanted = long.state(540)

    class Overtaken:
        """A unit of work whose script is rebuilt, and its old generation removed, when the head has been read."""

        def __init__(self) -> None:
            self.heads_read = 0

        def __enter__(self) -> Overtaken:
            self._open = long.unit_of_work.reading()
            self.tx = self._open.__enter__()
            self.keyframes, self.versions = self.tx.keyframes, self.tx.versions
            self.heads = self.paths = self
            return self

        def __exit__(self, *error: object) -> None:
            self._open.__exit__(None, None, None)

        def to(self, script_id: int, version: int) -> PathToVersion | None:
            path = self.tx.paths.to(script_id, version)
            return path and path._replace(versions=[])

        def require(self, script_id: int) -> Head:
            self.heads_read += 1
            found = self.tx.heads.require(script_id)
            if self.heads_read <= 2:
                rebuild(long.unit_of_work, script_id, clock=clock)
                prune_generations(long.unit_of_work, script_id, before=clock() + SECOND)
            return found

    with Overtaken() as tx:
        assert state_at(tx, long.script_id, 540) == wanted  # type: ignore[arg-type]
    assert tx.heads_read == 3


def test_a_keyframe_is_found_with_the_hash_of_its_version(long: Writer) -> None:
    with long.unit_of_work.reading() as tx:
        head = tx.heads.get(long.script_id)
        assert head
        found = tx.keyframes.last(long.script_id, generation=head.generation, upto=LAST + 10)
        assert load(tx, head, LAST) == long.state(LAST)

    assert isinstance(found, FoundKeyframe)
    assert (found.version, found.version_hash) == (LAST, found.state_hash)
