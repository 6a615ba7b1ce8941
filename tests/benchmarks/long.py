"""A long history on the stage: a script of 100,000 commands and one of a tenth, made once for all who look at them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from repos.database.engine import Engine
from repos.unit_of_work import UnitOfWork
from tests.benchmarks.recorded import recorded
from tests.benchmarks.stage import Stage
from tests.traces.long_history import build
from tests.traces.session import Session

LONG, SHORT = 1, 2


class LongHistory(NamedTuple):
    """Two scripts in one database, and the session both were typed from; the short one shows its end."""

    engine: Engine
    session: Session
    versions: int
    short_versions: int


def long_history(stage: Stage) -> LongHistory:
    """The one of this stage."""
    return stage.kept("long history", _built(stage))


@contextmanager
def _built(stage: Stage) -> Iterator[LongHistory]:
    versions = stage.count(100_000, quick=1_000)
    short = versions // 10
    session = recorded("automerge-paper.json.gz", at_least=versions)
    with stage.database() as engine:
        build(UnitOfWork(engine), session, versions, script_id=LONG)
        build(UnitOfWork(engine), session, short, script_id=SHORT, skip=versions - short)
        yield LongHistory(engine, session, versions, short)
