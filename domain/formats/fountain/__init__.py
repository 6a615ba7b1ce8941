"""Fountain 1.1, byte for byte: `read` a file, `write` lines, `display` one, and check a `roundtrip`."""

from domain.formats.fountain.display import display
from domain.formats.fountain.expressible import expressible
from domain.formats.fountain.read import Imported, read
from domain.formats.fountain.refusals import ControlCharacterInFile, FileTooLarge, LineTooLong, NotUtf8
from domain.formats.fountain.roundtrip import Roundtrip, roundtrip
from domain.formats.fountain.write import write

__all__ = [
    "ControlCharacterInFile",
    "FileTooLarge",
    "Imported",
    "LineTooLong",
    "NotUtf8",
    "Roundtrip",
    "display",
    "expressible",
    "read",
    "roundtrip",
    "write",
]
