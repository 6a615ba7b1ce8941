"""Names of the schedules, and their intervals in seconds."""

from __future__ import annotations

from typing import Final

MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 24 * HOUR

VERIFY_SAMPLE: Final = "verify-sample"
MATERIALIZE: Final = "materialize"
PRUNE_RUNS: Final = "prune-materialization-runs"
PRUNE_REJECTED: Final = "prune-rejected"
PRUNE_GENERATIONS: Final = "prune-generations"
PRUNE_SESSIONS: Final = "prune-sessions"
PRUNE_MONITORING: Final = "prune-monitoring"

INTERVALS: Final = {
    VERIFY_SAMPLE: HOUR,
    MATERIALIZE: MINUTE,
    # A run a minute makes 1,440 a day, and one pruning takes 1,000.
    PRUNE_RUNS: 6 * HOUR,
    PRUNE_REJECTED: DAY,
    PRUNE_GENERATIONS: HOUR,
    PRUNE_SESSIONS: DAY,
    PRUNE_MONITORING: HOUR,
}
