"""Whether the environment has variables of Celery, which another application may have left there."""

from __future__ import annotations

import os

from workers.checks.finding import Check, Finding, fine, warning
from workers.settings import Settings

_NAMES = ("CELERY_APP", "CELERY_BROKER_URL", "CELERY_CONFIG_MODULE", "CELERY_LOADER", "CELERY_RESULT_BACKEND")


def _examine(_settings: Settings) -> Finding:
    if names := [name for name in _NAMES if os.environ.get(name)]:
        return warning(
            f"The environment has {', '.join(names)}, which our commands ignore.",
            "Remove them, or set SCRIPTLEDGER_BROKER_URL if they were meant for scriptledger.",
        )
    return fine("The environment has no variables of Celery.")


CHECK = Check("celery_variables", _examine)
