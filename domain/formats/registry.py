"""Registry of file formats: importing it imports each folder of `domain.formats`."""

from __future__ import annotations

from importlib import import_module
from pathlib import PurePath
from pkgutil import iter_modules

from domain import formats
from domain.formats.format import Format
from domain.formats.refusals import UnknownFormat

FORMATS: dict[str, Format] = {
    file_format.name: file_format
    for module in iter_modules(formats.__path__)
    if module.ispkg
    for file_format in [import_module(f"{formats.__name__}.{module.name}").FORMAT]
}
# The format of a file without a suffix, such as standard output.
USUAL = "fountain"


def format_of(file: PurePath | None, name: str | None = None) -> Format:
    """The format with a name; without one, that of a file's suffix.

    Raises:
        UnknownFormat: there is none with this name or suffix.
    """
    if name is not None:
        return _known(FORMATS.get(name.lower()), name)
    if file is None or not file.suffix:
        return FORMATS[USUAL]
    suffix = file.suffix.lower()
    return _known(
        next((file_format for file_format in FORMATS.values() if suffix in file_format.suffixes), None), file.suffix
    )


def _known(file_format: Format | None, asked: str) -> Format:
    if file_format is None:
        known = ", ".join(f"{entry.name} ({', '.join(entry.suffixes)})" for entry in FORMATS.values())
        raise UnknownFormat(asked=asked, known=known)
    return file_format
