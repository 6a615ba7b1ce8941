"""Celery's own program, with the app and the settings of this one: `python -P -m workers.celery_program worker …`.

`celery -A workers.app` would look for both in the working directory first, where another application may have a folder
`workers` or a `celeryconfig.py`.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

from workers.imports import without_garbage_collection

# Of Celery: each would take the place of our app, broker or settings.
_FOREIGN = [f"CELERY_{name}" for name in ("APP", "BROKER_URL", "CONFIG_MODULE", "LOADER", "RESULT_BACKEND")]
_FOREIGN += ["CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL", *(name.removeprefix("CELERY_") for name in _FOREIGN)]

if __name__ == "__main__":
    for _name in _FOREIGN:
        os.environ.pop(_name, None)
    with without_garbage_collection():
        import_module("workers.tasks")  # Celery would look for it in the working directory
        _app = import_module("workers.app").app
        for _module in ("celery.bin.celery", "celery.apps.worker", "celery.concurrency.prefork"):
            import_module(_module)  # Celery would import them later
    # Without Celery's banner: the log has one format.
    sys.exit(_app.start(["--quiet", *sys.argv[1:]]))
