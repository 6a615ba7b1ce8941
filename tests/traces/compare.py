"""Comparison of a session in the ledger with the recording: final text, version numbers, versions, log."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from domain.script.state import State
from materialization.history.fold import replay
from materialization.history.state_at import state_at
from materialization.integrity.verify import verify
from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import RecordsTransaction, UnitOfWork
from tests.traces.replay import Played, play, shown_at
from tests.traces.session import Session

SCRIPT = 1
LOOKED_AT = 100


class Stored(NamedTuple):
    """Bytes stored for a script; keyframes are counted compressed."""

    payloads: int
    deltas: int
    keyframes: int


def replayed(session: Session, database_url: str) -> tuple[Played, Stored]:
    """Play a session into an empty database, and compare everything."""
    with empty_database(database_url) as unit_of_work:
        played = play(Ledger(unit_of_work), SCRIPT, session)
        with unit_of_work.reading() as tx:
            assert state_at(tx, SCRIPT).text() == session.end_content
            assert_numbers_are_dense(tx, played)
            assert_random_versions_are_what_the_editor_showed(tx, session, played)
            assert_the_log_alone_leads_to_the_same(tx, played)
            return played, stored_bytes(tx)


@contextmanager
def empty_database(url: str) -> Iterator[UnitOfWork]:
    engine = make_engine(url)
    upgrade(engine)
    yield UnitOfWork(engine)
    engine.dispose()


def assert_numbers_are_dense(tx: RecordsTransaction, played: Played) -> None:
    head = tx.heads.get(SCRIPT)
    assert head is not None
    dense = list(range(1, played.versions + 1))
    versions = tx.versions.read(SCRIPT, generation=head.generation, upto=head.version)
    assert [row.version for row in versions] == dense
    assert [entry.version for entry in tx.commands.read(SCRIPT, upto=head.version)] == dense


def assert_random_versions_are_what_the_editor_showed(tx: RecordsTransaction, session: Session, played: Played) -> None:
    chosen = set(random.Random(2).sample(range(1, played.versions + 1), LOOKED_AT))
    for shown in shown_at(session, chosen):
        state = state_at(tx, SCRIPT, shown.version)
        assert list(state.lines()) == shown.lines
        assert state.text() == shown.text


def assert_the_log_alone_leads_to_the_same(tx: RecordsTransaction, played: Played) -> None:
    assert replay(State.empty(), tx.commands.read(SCRIPT, upto=played.versions)) == state_at(tx, SCRIPT)
    found = verify(tx, SCRIPT)
    assert (found.finding, found.versions) == (None, played.versions)


def stored_bytes(tx: RecordsTransaction) -> Stored:
    """The bytes of a session in the log, the versions and the keyframes."""
    head = tx.heads.get(SCRIPT)
    assert head is not None
    keyframes = version = 0
    while row := tx.keyframes.next(SCRIPT, generation=head.generation, after=version):
        keyframes += len(row.state)
        version = row.version
    versions = tx.versions.read(SCRIPT, generation=head.generation, upto=head.version)
    return Stored(
        payloads=sum(len(entry.payload) for entry in tx.commands.read(SCRIPT, upto=head.version)),
        deltas=sum(len(row.delta) for row in versions),
        keyframes=keyframes,
    )
