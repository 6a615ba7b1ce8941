"""Suspects: whether a submission is to blame for what a drain raised."""

from __future__ import annotations

from domain.errors import LedgerError
from repos.database.driver_errors import DriverError, blames_a_row

_DRIVER = ("pymysql.", "sqlalchemy.pool")
_PAUSES = ("materialization.retry", "materialization.integrity.second_look")


class SuspectsLeft(Exception):
    """Submissions that were tried before, or a batch with one that raised something, wait to be tried one by one.

    `answered` is how many others were answered before.
    """

    def __init__(self, answered: int) -> None:
        super().__init__(answered)
        self.answered = answered


def is_suspect(error: Exception) -> bool:
    """Whether this is no answer, nor a reason to try again, but what a submission makes this program raise."""
    if isinstance(error, DriverError):
        return blames_a_row(error)
    return not isinstance(error, LedgerError) and not waited_for_others(error)


def waited_for_others(error: BaseException) -> bool:
    """Whether an exception from outside came while a drain waited for the database: then no submission is to blame."""
    modules = []
    trace = error.__traceback__
    while trace is not None:
        modules.append(str(trace.tb_frame.f_globals.get("__name__", "")))
        trace = trace.tb_next
    # The last frame is that of a signal's handler, where it was one.
    return any(module.startswith(_DRIVER) for module in modules) or any(module in _PAUSES for module in modules[-2:])
