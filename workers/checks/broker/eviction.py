"""Whether Redis evicts keys when its memory is full: ours have no time to live, and a queue is one key."""

from __future__ import annotations

from workers.checks.broker_facts import Broker
from workers.checks.finding import Check, Finding, fault, fine, warning

_CHANGE = "Set maxmemory-policy noeviction in a Redis of its own."


def _examine(broker: Broker) -> Finding:
    policy = broker.info.get("maxmemory_policy")
    if policy is None:
        return warning(
            "The broker does not say its maxmemory-policy.", f"{_CHANGE} (INFO must be permitted to see it.)"
        )
    if str(policy).startswith("allkeys"):
        return fault(f"maxmemory-policy is {policy}: a full Redis deletes whole queues.", _CHANGE)
    if policy != "noeviction":
        return warning(f"maxmemory-policy is {policy}, meant for a cache.", _CHANGE)
    return fine("Redis evicts nothing.")


CHECK = Check("eviction", _examine, at_start=True)
