"""Access to a legacy source and to its mapping file: each error is one sentence with its exit status."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from backfill.mapping.decode import MAX_MAPPING_BYTES, decode
from backfill.mapping.model import Mapping
from backfill.mapping.problem import BadMapping, Problem
from cli.terminal.bounded_file import read_bounded
from cli.terminal.exit_status import Ending, Exit
from domain.errors import Rejected
from repos.legacy.connection import Source, open_source
from repos.legacy.errors import SourceError
from workers.settings import legacy_url

URL_VARIABLE = "SCRIPTLEDGER_LEGACY_URL"


def _with_password(url: str | None) -> str | None:
    return url and legacy_url(url, os.environ)


LegacyUrl = Annotated[
    str,
    typer.Argument(
        metavar="URL",
        envvar=URL_VARIABLE,
        help="The legacy database: mysql://user:password@host/name or sqlite:///file. Other users can read a command "
        f"line, but not {URL_VARIABLE}, nor the file in SCRIPTLEDGER_LEGACY_PASSWORD_FILE.",
        callback=_with_password,
        show_default=False,
    ),
]
MappingFile = Annotated[Path, typer.Option("--mapping", "-m", metavar="FILE", help="The mapping file.")]


class MappingTooLarge(Rejected):
    """The mapping file has more than the {limit} bytes allowed."""


@contextmanager
def opened_source(url: str) -> Iterator[Source]:
    """A legacy source, read only."""
    try:
        with open_source(url) as source:
            yield source
    except SourceError as error:
        raise Ending(Exit.UNREACHABLE, str(error), code=error.code) from None


def read_mapping(file: Path) -> Mapping:
    """The mapping in a file.

    Raises:
        BadMapping: it is not a mapping; each problem is named.
    """
    return decode(mapping_text_of(file))


def mapping_text_of(file: Path) -> str:
    """The text of a mapping file.

    Raises:
        BadMapping: it is not UTF-8.
    """
    data = read_bounded(file, MAX_MAPPING_BYTES, MappingTooLarge)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadMapping([Problem("not_toml", "", "The file is not TOML: it is not UTF-8.")]) from None


def usable_mapping(file: Path) -> Mapping:
    """The mapping in a file, for a verb that uses it; a bad one ends the command with its first problems."""
    try:
        return read_mapping(file)
    except BadMapping as error:
        more = len(error.problems) - 1
        others = f" (and {more} more; `scriptledger legacy map --check` lists them)" if more else ""
        first = error.problems[0]
        where = f"{first.where}: " if first.where else ""
        raise Ending(Exit.REFUSED, f"{file}: {where}{first.sentence}{others}", code="bad_mapping") from None
