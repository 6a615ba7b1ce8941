"""Recorded editing sessions to measure with: a long real one if the data is there, otherwise our own."""

from __future__ import annotations

import os
from pathlib import Path

from tests.traces import session as sessions
from tests.traces.session import Patch, Session, Transaction, read_session

ROOT = Path(__file__).parents[2]
OWN = Path(sessions.__file__).with_name("sample_session.json")


def recorded(name: str, *, at_least: int) -> Session:
    """A real session; where there is none, our own typed again and again, with at least so many patches."""
    folder = Path(os.environ.get("SCRIPTLEDGER_DATA") or ROOT.parent / "shared" / "data") / "traces"
    if (folder / name).is_file():
        return read_session(folder / name)
    own = read_session(OWN)
    once = list(own.patches())
    again = Patch(0, len(own.end_content), own.start_content)
    times = at_least // len(once) + 1
    patches = [patch for time in range(times) for patch in ([again] if time else []) + once]
    return Session(own.start_content, own.end_content, (Transaction("", tuple(patches)),))
