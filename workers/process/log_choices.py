"""The formats and levels of the logs, apart from what writes them: every command reads the settings."""

from __future__ import annotations

import logging

TEXT, JSON = "text", "json"
FORMATS = (TEXT, JSON)
INFO = "info"
# The first is the default.
LEVELS = {INFO: logging.INFO, "debug": logging.DEBUG, "warning": logging.WARNING, "error": logging.ERROR}
