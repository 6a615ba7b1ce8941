"""The pause of drains as commands see it: the sentence about it, and the bells that end it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from cli.terminal import screen
from domain.errors import Conflict
from materialization.submissions.drain_pauses import described, pending_scripts
from repos.database.driver_errors import DriverError
from repos.scheduling.drain_pauses import DrainPause
from repos.unit_of_work import UnitOfWork
from workers.embedded.stack import Stack
from workers.messaging.bell import LoneBell
from workers.settings import Settings


class Rung(NamedTuple):
    """How many scripts have pending submissions, and whether the broker took a bell for each."""

    scripts: int
    delivered: bool


def current_pause(unit_of_work: UnitOfWork) -> DrainPause | None:
    """The active pause; None while drains run, or where it cannot be read."""
    with suppress(Conflict, *DriverError), unit_of_work.reading() as tx:
        return tx.drain_pauses.current()
    return None


def pause_sentence(pause: DrainPause) -> str:
    """The sentence about an active pause."""
    return f"Drains are {described(pause)}: submissions wait until `scriptledger drains resume`."


def ring_scripts(settings: Settings, scripts: Iterable[int]) -> bool:
    """Ring for scripts on the broker that workers use; whether it took every bell. If not, the reconciler rings."""
    bell = _bell(settings)
    return bell is not None and bell.ring_all(scripts)


def _bell(settings: Settings) -> LoneBell | None:
    """A bell on the configured broker, or on that of the stack that runs in this home; None if there is none."""
    if settings.embedded_broker:
        settings = Stack.joined(settings) or settings
    return None if settings.embedded_broker else LoneBell(settings.broker_url)


def ring_pending(unit_of_work: UnitOfWork, settings: Settings) -> Rung:
    """Ring for every script with pending submissions, on the broker that its workers use, if one runs."""
    bell = _bell(settings)
    count, delivered = 0, bell is not None
    with screen.waiting("Ringing for pending submissions…"):
        for page in pending_scripts(unit_of_work):
            count += len(page)
            delivered = delivered and bell is not None and bell.ring_all(page)
    return Rung(count, delivered)


def count_pending(unit_of_work: UnitOfWork) -> int:
    """The number of scripts with pending submissions."""
    return sum(len(page) for page in pending_scripts(unit_of_work))
