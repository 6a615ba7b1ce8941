"""Whether Redis keeps its queues over a restart: messages of the intake exist nowhere else."""

from __future__ import annotations

from workers.checks.broker_facts import Broker
from workers.checks.finding import Check, Finding, fault, fine, warning


def _examine(broker: Broker) -> Finding:
    enabled = broker.info.get("aof_enabled")
    if broker.info.get("aof_last_write_status", "ok") != "ok":
        return fault("Redis cannot write its append-only file, and refuses commands.", "Free space on its disk.")
    if enabled is None:
        return warning("The broker does not say whether it keeps an append-only file.", "Set appendonly yes.")
    if not enabled:
        return warning(
            "Redis keeps no append-only file: a restart loses submissions in the queue intake.", "Set appendonly yes."
        )
    return fine("Redis keeps an append-only file.")


CHECK = Check("persistence", _examine, at_start=True, only_warns=True)
