"""`legacy sample`: a small legacy database to try the other verbs on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backfill.samples import DEFAULT_GENERATION, GENERATIONS, make_sample_file, sample_sql
from cli.json_documents.legacy import SampleWritten
from cli.terminal import screen
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import AsJson

Generation = Annotated[
    int,
    typer.Option(
        "--generation", "-g", metavar="N", min=GENERATIONS[0], max=GENERATIONS[-1], help="Which generation of schema."
    ),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="A new SQLite file; by default SQL on standard output.",
                 show_default=False),
]  # fmt: skip


def sample(generation: Generation = DEFAULT_GENERATION, output: Output = None, as_json: AsJson = False) -> None:
    """Make a small legacy database to try the other verbs on: an SQLite file, or SQL for MariaDB and MySQL."""
    if output is None:
        if as_json:
            raise Ending(Exit.USAGE, "--json needs --output: without it the SQL is printed.")
        screen.write_content(sample_sql(generation).encode())
        return
    try:
        make_sample_file(output, generation)
    except FileExistsError:
        raise Ending(Exit.USAGE, f"{output} exists: name a new file.", code="exists") from None
    url = f"sqlite:///{output}"
    if as_json:
        screen.print_json(SampleWritten(generation, str(output), url))
    else:
        screen.print_text(f"Wrote a legacy database of generation {generation} to {output}: read it as {url}")
