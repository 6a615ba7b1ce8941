"""An exchange with the server: a question and all of its answer, or a conflict that ends the transaction."""

from __future__ import annotations

from types import TracebackType

from domain.errors import Conflict
from repos.database.driver_errors import DriverError, DuplicateKey, conflict_of
from repos.database.server_status import TransactionLost


class Exchange:
    """A question to the server and all of its answer.

    A conflict ends the transaction whatever the server kept of it (1205 takes back the statement only): whoever
    goes on meets the same conflict, so that nothing is written outside.
    """

    __slots__ = ("in_step", "lost")

    def __init__(self) -> None:
        self.lost: Conflict | None = None
        self.in_step = True

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
            # And out of step: what is left of the answer is not worth reading, the connection is given up.
            self.lost = error
