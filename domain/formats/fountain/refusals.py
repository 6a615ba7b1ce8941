"""Refusals of Fountain files: each sentence names the source line and what to do."""

from __future__ import annotations

from domain.errors import Rejected


class NotUtf8(Rejected):
    """Line {line} of the file is not UTF-8 text; save the file as UTF-8 and import it again."""


class ControlCharacterInFile(Rejected):
    """Line {line} of the file holds the control character U+{codepoint:04X}; remove it and import the file again."""


class LineTooLong(Rejected):
    """Line {line} of the file has {size} bytes, more than the {limit} allowed; break it into shorter lines."""
