"""Visible logs: `logging` records and structlog events without control characters, one line each."""

from __future__ import annotations

import logging
import textwrap
from collections.abc import Iterable
from typing import Any, TextIO

import structlog

from domain.visible_text import visible, visible_lines


class Visible(logging.Formatter):
    """Formats log records like another formatter, but on one line each and with tracebacks indented."""

    def __init__(self, other: logging.Formatter | None) -> None:
        super().__init__()
        self._other = other or logging.Formatter()
        if hasattr(self._other, "use_color"):
            self._other.use_color = False  # Celery's colours would appear as escapes

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        shown = logging.makeLogRecord(record.__dict__)
        shown.msg, shown.args = visible(record.getMessage().rstrip("\n")), ()
        if record.exc_info or record.exc_text:
            shown.exc_text = self._traceback(record)
        shown.exc_info = None
        return visible_lines(self._other.format(shown))

    def _traceback(self, record: logging.LogRecord) -> str:
        return _further_right(record.exc_text or self._other.formatException(record.exc_info))  # type: ignore[arg-type]


def make_visible(handlers: Iterable[logging.Handler]) -> None:
    """Make handlers of `logging` write visible text."""
    for handler in handlers:
        if not isinstance(handler.formatter, Visible):
            handler.setFormatter(Visible(handler.formatter))


def visible_event(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """A structlog processor that puts each text of an event on one line."""
    return {visible(name): _shown(name, value) for name, value in event.items()}


def configure_log(stream: TextIO, **options: Any) -> None:
    """Make structlog write to a stream: one line per event, no colour, no local variables of exceptions."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            structlog.processors.format_exc_info,
            visible_event,
            structlog.dev.ConsoleRenderer(colors=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(stream),
        **options,
    )


def _shown(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value  # structlog shows its repr, which is escaped already
    return _further_right(value) if name == "exception" else visible(value)


def _further_right(traceback: str) -> str:
    # Indented, so that a line from an error's text cannot look like an event or a record.
    return textwrap.indent(visible_lines(traceback), "  ", lambda _: True)
