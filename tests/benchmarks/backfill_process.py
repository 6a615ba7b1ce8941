"""A process that brings a part of the scripts of an open run over, and prints what it took.

    python -m tests.benchmarks.backfill_process LEGACY_URL LEDGER_URL PART PARTS

It begins when it is sent a line, and prints one of JSON at the end.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import ExitStack

from backfill.runs.item_worker import ItemWorker
from repos.database.engine import open_engine
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.flat_backfill import FlatBackfill
from tests.cli.running import ROOT
from tests.fuzz.input_limits import peak_bytes


def main(legacy_url: str, ledger_url: str, part: int, parts: int) -> None:
    """Work on every script whose turn it is, as a worker does."""
    with open_engine(ledger_url) as engine:
        backfill = FlatBackfill(legacy_url, UnitOfWork(engine))
        with backfill.unit_of_work.reading() as tx:
            run = tx.backfill_runs.active()
        assert run is not None
        with backfill.context(run.id) as context:
            mine = [item.id for item in backfill.items(run.id) if item.domain == "scripts"][part::parts]
            print("ready", flush=True)
            sys.stdin.readline()
            worker = ItemWorker(backfill.unit_of_work, lambda _: context)
            for item in mine:
                while (worked := worker.work(item)).outcome == "more":
                    pass
                assert worked.outcome == "done", worked
    print(json.dumps({"cpu": time.process_time(), "peak": peak_bytes()}), flush=True)


def run_processes(legacy_url: str, ledger_url: str, count: int) -> tuple[float, int]:
    """The seconds that so many processes take together, and the largest peak of their memory in bytes."""
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", __name__, legacy_url, ledger_url, str(part), str(count)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    cwd=ROOT,
                )
            )
            for part in range(count)
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        began = time.perf_counter()
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        results = [process.communicate()[0] for process in processes]
        seconds = time.perf_counter() - began
    assert all(process.returncode == 0 for process in processes)
    return seconds, max(json.loads(result)["peak"] for result in results)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
