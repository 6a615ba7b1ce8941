"""Whether the largest packet that the server accepts holds a large submission."""

from __future__ import annotations

from domain.submissions.submission import MAX_SUBMISSION_BYTES
from repos.server_checks.server_facts import ServerFacts
from workers.checks.finding import Check, Finding, fault, fine, warning

MIN_BYTES = 1 << 20
# A submission of the maximum size needs its own size twice, and the rest of its statement.
RECOMMENDED_BYTES = 4 * MAX_SUBMISSION_BYTES
_CHANGE = f"Set max_allowed_packet = {RECOMMENDED_BYTES >> 20}M on the server; connections opened later have it."


def _examine(server: ServerFacts) -> Finding:
    size = server.number("max_allowed_packet")
    if size is None:
        return warning("The server does not say its max_allowed_packet.", _CHANGE)
    shown = f"max_allowed_packet is {size >> 20} MiB" if size >= 1 << 20 else f"max_allowed_packet is {size >> 10} KiB"
    if size < MIN_BYTES:
        return fault(f"{shown}: usual submissions are refused as too large.", _CHANGE)
    if size < MAX_SUBMISSION_BYTES:
        return warning(
            f"{shown}: submissions near it are refused, of the {MAX_SUBMISSION_BYTES >> 20} MiB allowed.", _CHANGE
        )
    return fine(f"{shown}.")


CHECK = Check("packet", _examine, at_start=True)
