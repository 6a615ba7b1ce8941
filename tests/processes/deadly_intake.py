"""The app of a worker whose intake ends in SIGKILL over some payloads: a crash in a C extension, too much memory."""

from __future__ import annotations

import os
import signal

import workers.intake.intake
from workers.app import app
from workers.producers.producer import Addressed

__all__ = ["app"]

DEADLY = b"the end of its worker"
_address = workers.intake.intake.address


def address(payload: bytes) -> Addressed:
    if DEADLY in payload:
        os.kill(os.getpid(), signal.SIGKILL)
    return _address(payload)


workers.intake.intake.address = address
