"""The composition root: the only module that chooses implementations. Importing it builds nothing.

Everything is built on first use, once per process: an engine built before a fork would share its connections with the
parent.
"""

from __future__ import annotations

import os
from functools import cache

from billiard.exceptions import SoftTimeLimitExceeded

from materialization.submissions.drain_pauses import PauseWatch
from materialization.write_path.ai_limits import AiLimits
from materialization.write_path.submit import Ledger
from repos.database.engine import Engine, make_engine
from repos.unit_of_work import UnitOfWork
from workers.messaging.broker_trouble import refusals
from workers.messaging.version_announcements import Announcer
from workers.process.answer_counters import AnswerCounters
from workers.settings import Settings

# A heartbeat waits no longer for the database: `status` takes a silent role for missing after ten seconds.
HEARTBEAT_ANSWER_SECONDS = 5


@cache
def settings() -> Settings:
    """The settings from the environment."""
    return Settings.from_env(os.environ)


@cache
def engine() -> Engine:
    """The engine of this process."""
    chosen = settings()
    return make_engine(chosen.database_url, pool_size=chosen.pool_size)


@cache
def unit_of_work() -> UnitOfWork:
    """The factory of units of work on the database of this process; it announces the versions they commit."""
    return UnitOfWork(engine(), advanced=Announcer(settings().broker_url).announce)


@cache
def ledger() -> Ledger:
    """The write path of this process, with its cached states."""
    limits = AiLimits(settings().ai_delete_percent)
    made = Ledger(unit_of_work(), limits=limits, time_is_up=(SoftTimeLimitExceeded,))
    made.report_to(answer_counters().add)
    made.report_locked = _log_locked
    made.pauses = pauses()
    return made


def _log_locked(script_id: int) -> None:
    refusals.warning("drain.script_locked", script=script_id)


@cache
def answer_counters() -> AnswerCounters:
    """The counters that a worker's processes share; the main process creates them before it forks."""
    return AnswerCounters()


def heartbeat_engine() -> Engine:
    """An engine for the heartbeat of a main process, which writes one row at a time."""
    return make_engine(settings().database_url, pool_size=1, answer_seconds=HEARTBEAT_ANSWER_SECONDS)


@cache
def pauses() -> PauseWatch:
    """What this process knows of the pause of drains; kept over a fork, because the processes of a worker share it."""
    return PauseWatch(unit_of_work)


def start_afresh() -> None:
    """Discard objects built before a fork, without closing the connections that the parent still uses."""
    if engine.cache_info().currsize:
        engine().dispose(close=False)
    for built in (settings, engine, unit_of_work, ledger):
        built.cache_clear()
    answer_counters().forget_slot()
