"""The proof of the scripts of a run by several processes, as `backfill certify --processes N` does it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from backfill.certificate.problems import Problems
from backfill.certificate.proof_processes import ProofProcesses, proving
from backfill.certificate.proof_tasks import ProvedItem, items_of
from backfill.domains.base import BackfillContext
from backfill.mapping.draft import draft
from backfill.mapping.toml_text import mapping_text
from backfill.runs.run_context import run_context
from materialization.clock import system_clock
from repos.database.engine import Engine
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.unit_of_work import UnitOfWork


def proof_seconds(engine: Engine, legacy: str, number: int) -> float:
    """The seconds that so many processes take, since the first of them was ready.

    The start of Python is left out, as it is where workers write.
    """
    unit_of_work = UnitOfWork(engine)
    ledger = engine.url.render_as_string(hide_password=False)
    with tempfile.TemporaryDirectory() as folder, open_source(legacy) as source:
        with unit_of_work.reading() as tx:
            run = tx.backfill_runs.read(limit=1)[0]
        run = run._replace(source=source.name, mapping=mapping_text(draft(read_catalog(source))))
        context = run_context(run, source, unit_of_work, system_clock)
        problems = Problems(run.hash_key)
        processes = ProofProcesses(number, legacy, ledger, partial(_note_start, folder))
        with proving(context, run, processes, lambda *_: None, _scripts) as proof:
            proof.finish(problems)
            ended = time.monotonic()
        assert problems.kept == []
        return ended - min(float(file.read_text()) for file in Path(folder).iterdir())


def _scripts(context: BackfillContext) -> Iterator[ProvedItem]:
    for item in items_of(context):
        if item.domain == "scripts":
            yield ProvedItem(item.domain, item.name)


def _note_start(folder: str) -> None:
    """Note that a process is ready, by the clock that all processes of a machine share."""
    with tempfile.NamedTemporaryFile("w", dir=folder, delete=False) as file:
        file.write(str(time.monotonic()))
