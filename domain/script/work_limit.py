"""Work limit: the cost of deciding a submission, in units that are the same on every machine.

A unit is a byte hashed, copied or compared, about a nanosecond. No clock is read, so the answer to a submission does
not depend on the machine. The work of a command is estimated before it is applied; the work of its change is added
afterwards.
"""

from __future__ import annotations

from typing import Final

from domain.refusals import TooMuchWork

# The limit of one submission. Ten thousand keystrokes in a script of usual size are a tenth of this.
MAX_WORK: Final = 4_000_000_000
# Units for each command: its row in the log, its version and its hashes.
COMMAND_UNITS: Final = 50_000
# Units for each line that is written, removed or gets another neighbour.
LINE_UNITS: Final = 5_000
# Units for each line, story element or id that is only read.
LOOK_UNITS: Final = 1_000
# How often the text of a written line is read: copied, encoded, hashed.
TEXT_PASSES: Final = 2
KEYFRAME_LINE_UNITS: Final = 500
# How often writing a keyframe reads its content.
KEYFRAME_PASSES: Final = 4
# Units for each byte of a compressed keyframe, which is held until the commit.
KEYFRAME_BYTE_UNITS: Final = 64


class WorkCount:
    """The work of one submission so far; with `limit` None it only counts."""

    __slots__ = ("limit", "units")

    def __init__(self, limit: int | None = MAX_WORK) -> None:
        self.units = 0
        self.limit = limit

    def add(self, units: int) -> None:
        """Add work that is about to be done, or was done.

        Raises:
            TooMuchWork: the sum exceeds the limit.
        """
        self.units += units
        if self.limit is not None and self.units > self.limit:
            raise TooMuchWork(work=self.units, limit=self.limit)


def text_units(text: str) -> int:
    """An upper bound of the bytes of a text, computed without encoding it."""
    return len(text) if text.isascii() else 4 * len(text)
