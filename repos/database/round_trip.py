"""An exchange with the server: a request and its complete answer, or a conflict that ends the transaction."""

from __future__ import annotations

from types import TracebackType

from domain.errors import Conflict
from repos.database.driver_errors import DriverError, DuplicateKey, conflict_of
from repos.database.server_status import TransactionLost


class Exchange:
    """A request to the server and its complete answer.

    A conflict ends the transaction, whatever the server kept of it (1205 rolls back the statement only): every later
    exchange raises the same conflict, so that nothing is written outside the transaction.
    """

    # Without a constructor: one is made for every command.
    lost: Conflict | None = None
    in_step = True

    def __enter__(self) -> None:
        if self.lost is not None:
            raise self.lost
        self.in_step = False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.in_step = True
        elif isinstance(error, DriverError):
            self.in_step = True
            conflict = conflict_of(error)
            if conflict is None:
                return
            if not isinstance(conflict, DuplicateKey):
                self.lost = conflict
            raise conflict from error
        elif isinstance(error, TransactionLost):
            # `in_step` stays False: the rest of the answer is not read, the connection is discarded.
            self.lost = error
