"""Write a script to a Fountain or Final Draft file.

The suffix of the file selects the format. A version that was imported from a Fountain file is written byte for byte as
it was. Final Draft shows emphasis as styles and no marks, and its file can be imported again without loss.

{times}
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from msgspec import UNSET

from cli.client import database
from cli.client.version_options import ABOUT_TIMES, At, Label, Version, chosen
from cli.json_documents.read import Exported
from cli.terminal import screen
from cli.terminal.atomic_file import new_file
from cli.terminal.options import AsJson, FormatName, Script, example, file_or_output, prose
from domain.formats.registry import format_of

app = typer.Typer(add_completion=False)


@app.command(
    help=prose((__doc__ or "").format(times=ABOUT_TIMES)),
    epilog=example(
        "scriptledger export 1 --version 3 -o draft-3.fountain",
        'scriptledger export 1 --label "White draft" -o white.fdx',
    ),
)
def export(
    script: Script,
    version: Version = None,
    at: At = None,
    label: Label = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", parser=file_or_output, help="The file; by default standard output."
        ),
    ] = None,
    file_format: FormatName = None,
    as_json: AsJson = False,
) -> None:
    with database.reading() as tx:
        state = database.state_of(tx, script, chosen(tx, script, version=version, at=at, label=label))
    written = format_of(output, file_format)
    data = written.write(state.lines())
    if output is not None:
        with new_file(output) as file:
            file.write(data)
    if as_json:
        file_name, text = (str(output), UNSET) if output else (None, data.decode())
        screen.print_json(Exported(script, state.version, written.name, len(data), file_name, text))
    elif output is None:
        screen.write_content(data)
    else:
        screen.print_text(
            f"Wrote version {state.version} of script {script} to {output}: {screen.counted(len(data), 'byte')}."
        )
