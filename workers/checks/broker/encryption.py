"""Whether the connection to Redis is encrypted: messages of the intake hold the text of scripts."""

from __future__ import annotations

from workers.checks.broker_facts import Broker
from workers.checks.finding import Check, Finding, fine, warning


def _examine(broker: Broker) -> Finding:
    if broker.encrypted:
        return fine("The connection to Redis is encrypted.")
    if broker.is_local:
        return fine("The connection to Redis is not encrypted, and does not leave this machine.")
    return warning(
        "The connection to Redis is not encrypted: everyone on the way can read messages and the password.",
        "Where others are on the way, enable TLS in Redis and write rediss:// in SCRIPTLEDGER_BROKER_URL.",
    )


CHECK = Check("encryption", _examine)
