"""Distribution of test files over the pytest workers: the longest first, and one worker computes while others wait.

A test of servers or processes waits most of its time, one that only computes takes a processor. The last worker takes
files from the end of the list, where those that compute are, the others from its start.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

# Seconds of files that take much longer than their markers suggest. It does not matter how exact they are.
FILE_SECONDS = {
    "tests/cli/client/test_embedded.py": 110,
    "tests/docs/test_sessions.py": 50,
    "tests/faults/test_kill_matrix.py": 160,
    "tests/faults/test_killed_beats.py": 45,
    "tests/faults/test_poison.py": 65,
    "tests/faults/test_rolling_restart.py": 30,
    "tests/faults/test_writing_nodes.py": 50,
    "tests/first_hour/test_first_hour.py": 35,
    "tests/fuzz/test_fuzz.py": 150,
    "tests/materialization/write_path/test_heavy_submissions.py": 160,
    "tests/processes/test_graceful_stop.py": 50,
    "tests/processes/test_killed_database.py": 35,
    "tests/processes/test_killed_proposals.py": 55,
    "tests/processes/test_refusing_redis.py": 40,
    "tests/repos/schema/test_upgrade_race.py": 25,
    "tests/test_patterns.py": 10,
    "tests/test_requirements.py": 15,
    "tests/traces/test_recorded_sessions.py": 35,
}
# Seconds of a test in any other file, by its markers.
SLOW_SECONDS = 1.0
SERVICES_SECONDS = 0.5
QUICK_SECONDS = 0.03


class FromBothEnds(LoadFileScheduling):
    """The distribution of `--dist loadfile` in the order of collection; the last worker starts at the end."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        if node is self.nodes[-1]:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items[:] = longest_first(items)


# Tests of the tests run without the plugins.
@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    if config.getoption("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return FromBothEnds(config, log)


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The tests ordered by how long their file takes; the order in a file stays."""
    seconds: dict[str, float] = {}
    for item in items:
        file = file_of(item)
        seconds[file] = seconds.get(file, 0.0) + seconds_of(item)
    return sorted(items, key=lambda item: -FILE_SECONDS.get(file_of(item), seconds[file_of(item)]))


def file_of(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def seconds_of(item: pytest.Item) -> float:
    if item.get_closest_marker("slow"):
        return SLOW_SECONDS
    return SERVICES_SECONDS if item.get_closest_marker("services") else QUICK_SECONDS
