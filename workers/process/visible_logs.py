"""Visible logs: events of ours and records of libraries in one format, one line each, without control characters.

`text` is for people: tracebacks follow their line, indented. `json` is for programs: one object a line, in ASCII.
Neither shows the message of an error that may quote a script.
"""

from __future__ import annotations

import logging
import sys
import textwrap
from collections.abc import Callable
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor

from domain.visible_text import visible, visible_lines
from workers.process.log_choices import JSON, LEVELS, TEXT
from workers.process.safe_errors import problem_of, trace_of
from workers.process.visible_output import guard_output


class Records(logging.Handler):
    """Writes records of `logging` like events. `translate` returns the event of a record, None to leave it out."""

    def __init__(self, stream: TextIO, form: str, translate: Callable[[logging.LogRecord], EventDict | None]) -> None:
        super().__init__()
        self._stream = stream
        self._processors = _processors(form)
        self._translate = translate

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        try:
            event = self._translate(record)
            if event is not None:
                print(rendered(event, record.levelname.lower(), self._processors), file=self._stream, flush=True)
        except Exception:
            self.handleError(record)


def event_of(record: logging.LogRecord) -> EventDict:
    """A record as an event; of errors among its arguments only the kind is shown."""
    shown = logging.makeLogRecord(record.__dict__)
    if isinstance(record.args, tuple):
        shown.args = tuple(map(_safe, record.args))
    event: EventDict = {"event": shown.getMessage().rstrip("\n"), "logger": record.name}
    if isinstance(record.exc_info, tuple) and record.exc_info[1] is not None:
        event["exc_info"] = record.exc_info[1]
    return event


def rendered(event: EventDict, level: str, processors: list[Processor]) -> str:
    """An event as the text of its line."""
    done: Any = event
    for processor in processors:
        done = processor(None, level, done)
    return str(done)


def configure_log(stream: TextIO, *, form: str = TEXT, **options: Any) -> None:
    """Make structlog write to a stream."""
    structlog.configure(processors=_processors(form), logger_factory=structlog.PrintLoggerFactory(stream), **options)


def log_to_standard_error() -> None:
    """Guard the output of a process that another one started, and make structlog write to standard error."""
    guard_output()
    configure_log(sys.stderr)


def at_level(name: str) -> Any:
    """The logger class that leaves out events below a level."""
    return structlog.make_filtering_bound_logger(LEVELS[name])


def logged_line(form: str, level: str, event: EventDict) -> str:
    """An event as a line of the log."""
    return rendered(event, level, _processors(form))


def log_always(stream: TextIO, form: str, event: str, **fields: Any) -> None:
    """Write an event whatever the level is: other processes wait for it."""
    print(logged_line(form, "info", {"event": event, **fields}), file=stream, flush=True)


def _processors(form: str) -> list[Processor]:
    last: list[Processor] = [structlog.processors.JSONRenderer()]
    if form != JSON:
        last = [_visible_event, structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, pad_level=False)]
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _safe_errors,
        *last,
    ]


def _safe_errors(_logger: object, _method: str, event: EventDict) -> EventDict:
    error = event.pop("exc_info", None)
    if error is True:
        error = _current()
    if isinstance(error, tuple):
        error = error[1]
    for name, value in event.items():
        if isinstance(value, BaseException):
            event[name] = problem_of(value)
    if isinstance(error, BaseException):
        event["exception"] = trace_of(error)
    return event


def _current() -> BaseException | None:
    return sys.exc_info()[1]


def _safe(value: object) -> object:
    return problem_of(value) if isinstance(value, BaseException) else value


def _visible_event(_logger: object, _method: str, event: EventDict) -> EventDict:
    return {visible(name): _shown(name, value) for name, value in event.items()}


def _shown(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value  # structlog shows its repr, which is escaped already
    return _further_right(value) if name == "exception" else visible(value)


def _further_right(traceback: str) -> str:
    # Indented, so that a line from an error's text cannot look like an event or a record.
    return textwrap.indent(visible_lines(traceback), "  ", lambda _: True)
