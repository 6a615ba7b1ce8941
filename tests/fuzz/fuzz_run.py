"""Fuzz run: feeds rounds of inputs to one target in this process until the time is up, and reports findings."""

from __future__ import annotations

import time
import traceback
from collections import Counter
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.database import DirectoryBasedExampleDatabase

from tests.fuzz.fuzz_target import Feed, Target
from tests.fuzz.input_limits import MEMORY_BYTES, Hang, limit_memory, peak_bytes, time_limits

INPUTS_PER_ROUND = 100
MAX_SEED = (1 << 32) - 1


class Report(NamedTuple):
    """The result of fuzzing a target. `seed` is that of the round with a finding, else of the first."""

    target: str
    seed: int
    inputs: int
    outcomes: Counter[str]
    peak: int
    finding: str | None = None


def fuzz(target: Target, seconds: float, seed: int, folder: Path) -> Report:
    """Feed inputs to a target for `seconds`. The same seed makes the same inputs, as many as the time allows.

    Inputs that failed before are stored in the folder and tried first. The current input is stored there too, in case
    it ends the process.
    """
    with TemporaryDirectory(prefix="fuzz-") as place, target.opened(Path(place)) as feed:
        _warm_up(feed, target)
        limit_memory()
        fuzzing = _Fuzzing(target, feed, folder, time.monotonic() + seconds)
        round_seed = seed
        while (finding := fuzzing.round(round_seed)) is None and not fuzzing.is_over():
            round_seed = (round_seed + 1) & MAX_SEED
    first = seed if finding is None else round_seed
    return Report(target.name, first, fuzzing.outcomes.total(), fuzzing.outcomes, peak_bytes(), finding)


def _warm_up(feed: Feed, target: Target) -> None:
    """Run a few inputs before memory is limited: the first ones load modules and compile statements."""

    @hypothesis.seed(0)
    @settings(
        max_examples=3, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck]
    )
    @given(target.inputs)
    def warm(value: Any) -> None:
        with suppress(Exception, Hang), time_limits():  # a finding here recurs in the first round
            feed(value)

    warm()


class _Fuzzing:
    """Fuzzing of one target, in rounds of a hundred inputs, each with a seed of its own."""

    def __init__(self, target: Target, feed: Feed, folder: Path, ends: float) -> None:
        self.outcomes: Counter[str] = Counter()
        self._target = target
        self._feed = feed
        self._ends = ends
        self._examples = folder / "examples" / target.name
        self._in_hand = folder / "in_hand" / target.name
        self._in_hand.parent.mkdir(parents=True, exist_ok=True)

    def is_over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self._ends

    def round(self, seed: int) -> str | None:
        """Run a round and return its finding, None without one."""

        @hypothesis.seed(seed)
        @settings(
            max_examples=INPUTS_PER_ROUND,
            database=DirectoryBasedExampleDatabase(self._examples),
            deadline=None,
            derandomize=False,
            phases=[Phase.reuse, Phase.generate, Phase.shrink],
            suppress_health_check=[*HealthCheck],
            report_multiple_bugs=False,
            print_blob=False,
        )
        @given(self._target.inputs)
        def take(value: Any) -> None:
            if not self.is_over():
                self._take(value)

        try:
            take()
        except Hang as hang:
            return f"{hang}: the input is {self._in_hand}"
        except Exception as error:
            return "".join(traceback.format_exception(error)) + f"The input is {self._in_hand}"
        self._in_hand.unlink(missing_ok=True)
        if peak_bytes() > MEMORY_BYTES:
            return f"the process came to have {peak_bytes() >> 20} MiB"
        return None

    def _take(self, value: Any) -> None:
        data = value if isinstance(value, bytes) else repr(value).encode(errors="backslashreplace")
        self._in_hand.write_bytes(data)
        with time_limits():
            outcome = self._feed(value)
        self.outcomes[outcome] += 1
