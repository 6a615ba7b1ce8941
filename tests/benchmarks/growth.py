"""Growth: how the cost of a command grows with the script, its history, the scripts, the writers and the workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.benchmarks.b07_any_version import P50, measure_versions
from tests.benchmarks.b11_one_script import RATE, OneScript
from tests.benchmarks.draining import COMMANDS_PER_SECOND, our_drain
from tests.benchmarks.long import LONG, long_history
from tests.benchmarks.plot import Curve
from tests.benchmarks.stage import OURS, Stage
from tests.benchmarks.submitting import MICROSECONDS, OurWriter

Points = Iterator[tuple[str, float]]


def curves(stage: Stage) -> Iterator[Curve]:
    """Every curve, measured."""
    for title, unit, measure in CURVES:
        yield Curve(title, unit, tuple(measure(stage)))


def _few(stage: Stage, steps: tuple[int, ...]) -> tuple[int, ...]:
    """A quick run shows that it runs, with the first two."""
    return steps[:2] if stage.quick else steps


def _by_length(stage: Stage) -> Points:
    with stage.database() as engine:
        for number, lines in enumerate(_few(stage, (50, 500, 5_000, 20_000)), 1):
            writer = OurWriter(engine, number, lines=lines)
            yield f"{lines:,} lines", writer.measure(stage.count(512, quick=10))[MICROSECONDS]


def _by_history(stage: Stage) -> Points:
    history = long_history(stage)
    for part in (100, 10, 1):
        upto = history.versions // part
        versions = range(max(2, upto * 9 // 10), upto)
        yield f"near {upto:,}", measure_versions(history, LONG, versions, stage.count(200, quick=10))[P50]


def _by_scripts(stage: Stage) -> Points:
    for scripts in _few(stage, (1, 10, 100, 1_000)):
        count = stage.count(scripts, quick=min(scripts, 20))
        waiting = 1 if stage.quick else max(1, 1_000 // scripts)
        with our_drain(stage, pool="prefork", concurrency=4, scripts=count) as (drain, _):
            drain.measure(waiting)
            yield f"{scripts:,} scripts", drain.measure(waiting)[COMMANDS_PER_SECOND]


def _by_writers(stage: Stage) -> Points:
    with (
        stage.broker(OURS),
        stage.database() as engine,
        stage.our_worker(engine, pool="prefork", concurrency=4) as worker,
    ):
        script = OneScript(stage, engine, worker, 1)
        for writers in _few(stage, (1, 5, 20, 50)):
            script.measure(writers, 100)
            yield f"{writers} writers", script.measure(writers, stage.count(1_000, quick=100))[RATE]


def _by_workers(stage: Stage) -> Points:
    for processes in _few(stage, (1, 2, 4, 8)):
        with our_drain(stage, pool="prefork", concurrency=processes, scripts=stage.count(1_000, quick=20)) as (
            drain,
            _,
        ):
            drain.measure()
            yield f"{processes} processes", drain.measure()[COMMANDS_PER_SECOND]


CURVES: tuple[tuple[str, str, Callable[[Stage], Points]], ...] = (
    ("A command, by the length of its script", "µs", _by_length),
    ("The state at a version, by its place in the history", "ms, median", _by_history),
    ("Draining the same number of commands, by the scripts they are of", "commands/s", _by_scripts),
    ("Submissions to one script, by its writers", "submissions/s", _by_writers),
    ("Draining, by pool processes of one worker, on the cores there are", "commands/s", _by_workers),
)
