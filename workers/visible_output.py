"""Visible output: what a process prints and logs holds no control character that came from elsewhere.

A terminal obeys what it is sent, and logs are read on terminals. `guard_output` stands in front of standard output and
standard error, so that nothing passes by it, neither a library's warning nor a traceback. `Visible` and
`visible_event` do the same for the records of `logging` and the events of structlog, where a line end is an escape too.
"""

from __future__ import annotations

import io
import logging
import sys
import textwrap
from collections.abc import Iterable
from typing import Any, TextIO, cast

import structlog

from domain.visible_text import visible, visible_lines


class VisibleStream:
    """A text stream that shows control characters instead of passing them on; all else is the stream behind it."""

    def __init__(self, stream: TextIO) -> None:
        self.behind = stream

    def write(self, text: str) -> int:
        """Write text, its control characters as escapes."""
        self.behind.write(visible_lines(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        # The bytes behind it would be a way around: who asks for them is told that there are none.
        if name in ("buffer", "raw", "detach", "behind"):
            raise AttributeError(name)
        return getattr(self.behind, name)


def guard_output() -> None:
    """Let standard output and standard error of this process show control characters, for good."""
    sys.stdout, sys.stderr = _guarded(sys.stdout), _guarded(sys.stderr)


def unguarded(stream: TextIO) -> TextIO:
    """The stream behind a guarded one, for text that was made visible already, and for bytes of a file."""
    return stream.behind if isinstance(stream, VisibleStream) else stream


class Visible(logging.Formatter):
    """Formats log records as another formatter does; each takes one line, and a traceback stands further right."""

    def __init__(self, other: logging.Formatter | None) -> None:
        super().__init__()
        self._other = other or logging.Formatter()
        if hasattr(self._other, "use_color"):
            self._other.use_color = False  # Celery's, whose colours would be shown as escapes

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
    """Let handlers of `logging` write visible text."""
    for handler in handlers:
        if not isinstance(handler.formatter, Visible):
            handler.setFormatter(Visible(handler.formatter))


def visible_event(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The texts of an event of structlog, each on one line; a processor."""
    return {visible(name): _shown(name, value) for name, value in event.items()}


def configure_log(stream: TextIO, **options: Any) -> None:
    """Let structlog write to a stream: one line an event, no colour, and of an exception no local variables."""
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
        return value  # which structlog shows by its repr, and that escapes by itself
    return _further_right(value) if name == "exception" else visible(value)


def _further_right(traceback: str) -> str:
    # A line of it, which may come from an error's text, is never at the place of an event or a record.
    return textwrap.indent(visible_lines(traceback), "  ", lambda _: True)


def _guarded(stream: TextIO) -> TextIO:
    if stream is None or isinstance(stream, VisibleStream):
        return stream
    if isinstance(stream, io.TextIOWrapper):
        # What the encoding of a terminal cannot say is an escape, not an error.
        stream.reconfigure(errors="backslashreplace")
    return cast("TextIO", VisibleStream(stream))
