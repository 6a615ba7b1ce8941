"""Whether the account at Redis may run every command that workers need, on their keys and channels."""

from __future__ import annotations

from workers.checks.broker_facts import Broker
from workers.checks.finding import Check, Finding, fault, fine


def _examine(broker: Broker) -> Finding:
    if not broker.denied:
        return fine("The account at Redis may run the commands that workers need.")
    return fault(
        f"The account at Redis may not run {', '.join(broker.denied)} on the keys and channels of workers.",
        "Permit them with ACL SETUSER, or name another account in SCRIPTLEDGER_BROKER_URL.",
    )


CHECK = Check("permissions", _examine, at_start=True)
