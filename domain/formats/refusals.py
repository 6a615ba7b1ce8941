"""Refusals of files of any format."""

from __future__ import annotations

from domain.errors import Rejected


class UnknownFormat(Rejected):
    """There is no file format {asked!r}; the formats are {known}. Name one with --format."""


class FileTooLarge(Rejected):
    """The file has {size} bytes, more than the {limit} allowed; split it and import the parts."""


class TooManyLines(Rejected):
    """The file has more than {limit} lines; split it and import the parts."""


class LinesTooLarge(Rejected):
    """The lines of the file and their attributes hold more than {limit} characters; split it and import the parts."""
