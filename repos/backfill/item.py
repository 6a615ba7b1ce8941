"""An item of a backfill run, and the claim under which its worker writes."""

from __future__ import annotations

import secrets
from typing import Literal, NamedTuple

from domain.errors import LedgerError

ItemState = Literal["due", "sent", "running", "done", "failed"]

# Claims that are taken with a slice are drawn from so many: its worker must know its own again.
DRAWN_CLAIMS = 1 << 32


class ClaimLost(LedgerError):
    """Another worker has claimed the item, or its run was cancelled; nothing of this transaction is written."""


class BackfillItem(NamedTuple):
    """An item. Its worker is presumed dead from `expires_at` on, in microseconds since 1970 UTC.

    `attempts` are workers since the last progress that may have ended. `sent_claim` is the claim under which the item
    was sent, for a worker that takes `claim` with its first slice.
    """

    id: int
    run_id: int
    domain: str
    name: str
    state: ItemState
    attempts: int
    claim: int
    sent_at: int
    expires_at: int
    checkpoint: bytes
    counts: bytes
    error: str | None
    sent_claim: int | None = None

    def claimed_by_first_slice(self) -> BackfillItem | None:
        """The item for a worker that claims it in the transaction of its first slice.

        None if it must be claimed before: it was attempted already, and attempts are counted by claims.
        """
        if self.state != "sent" or self.attempts or self.checkpoint:
            return None
        return self._replace(claim=self.claim + 2 + secrets.randbelow(DRAWN_CLAIMS), sent_claim=self.claim)

    def as_stored(self, stored: BackfillItem | None) -> BackfillItem:
        """The item as its worker has it now, if it still does.

        An attempt at a transaction whose COMMIT was not answered may have recorded its slice, and closed the item.

        Raises:
            ClaimLost: another worker has the item now.
        """
        if stored is not None and stored.claim == self.claim and stored.state in ("running", "done"):
            return stored
        if stored is None or (stored.state, stored.claim) != ("sent", self.sent_claim):
            raise ClaimLost(f"the claim of item {self.id} is no longer valid")
        return stored._replace(claim=self.claim, sent_claim=self.sent_claim)
