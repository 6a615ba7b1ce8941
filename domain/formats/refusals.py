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


class NotUtf8(Rejected):
    """The file is not UTF-8 text in {places}; save it as UTF-8, or import it with --encoding, such as windows-1252."""


class NotInEncoding(Rejected):
    """The file is not text in the encoding {encoding} in {places}; name another one with --encoding."""


class UnknownEncoding(Rejected):
    """There is no encoding {encoding!r} here; name one like windows-1252, macintosh, shift_jis or utf-16."""


class ControlCharacterInFile(Rejected):
    """The file has control characters ({characters}) in {places}; remove them, or import it with --remove-controls."""
