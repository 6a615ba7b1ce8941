"""Refusals of legacy contents. None quotes a value: reports show keys, lengths and hashes alone."""

from __future__ import annotations

from domain.errors import Rejected


class ContentTooLarge(Rejected):
    """The content has {size} bytes, more than the {limit} that are decoded; split it, or leave it out."""


class ContentTooManyLines(Rejected):
    """The content has {count} lines, more than the {limit} that a script may have; split it, or leave it out."""


class ContentNotUtf8(Rejected):
    """The content is not UTF-8 from byte {position} on."""


class JsonMalformed(Rejected):
    """The content begins as JSON and is not: it is cut off, or holds a character that JSON does not allow."""


class JsonDuplicateKey(Rejected):
    """An object of the JSON has a key twice, so two readers would see two different values."""


class JsonNotANumber(Rejected):
    """The JSON holds NaN or an infinity, which are not JSON."""


class JsonLoneSurrogate(Rejected):
    """The JSON holds half of a surrogate pair, which is not a character."""


class JsonTooDeep(Rejected):
    """The JSON is nested more than {limit} deep."""


class JsonTooManyValues(Rejected):
    """The JSON has more than {limit} values."""


class NotLines(Rejected):
    """The JSON holds no list of lines: {problem}."""


class PatchMalformed(Rejected):
    """The patch cannot be read from its line {line} on."""


class PatchDoesNotFit(Rejected):
    """Hunk {hunk} of the patch does not fit the text it is applied to."""


class PatchTooLarge(Rejected):
    """The patch has {hunks} hunks, or makes a text, too large to apply."""


class LinksBroken(Rejected):
    """The lines do not form one list: {problem}."""


class UnknownShape(Rejected):
    """There is no content shape {asked!r}; the shapes are {known}."""
