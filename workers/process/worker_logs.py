"""The logs of workers and beat: Celery, its libraries and our own code write one format into one stream."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

import celery.apps.worker
from celery import signals

from workers.process.celery_records import CeleryRecords
from workers.process.log_choices import FORMATS, INFO, LEVELS, TEXT
from workers.process.visible_logs import Records, at_level, configure_log, log_always, logged_line
from workers.process.visible_output import guard_output

# Read from the environment, like all settings, but before them: a bad setting is logged too.
FORMAT, LEVEL = "SCRIPTLEDGER_LOG_FORMAT", "SCRIPTLEDGER_LOG_LEVEL"


def connect() -> None:
    """Prepare the logs of every process that Celery starts, before its first line."""
    for begins in (signals.celeryd_init, signals.beat_init):
        begins.connect(_prepare, weak=False)
    # With this receiver Celery configures no log of its own.
    signals.setup_logging.connect(_take_records, weak=False)
    signals.worker_ready.connect(_report_worker, weak=False)


def prepare_logs(level: str | None = None) -> None:
    """Make everything that this process logs or prints visible text in the format and at the level of the settings."""
    guard_output()
    form, name = chosen_format(), level or chosen_level()
    configure_log(sys.stdout, form=form, wrapper_class=at_level(name))
    root = logging.getLogger()
    root.handlers = [Records(sys.stdout, form, CeleryRecords(LEVELS[name]).event)]
    # Libraries log whole messages and requests at debug, with the texts in them.
    root.setLevel(max(LEVELS[name], LEVELS[INFO]))
    # The lines "Task … received", two a tick: nothing is in them that its end does not say.
    logging.getLogger("celery.worker.strategy").setLevel(max(LEVELS[name], LEVELS["warning"] if name != "debug" else 0))
    logging.captureWarnings(capture=True)
    celery.apps.worker.safe_say = _say


def chosen_format() -> str:
    """The format in the settings; text if it is not valid, which the settings report."""
    form = os.environ.get(FORMAT, "").lower()
    return form if form in FORMATS else TEXT


def chosen_level() -> str:
    """The level in the settings."""
    level = os.environ.get(LEVEL, "").lower()
    return level if level in LEVELS else INFO


def report_ready(process: str, **fields: Any) -> None:
    """Log that a process is ready, whatever the level is: the development services wait for it."""
    log_always(sys.stdout, chosen_format(), f"{process}.ready", **fields)


def report_beat(**_: Any) -> None:
    """Log that beat is ready; connected after every receiver that may refuse to start."""
    report_ready("beat")


def _prepare(**_: Any) -> None:
    prepare_logs()


def _take_records(loglevel: int | None = None, **_: Any) -> None:
    names = {number: name for name, number in LEVELS.items()}
    prepare_logs(None if os.environ.get(LEVEL) else names.get(loglevel or 0))


def _report_worker(sender: Any, **_: Any) -> None:
    queues = sorted(queue.name for queue in sender.app.amqp.queues.consume_from.values())
    report_ready("worker", name=sender.hostname, queues=",".join(queues))


def _say(message: str, _stream: object = None) -> None:
    # Called in signal handlers, where a buffered stream may be in the middle of a write.
    line = logged_line(chosen_format(), INFO, {"event": message.strip()})
    os.write(sys.stdout.fileno(), f"{line}\n".encode())
