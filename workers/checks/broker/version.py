"""Whether Redis is new enough."""

from __future__ import annotations

from workers.checks.broker_facts import Broker
from workers.checks.finding import Check, Finding, fault, fine

MIN_VERSION = (6, 2)


def _examine(broker: Broker) -> Finding:
    # Valkey says for which version of Redis it stands.
    version = str(broker.info.get("redis_version", ""))
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if numbers and numbers < MIN_VERSION:
        return fault(f"Redis is version {version}, older than 6.2.", "Upgrade Redis to 6.2 or newer, or use Valkey.")
    return fine(f"Redis is version {version}." if version else "The broker does not say its version.")


CHECK = Check("version", _examine, at_start=True)
