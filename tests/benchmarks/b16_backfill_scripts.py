"""B16: scripts of a legacy database brought over with their saves, and proved; ratios where something compares."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from random import Random
from typing import NamedTuple

from backfill.domains.registry import DOMAINS
from backfill.mapping.draft import draft
from backfill.mapping.toml_text import mapping_text
from backfill.runs.local_run import run_here
from backfill.runs.opening import open_run, plan
from backfill.runs.run_context import run_context
from materialization.clock import system_clock
from repos.database.engine import Engine
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.flat_backfill import FlatBackfill
from tests.benchmarks.backfill_process import run_processes
from tests.benchmarks.frame import Figures, Goal, Pair
from tests.benchmarks.legacy_saves import Draft, fountain_saves, json_saves, legacy_scripts
from tests.benchmarks.proof_by_processes import proof_seconds
from tests.benchmarks.references.whole_alignment import aligned_saves
from tests.benchmarks.stage import Stage
from tests.benchmarks.submitting import OurWriter
from tests.legacy.clean_rows import json_save

KEY = "B16"
SAVES, COMMANDS, SECONDS, MEGABYTES = "saves/s", "commands/s", "s", "MB"
PROCESSOR_SECONDS = "s of processor time"
# A feature film: 69 KB of JSON, or so many lines of Fountain.
LINES, FOUNTAIN_LINES = 900, 3_000
RUN_SAVES = 60
# Commands of a submission in B4, and lines that are edited between two saves to compare with it.
EDITED_LINES = 200
# Lines of saves of 16 MiB, and the characters of each.
LARGE_SAVES = ((20_000, 750), (90_000, 136))


class Moved(NamedTuple):
    """What writing scripts and proving them took, in seconds and in seconds of processor time; and the versions."""

    seconds: float
    processor_seconds: float
    proof_seconds: float
    proof_processor_seconds: float
    versions: int


def pairs(stage: Stage) -> Iterator[Pair]:
    """Processor time where nothing else is compared, because the servers take the rest.

    The proof is compared with the writing in both: a user waits for the seconds, which include the servers' work.
    """
    saves = stage.count(1_500, quick=5)
    yield from _of_long_saves(stage, saves)
    yield from _of_many_saves(stage)
    yield from (_largest(stage, *lines) for lines in LARGE_SAVES)
    yield _two_workers(stage)
    yield _proof_by_two(stage)


def _of_long_saves(stage: Stage, saves: int) -> Iterator[Pair]:
    legacy = legacy_scripts(stage.mariadb, [json_saves(saves, LINES)])
    goals = (Goal(SAVES, "saves/s", "at least", 1_000, of="ours"),)
    yield Pair(KEY, f"saves of {LINES} lines of JSON", partial(_saves_a_second, stage, legacy, saves), None, goals, 3)
    moved: list[Moved] = []
    yield Pair(
        KEY,
        f"proof of saves of {LINES} lines of JSON; writing them",
        lambda: _proof_seconds(moved, stage, legacy),
        lambda: {SECONDS: moved[-1].seconds, PROCESSOR_SECONDS: moved[-1].processor_seconds},
        (Goal(SECONDS, "s", "at most", 0.25), Goal(PROCESSOR_SECONDS, PROCESSOR_SECONDS, "at most", 0.25)),
        3,
    )
    yield _whole_run(stage)
    edited = stage.count(100, quick=3)
    legacy = legacy_scripts(stage.mariadb, [_edited_saves(edited)])
    yield Pair(
        KEY,
        f"saves that differ in {EDITED_LINES} lines; submissions of {EDITED_LINES} commands (B4)",
        lambda: _commands_a_second(_moved(stage, legacy, prove=False)),
        partial(_submitted, stage, stage.count(30, quick=1)),
        (Goal(COMMANDS, "commands/s", "at least", 1.0),),
        3,
    )
    texts = list(fountain_saves(stage.count(400, quick=5), FOUNTAIN_LINES))
    legacy = legacy_scripts(stage.mariadb, [texts])
    yield Pair(
        KEY,
        f"saves of {FOUNTAIN_LINES:,} lines of Fountain; each read and aligned whole",
        partial(_saves_a_second, stage, legacy, len(texts)),
        lambda: {SAVES: len(texts) / aligned_saves(texts)},
        (Goal(SAVES, "saves/s", "at least", 4.0),),
        3,
    )


def _of_many_saves(stage: Stage) -> Iterator[Pair]:
    many, more = stage.count(10_000, quick=20), stage.count(100_000, quick=60)
    legacy = legacy_scripts(stage.mariadb, [json_saves(many, 50)])
    yield Pair(
        KEY,
        f"a script of {many:,} saves",
        lambda: {SECONDS: _moved(stage, legacy, prove=False).seconds},
        None,
        (Goal(SECONDS, "s", "at most", 15, of="ours"),),
        rounds=3,
    )
    long = legacy_scripts(stage.mariadb, [json_saves(more, 10)])
    short = legacy_scripts(stage.mariadb, [json_saves(many, 10)])
    yield Pair(
        KEY,
        f"memory of a process that brings {more:,} saves of one script over; of {many:,}",
        partial(_megabytes, stage, long),
        partial(_megabytes, stage, short),
        (Goal(MEGABYTES, "MB", "at most", 1.5), Goal(MEGABYTES, "MB", "at most", 300, of="ours")),
        rounds=1,
        warm_up=False,
    )


def _largest(stage: Stage, count: int, characters: int) -> Pair:
    random, count = Random(16), 100 if stage.quick else count
    # Text that cannot be compressed much, so that keyframes are large too.
    texts = (b64encode(random.randbytes(characters * 3 // 4)).decode() for _ in range(count))
    lines = [(f"l{number:07}", "action", text) for number, text in enumerate(texts)]
    with _large_packets(stage):
        legacy = legacy_scripts(stage.mariadb, [_changed(lines, saves=4)])

    def measured() -> Figures:
        with _large_packets(stage):
            return _megabytes(stage, legacy)

    goals = (Goal(MEGABYTES, "MB", "at most", 300, of="ours"),)
    what = f"memory of a process with saves of 16 MiB in {count:,} lines"
    return Pair(KEY, what, measured, None, goals, rounds=1, warm_up=False)


def _two_workers(stage: Stage) -> Pair:
    scripts = stage.count(80, quick=4)
    legacy = legacy_scripts(stage.mariadb, [json_saves(60, 300, seed=number) for number in range(scripts)])
    return Pair(
        KEY,
        f"{scripts} scripts of 60 saves by two workers; by one",
        lambda: {SAVES: scripts * 60 / _in_processes(stage, legacy, 2)[0]},
        lambda: {SAVES: scripts * 60 / _in_processes(stage, legacy, 1)[0]},
        (Goal(SAVES, "saves/s", "at least", 1.6),),
        rounds=3,
    )


def _proof_by_two(stage: Stage) -> Pair:
    """The proof by as many processes as have written, both without their start."""
    scripts = stage.count(120, quick=4)
    legacy = legacy_scripts(stage.mariadb, [json_saves(RUN_SAVES, LINES, seed=number) for number in range(scripts)])
    written: list[float] = []

    def proof() -> Figures:
        with stage.database() as engine:
            written.append(_written_by(engine, legacy, 2)[0])
            return {SECONDS: proof_seconds(engine, legacy, 2)}

    what = f"proof of {scripts} scripts of {RUN_SAVES} saves of {LINES} lines by two processes; two workers write them"
    return Pair(KEY, what, proof, lambda: {SECONDS: written[-1]}, (Goal(SECONDS, "s", "at most", 0.25),), 3)


def _whole_run(stage: Stage) -> Pair:
    """The proof compared with what a user has started: every domain, items claimed, recorded and closed."""
    scripts = stage.count(40, quick=2)
    legacy = legacy_scripts(stage.mariadb, [json_saves(RUN_SAVES, LINES, seed=number) for number in range(scripts)])
    runs: list[float] = []

    def proof() -> Figures:
        with stage.database() as engine, open_source(legacy) as source:
            unit_of_work = UnitOfWork(engine)
            text = mapping_text(draft(read_catalog(source)))
            began = time.perf_counter()
            run, _ = open_run(unit_of_work, source, text, share=None, into_used=False, clock=system_clock)
            context = run_context(run, source, unit_of_work, system_clock)
            plan(context, lambda *_: None)
            assert run_here(context, lambda _fed: None).run.state == "finished"
            runs.append(time.perf_counter() - began)
            began = time.perf_counter()
            domain = DOMAINS["scripts"]
            assert [found for item in domain.items(context) for found in domain.prove(context, item)] == []
            return {SECONDS: time.perf_counter() - began}

    what = f"proof of {scripts} scripts of {RUN_SAVES} saves of {LINES} lines; the whole run"
    return Pair(KEY, what, proof, lambda: {SECONDS: runs[-1]}, (Goal(SECONDS, "s", "at most", 0.25),), 3)


def _saves_a_second(stage: Stage, legacy: str, saves: int) -> Figures:
    return {SAVES: saves / _moved(stage, legacy, prove=False).processor_seconds}


def _proof_seconds(moved: list[Moved], stage: Stage, legacy: str) -> Figures:
    moved.append(_moved(stage, legacy, prove=True))
    return {SECONDS: moved[-1].proof_seconds, PROCESSOR_SECONDS: moved[-1].proof_processor_seconds}


def _commands_a_second(moved: Moved) -> Figures:
    return {COMMANDS: moved.versions / moved.seconds}


def _submitted(stage: Stage, submissions: int) -> Figures:
    with stage.database() as engine:
        return {COMMANDS: OurWriter(engine, 1).measure(submissions, EDITED_LINES)[COMMANDS]}


def _megabytes(stage: Stage, legacy: str) -> Figures:
    return {MEGABYTES: _in_processes(stage, legacy, 1)[1] / 1e6}


def _in_processes(stage: Stage, legacy: str, count: int) -> tuple[float, int]:
    with stage.database() as engine:
        return _written_by(engine, legacy, count)


def _written_by(engine: Engine, legacy: str, count: int) -> tuple[float, int]:
    """The seconds that so many processes take to write all scripts, and the largest peak of their memory."""
    backfill = FlatBackfill(legacy, UnitOfWork(engine))
    backfill.open_sent("scripts")
    found = run_processes(legacy, engine.url.render_as_string(hide_password=False), count)
    assert not backfill.quarantined()
    return found


def _moved(stage: Stage, legacy: str, *, prove: bool) -> Moved:
    with stage.database() as engine:
        unit_of_work = UnitOfWork(engine)
        backfill = FlatBackfill(legacy, unit_of_work)
        run_id = backfill.open()
        backfill.run_domain(run_id, "users")
        began, began_cpu = time.perf_counter(), time.process_time()
        backfill.run_domain(run_id, "scripts", slice_seconds=10.0)
        seconds, processor_seconds = time.perf_counter() - began, time.process_time() - began_cpu
        assert not backfill.quarantined()
        began, began_cpu = time.perf_counter(), time.process_time()
        assert not prove or backfill.differences("scripts") == []
        proof, proof_processor = time.perf_counter() - began, time.process_time() - began_cpu
        with unit_of_work.reading() as tx:
            return Moved(seconds, processor_seconds, proof, proof_processor, tx.heads.require(1).version)


def _edited_saves(saves: int) -> Iterator[str]:
    """Saves each of which has another text in the same lines."""
    lines = Draft(LINES).lines
    for number in range(saves):
        for place in range(0, EDITED_LINES * 4, 4):
            name, form, text = lines[place]
            lines[place] = name, form, f"{text[:30]} {number}"
        yield json_save(lines)


def _changed(lines: list[tuple[str, str, str]], *, saves: int) -> Iterable[str]:
    for number in range(saves):
        lines[number] = lines[number][0], "action", f"Changed in save {number}."
        yield json_save(lines)


@contextmanager
def _large_packets(stage: Stage) -> Iterator[None]:
    [(before,)] = stage.mariadb.execute("SELECT @@global.max_allowed_packet")
    stage.mariadb.execute(f"SET GLOBAL max_allowed_packet = {256 << 20}")
    try:
        yield
    finally:
        stage.mariadb.execute(f"SET GLOBAL max_allowed_packet = {before}")
