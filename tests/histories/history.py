"""Revision histories: the successive files of a screenplay."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

SAMPLES = Path(__file__).with_name("samples")
# A history of our own: a title page, a scene that moves, a cut, other line ends and a byte order mark, an empty file.
OURS = "the_ferry"
# Real screenplays, as they were committed.
RECORDED = ("nrb+complete_nonsense", "nrb+nemsis", "nrb+our-many-masks")


class History(NamedTuple):
    """The revisions of one screenplay, as bytes, in order."""

    name: str
    revisions: tuple[bytes, ...]


def read_history(folder: Path) -> History:
    """The history in a folder: its files by name."""
    return History(folder.name, tuple(file.read_bytes() for file in sorted(folder.glob("*.fountain"))))
