"""Visible output: what a process prints and logs holds no control character that came from elsewhere.

A terminal obeys what it is sent, and logs are read on terminals. `guard_output` stands in front of standard output and
standard error, so that nothing passes by it, neither a library's warning nor a traceback.
`workers.process.visible_logs` does
the same for logs; it is apart because every command imports this module, and structlog takes a while.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from typing import Any, TextIO, cast

from domain.visible_text import visible_lines


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


def _guarded(stream: TextIO) -> TextIO:
    if stream is None or isinstance(stream, VisibleStream):
        return stream
    if isinstance(stream, io.TextIOWrapper):
        # What the encoding of a terminal cannot say is an escape, not an error.
        stream.reconfigure(errors="backslashreplace")
    return cast("TextIO", VisibleStream(stream))
