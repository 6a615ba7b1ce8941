"""Final Draft (FDX) format: XML, one paragraph for each element of the script, each with runs of styled text."""

from domain.formats.fdx.read import read
from domain.formats.fdx.roundtrip import problem
from domain.formats.fdx.write import write
from domain.formats.format import Format

FORMAT = Format("fdx", "Final Draft", (".fdx",), read, write, problem)

__all__ = ["FORMAT", "problem", "read", "write"]
