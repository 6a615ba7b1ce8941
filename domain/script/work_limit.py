"""Work of a submission: what deciding it touches, in units that are the same on every machine.

A unit is a byte hashed, copied or compared, about a nanosecond. No clock is read, so the answer to a submission does
not depend on the machine that gave it. What a command is about to touch is estimated before it is applied; what its
change touched is added afterwards.
"""

from __future__ import annotations

from typing import Final

from domain.refusals import TooMuchWork

MAX_WORK: Final = 4_000_000_000
"""Of one submission. Ten thousand keystrokes in a script of usual size are a tenth of this."""
COMMAND_UNITS: Final = 50_000
"""Of every command: its row in the log, its version and its hashes."""
LINE_UNITS: Final = 5_000
"""Of every line that is written, removed or gets another neighbour."""
LOOK_UNITS: Final = 1_000
"""Of every line, story element or id that is only looked at."""
TEXT_PASSES: Final = 2
"""How often the text of a line that is written is gone through: copied, encoded, hashed."""
KEYFRAME_LINE_UNITS: Final = 500
KEYFRAME_PASSES: Final = 4
"""How often writing a keyframe goes through what it holds."""
KEYFRAME_BYTE_UNITS: Final = 64
"""Of every byte of a compressed keyframe: it is kept until the commit."""


class WorkCount:
    """The work of one submission so far; `limit` None counts and refuses nothing."""

    __slots__ = ("limit", "units")

    def __init__(self, limit: int | None = MAX_WORK) -> None:
        self.units = 0
        self.limit = limit

    def add(self, units: int) -> None:
        """Count work that is about to be done, or was done.

        Raises:
            TooMuchWork: with this it is more than a submission may take.
        """
        self.units += units
        if self.limit is not None and self.units > self.limit:
            raise TooMuchWork(work=self.units, limit=self.limit)


def text_units(text: str) -> int:
    """At most as many units as a text has bytes, found without encoding it."""
    return len(text) if text.isascii() else 4 * len(text)
