"""B6: bytes a version, on a recorded session; against the bytes of its command, and of a snapshot of the whole text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from tests.benchmarks.frame import Figures, Goal, Pair
from tests.benchmarks.long import LONG, LongHistory, long_history
from tests.benchmarks.stage import Stage
from tests.traces.replay import commands_of

KEY = "B6"
BYTES = "bytes a version"
SUMS = {
    "commands": "SELECT sum(length(payload)) FROM script_commands WHERE script_id = %s",
    "deltas": "SELECT sum(length(delta)) FROM script_versions WHERE script_id = %s",
    "hashes": "SELECT sum(length(state_hash)) FROM script_versions WHERE script_id = %s",
    "keyframes": "SELECT sum(length(state)) FROM script_keyframes WHERE script_id = %s",
}


def pairs(stage: Stage) -> Iterator[Pair]:
    """The deltas alone, and everything that a version is stored as, keyframes too."""
    history = long_history(stage)
    stored = {name: _sum(history, statement) / history.versions for name, statement in SUMS.items()}
    whole = sum(editor.page.size for _, editor in islice(commands_of(history.session), history.versions))
    everything = stored["deltas"] + stored["hashes"] + stored["keyframes"]
    what = f"delta of a keystroke, keyframes apart ({stored['keyframes']:.0f} a version); payload of its command"
    yield _pair(what, stored["deltas"], stored["commands"], 1.5)
    what = "delta, hash and keyframes; a snapshot of the whole text"
    yield _pair(what, everything, whole / history.versions, 1 / 200)


def _sum(history: LongHistory, statement: str) -> float:
    with history.engine.connect() as connection:
        return float(connection.exec_driver_sql(statement, (LONG,)).scalar_one())


def _pair(what: str, ours: float, reference: float, limit: float) -> Pair:
    def stored(size: float) -> Figures:
        return {BYTES: size}

    goal = Goal(BYTES, "bytes", "at most", limit)
    return Pair(KEY, what, lambda: stored(ours), lambda: stored(reference), (goal,), rounds=1, warm_up=False)
