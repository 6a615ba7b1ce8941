"""Fountain 1.1 format, byte for byte: `read` a file, `write` lines, `display` a line, check a `roundtrip`."""

from domain.formats.format import Format, Imported
from domain.formats.fountain.display import display, without_spans
from domain.formats.fountain.expressible import expressible
from domain.formats.fountain.read import read
from domain.formats.fountain.refusals import LineTooLong
from domain.formats.fountain.roundtrip import Roundtrip, problem, roundtrip
from domain.formats.fountain.write import write
from domain.formats.refusals import ControlCharacterInFile, FileTooLarge, NotUtf8

FORMAT = Format("fountain", "Fountain", (".fountain", ".spmd", ".txt"), read, write, problem, is_text=True)

__all__ = [
    "FORMAT",
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
    "without_spans",
    "write",
]
