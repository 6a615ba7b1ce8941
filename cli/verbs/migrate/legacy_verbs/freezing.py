"""`legacy freeze` and `legacy drift`: the schema of a legacy database as a file, and what changed since."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.client.legacy import LegacyUrl, opened_source
from cli.json_documents.drift import Frozen
from cli.rendering.drift import print_drift
from cli.terminal import screen
from cli.terminal.atomic_file import new_file
from cli.terminal.bounded_file import read_bounded
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import AsJson, NewFile
from domain.errors import Rejected
from gates.database.drift import differences, not_compared, not_seen
from gates.database.frozen_schema import MAX_BYTES, FrozenSchemaError, decode, encode
from repos.legacy.fingerprint import read_shape
from repos.legacy.schema_shape import SchemaShape

Replace = Annotated[bool, typer.Option("--replace", help="Overwrite the file: the schema in it is forgotten.")]
FrozenFile = Annotated[
    Path, typer.Option("--frozen", "-f", metavar="FILE", help="The file of `legacy freeze`.", show_default=False)
]


class FrozenFileTooLarge(Rejected):
    """The file of the frozen schema has more than the {limit} bytes allowed."""


def freeze(url: LegacyUrl, output: NewFile = None, replace: Replace = False, as_json: AsJson = False) -> None:
    """Write the schema of a legacy database to a file, to be reviewed, committed and compared by `legacy drift`.

    It holds tables, columns, indexes, foreign keys, checks, triggers, views and routines, and no value of a row.
    """
    if output is not None and output.is_file() and not replace:
        raise Ending(
            Exit.USAGE,
            f"{output} exists: `scriptledger legacy drift` compares with it, and --replace overwrites it.",
            code="exists",
        )
    if output is None and as_json:
        raise Ending(Exit.USAGE, "--json needs --output: without it the schema is printed.")
    source, shape = _read(url)
    data = encode(shape)
    if output is None:
        screen.write_content(data)
    else:
        with new_file(output) as file:
            file.write(data)
    notes = not_seen(shape)
    if as_json:
        screen.print_json(
            Frozen(
                source,
                str(output),
                len(data),
                tables=len(shape.tables),
                views=len(shape.views),
                triggers=None if "triggers" in shape.unseen else len(shape.triggers),
                routines=None if "routines" in shape.unseen else len(shape.routines),
                notes=notes,
            )
        )
        return
    if output is not None:
        kinds = {"tables": shape.tables, "views": shape.views, "triggers": shape.triggers, "routines": shape.routines}
        parts = [screen.counted(len(kinds[name]), name[:-1]) for name in kinds if name not in shape.unseen]
        screen.print_unwrapped(f"Wrote the schema of {source} to {output}: {', '.join(parts)}.")
    for note in notes:
        screen.warn(note, style="yellow")


def drift(url: LegacyUrl, frozen: FrozenFile, as_json: AsJson = False) -> None:
    """Show what changed in the schema of a legacy database since it was frozen; exit status 1 if anything did."""
    before = _decoded(frozen)
    source, after = _read(url)
    if (before.product == "SQLite") != (after.product == "SQLite"):
        raise Ending(
            Exit.REFUSED,
            f"{frozen} is the schema of {before.product}, and {source} is {after.product}: freeze and compare the same "
            "source.",
            code="another_source",
        )
    notes = not_compared(before, after)
    if not {table.name for table in before.tables} & {table.name for table in after.tables}:
        notes.insert(0, f"No table is in both {frozen} and {source}: is it the source that was frozen?")
    unchanged = f"The schema of {source} is as it was frozen."
    changes = differences(before, after)
    raise typer.Exit(print_drift(source, changes, notes, unchanged=unchanged, as_json=as_json))


def _read(url: str) -> tuple[str, SchemaShape]:
    with opened_source(url) as source, screen.waiting("Reading the schema"):
        return source.name, read_shape(source)


def _decoded(file: Path) -> SchemaShape:
    try:
        return decode(read_bounded(file, MAX_BYTES, FrozenFileTooLarge))
    except FrozenSchemaError as error:
        raise Ending(Exit.REFUSED, f"{file}: {error}", code=error.code) from None
