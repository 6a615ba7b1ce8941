"""Suspects: submissions that may have caused an exception in a drain."""

from __future__ import annotations

from domain.errors import LedgerError
from repos.database.driver_errors import DriverError, blames_a_row

_DRIVER = ("pymysql.", "sqlalchemy.pool")
_PAUSES = ("materialization.retry", "materialization.integrity.second_look")


class SuspectsLeft(Exception):
    """Submissions that were tried before, or a batch in which one failed, are left to be tried one by one.

    `answered` is how many others were answered before that.
    """

    def __init__(self, answered: int) -> None:
        super().__init__(answered)
        self.answered = answered


def is_suspect(error: Exception) -> bool:
    """Whether an exception is neither an answer nor a reason to retry, but caused by the submission itself."""
    if isinstance(error, DriverError):
        return blames_a_row(error)
    return not isinstance(error, LedgerError) and not waited_for_others(error)


def waited_for_others(error: BaseException) -> bool:
    """Whether an outside exception (a time limit) came while the drain waited: then no submission caused it."""
    modules = []
    trace = error.__traceback__
    while trace is not None:
        modules.append(str(trace.tb_frame.f_globals.get("__name__", "")))
        trace = trace.tb_next
    # The last frame may be that of a signal handler.
    return any(module.startswith(_DRIVER) for module in modules) or any(module in _PAUSES for module in modules[-2:])
