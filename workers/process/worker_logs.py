"""The logs of workers and beat: Celery and our own code log and print only visible characters."""

from __future__ import annotations

import logging
import sys
from typing import Any

from celery import signals
from celery.utils.log import get_multiprocessing_logger

from workers.process.visible_logs import configure_log, make_visible
from workers.process.visible_output import guard_output


def connect() -> None:
    """Prepare the logs of every process that Celery starts, before its first line."""
    for begins in (signals.celeryd_init, signals.beat_init):
        begins.connect(_prepare, weak=False)
    for configured in (signals.after_setup_logger, signals.after_setup_task_logger):
        configured.connect(_make_visible, weak=False)


def _prepare(**_: Any) -> None:
    guard_output()
    configure_log(sys.stdout)


def _make_visible(logger: logging.Logger, **_: Any) -> None:
    make_visible([*logger.handlers, *get_multiprocessing_logger().handlers])
