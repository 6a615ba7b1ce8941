"""Outage tests: one line at the beginning, one a minute, one at the end, for all processes of a worker together."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from workers.process.outages import Outage

TRY_LOCK = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'r+'), fcntl.LOCK_EX | fcntl.LOCK_NB)"


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outage(clock: Clock) -> Outage:
    return Outage("database", clock)


@pytest.fixture
def lines() -> Iterator[list[dict[str, object]]]:
    with capture_logs() as logged:
        yield logged  # type: ignore[misc]  # structlog's type is wider


def test_an_outage_of_forty_seconds_is_two_lines(outage: Outage, clock: Clock, lines: list[dict[str, object]]):
    for _ in range(80):
        outage.failed("gone away")
        clock.now += 0.5
    clock.now += 4
    outage.answered()
    outage.answered()

    assert [line["event"] for line in lines] == ["server.unreachable", "server.reachable"]
    assert lines[1]["failures"] == 80
    assert lines[1]["seconds"] == 44.0


def test_a_long_outage_has_a_line_a_minute_with_a_count(outage: Outage, clock: Clock, lines: list[dict[str, object]]):
    for _ in range(600):
        outage.failed("gone away")
        clock.now += 1

    counted = [line["failures"] for line in lines if line["event"] == "server.still_unreachable"]
    assert counted == [61, 121, 181, 241, 301, 361, 421, 481, 541]


def test_a_server_that_answers_now_and_then_begins_no_second_outage(
    outage: Outage, clock: Clock, lines: list[dict[str, object]]
):
    for _ in range(20):
        outage.failed("gone away")
        clock.now += 1
        outage.answered()

    assert len(lines) == 1
    assert outage.lasts


def test_without_an_outage_nothing_is_logged(outage: Outage, lines: list[dict[str, object]]):
    outage.answered()
    assert lines == []


def test_processes_share_an_outage(outage: Outage, lines: list[dict[str, object]]):
    child = os.fork()
    if child == 0:
        outage.failed("seen by the child")
        os._exit(0)
    os.waitpid(child, 0)
    outage.failed("seen by the parent")

    assert outage.lasts
    assert lines == []  # the child logged it


def test_another_file_under_the_number_of_a_closed_one_is_left_alone(clock: Clock, tmp_path: Path):
    outage = Outage("database", clock)
    number = outage._lock_file
    assert number is not None
    with (tmp_path / "other").open("w") as other:
        os.dup2(other.fileno(), number)  # Celery closed it, and something else was opened
        fcntl.lockf(number, fcntl.LOCK_EX)

        outage.failed("gone away")

        assert subprocess.run([sys.executable, "-c", TRY_LOCK, other.name], check=False).returncode == 1
        del outage
        os.fstat(number)
        os.close(number)
