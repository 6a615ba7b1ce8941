"""Why a file of any format is refused."""

from __future__ import annotations

from domain.errors import Rejected


class UnknownFormat(Rejected):
    """There is no file format {asked!r}; there are {known}. Name one with --format."""


class FileTooLarge(Rejected):
    """The file has {size} bytes, more than the {limit} allowed; split it and import the parts."""
