"""Refusals of Fountain files: each sentence names the source line and what to do."""

from __future__ import annotations

from domain.errors import Rejected


class LineTooLong(Rejected):
    """Line {line} of the file has {size} bytes, more than the {limit} allowed; break it into shorter lines."""
