"""Whether Redis has memory left: a full one takes no messages."""

from __future__ import annotations

from workers.checks.broker_facts import Broker
from workers.checks.finding import Check, Finding, fault, fine, warning

MAX_SHARE = 0.85
_CHANGE = "Raise maxmemory, or find out why the queues are not emptied (`scriptledger status`)."


def _examine(broker: Broker) -> Finding:
    limit, used = broker.number("maxmemory"), broker.number("used_memory")
    if not limit:
        return fine("Redis has no limit on its memory.")
    share = used / limit
    sentence = f"Redis uses {share:.0%} of its maxmemory ({limit >> 20} MiB)"
    if share >= 1:
        return fault(f"{sentence}: it takes no messages.", _CHANGE)
    return warning(f"{sentence}.", _CHANGE) if share >= MAX_SHARE else fine(f"{sentence}.")


# Workers empty a full Redis, so they start.
CHECK = Check("memory", _examine, at_start=True, only_warns=True)
