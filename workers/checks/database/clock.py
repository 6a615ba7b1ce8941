"""Whether the clock of the server and that of this machine agree: leases and the times of the log are from clocks."""

from __future__ import annotations

from repos.server_checks.server_facts import ServerFacts
from workers.checks.finding import Check, Finding, fault, fine, warning

# The reconciler's lease lasts 15 s: beyond, a machine takes another one's lease for expired.
MAX_SECONDS = 15.0
TOLERATED_SECONDS = 2.0
_CHANGE = "Synchronize the clocks of both machines (chrony, systemd-timesyncd)."


def _examine(server: ServerFacts) -> Finding:
    seconds = abs(server.clock_ahead)
    if seconds <= TOLERATED_SECONDS:
        return fine("The clocks of the server and of this machine agree.")
    side = "ahead of" if server.clock_ahead > 0 else "behind"
    sentence = f"The clock of the server is {seconds:.0f} s {side} the clock of this machine."
    return fault(sentence, _CHANGE) if seconds > MAX_SECONDS else warning(sentence, _CHANGE)


# Edits are correct whatever the clocks say, so a worker starts.
CHECK = Check("clock", _examine, at_start=True, only_warns=True)
