"""Visible output: the output and logs of a process, without control characters from untrusted text.

A terminal executes control sequences, and logs are read on terminals. `guard_output` wraps standard output and standard
error, so that nothing bypasses it, neither a library's warning nor a traceback. `workers.process.visible_logs` does the
same for logs; it is a separate module because every command imports this one, and importing structlog is slow.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from typing import Any, TextIO, cast

from domain.visible_text import visible_lines


class VisibleStream:
    """A text stream that escapes control characters; everything else is delegated to the wrapped stream."""

    def __init__(self, stream: TextIO) -> None:
        self.wrapped = stream

    def write(self, text: str) -> int:
        """Write text with control characters escaped."""
        self.wrapped.write(visible_lines(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        # The underlying byte stream would bypass the escaping, so its attributes are hidden.
        if name in ("buffer", "raw", "detach", "wrapped"):
            raise AttributeError(name)
        return getattr(self.wrapped, name)


def guard_output() -> None:
    """Make standard output and standard error of this process escape control characters, permanently."""
    sys.stdout, sys.stderr = _guarded(sys.stdout), _guarded(sys.stderr)


def unguarded(stream: TextIO) -> TextIO:
    """The stream wrapped by a guarded one, for text that is already escaped, and for bytes of a file."""
    return stream.wrapped if isinstance(stream, VisibleStream) else stream


def _guarded(stream: TextIO) -> TextIO:
    if stream is None or isinstance(stream, VisibleStream):
        return stream
    if isinstance(stream, io.TextIOWrapper):
        # A character outside the terminal's encoding becomes an escape, not an error.
        stream.reconfigure(errors="backslashreplace")
    return cast("TextIO", VisibleStream(stream))
