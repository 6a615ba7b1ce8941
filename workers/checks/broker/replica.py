"""Whether this Redis takes writes: a replica does not."""

from __future__ import annotations

from workers.checks.broker_facts import Broker
from workers.checks.finding import Check, Finding, fault, fine, warning


def _examine(broker: Broker) -> Finding:
    if broker.info.get("role", "master") == "master":
        return fine("Redis is a primary.")
    primary = f"{broker.info.get('master_host', 'the primary')}:{broker.info.get('master_port', '')}".rstrip(":")
    if broker.info.get("slave_read_only", 1):
        return fault(
            f"Redis is a read-only replica of {primary}.",
            "Name the primary in SCRIPTLEDGER_BROKER_URL.",
        )
    return warning(
        f"Redis is a replica of {primary} that takes writes, which the next synchronization deletes.",
        "Name the primary in SCRIPTLEDGER_BROKER_URL.",
    )


CHECK = Check("replica", _examine, at_start=True)
