"""Celery's own program, with the app and the settings of this one: `python -P -m workers.celery_program worker …`.

`celery -A workers.app` would look for both in the working directory first, where another application may have a folder
`workers` or a `celeryconfig.py`.
"""

from __future__ import annotations

import sys

import workers.tasks  # noqa: F401 - Celery would look for it in the working directory
from workers.app import app

if __name__ == "__main__":
    sys.exit(app.start(sys.argv[1:]))
