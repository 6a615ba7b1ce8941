"""What a soak does to servers, lines and workers, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.faults.environment import Site

STALL_SECONDS = 1.5
FREEZE_SECONDS = 1.0
COMMITS_LOST_AT_ONCE = 10

OPERATIONS: Mapping[str, Callable[[Site], object]] = {
    "kill the database": lambda site: site.kill_database(),
    "kill the broker": lambda site: site.kill_broker(keeps=True),
    "kill the broker and lose what it held": lambda site: site.kill_broker(keeps=False),
    "cut the database": lambda site: site.to_database.cut(),
    "cut the broker": lambda site: site.to_broker.cut(),
    "stall the database": lambda site: site.to_database.stall_for(STALL_SECONDS),
    "stall the broker": lambda site: site.to_broker.stall_for(STALL_SECONDS),
    "lose answers to COMMIT": lambda site: site.to_database.lose_answers_to_commit(COMMITS_LOST_AT_ONCE),
    "freeze a worker": lambda site: site.freeze_worker(FREEZE_SECONDS),
}
