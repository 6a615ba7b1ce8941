"""The app of a worker that writes down what is in force in it: it answers no question over the broker."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from celery import signals

from workers.app import app

__all__ = ["app"]


@signals.worker_ready.connect(weak=False)
def report(sender: Any, **_: Any) -> None:
    """Write `conf`, `stats` and `active_queues` into a file that is called like the worker, next to its log."""
    queues = [queue.as_dict(recurse=True) for queue in sender.task_consumer.queues]
    report = {
        "conf": dict(app.conf.table(with_defaults=True, censored=True)),
        "stats": sender.controller.stats(),
        "active_queues": queues,
    }
    file = Path(os.environ["TMPDIR"]) / f"{sender.hostname}.json"
    # Renamed when it is whole: the test waits for it.
    begun = file.with_suffix(".begun")
    begun.write_text(json.dumps(report, default=str))
    begun.rename(file)
