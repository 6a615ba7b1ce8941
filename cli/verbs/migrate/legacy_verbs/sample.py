"""`legacy sample`: a small legacy database to try the other verbs on."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from backfill.samples import DEFAULT_GENERATION, GENERATIONS, HISTORIES, make_sample_file, sample_sql
from cli.json_documents.legacy import SampleWritten
from cli.terminal import screen
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import AsJson, file_or_output

HistoryName = StrEnum("HistoryName", list(HISTORIES))  # type: ignore[misc]  # the names are not literals
Generation = Annotated[
    int | None,
    typer.Option(
        "--generation", "-g", metavar="N", min=GENERATIONS[0], max=GENERATIONS[-1],
        help=f"Which generation of schema, by default {DEFAULT_GENERATION}.", show_default=False,
    ),
]  # fmt: skip
History = Annotated[
    HistoryName | None,
    typer.Option("--history", help="Another application, whose history has this form.", show_default=False),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", parser=file_or_output,
                 help="A new SQLite file; by default SQL on standard output.", show_default=False),
]  # fmt: skip


def sample(
    generation: Generation = None, history: History = None, output: Output = None, as_json: AsJson = False
) -> None:
    """Make a small legacy database to try the other verbs on: an SQLite file, or SQL for MariaDB and MySQL."""
    if generation is not None and history is not None:
        raise Ending(Exit.USAGE, "--generation and --history are two different samples: give one of them.")
    chosen = history.value if history is not None else generation or DEFAULT_GENERATION
    if output is None:
        if as_json:
            raise Ending(Exit.USAGE, "--json needs --output: without it the SQL is printed.")
        screen.write_content(sample_sql(chosen).encode())
        return
    try:
        make_sample_file(output, chosen)
    except FileExistsError:
        raise Ending(Exit.USAGE, f"{output} exists: name a new file.", code="exists") from None
    url = f"sqlite:///{output}"
    if as_json:
        of_generation, of_history = (None, chosen) if isinstance(chosen, str) else (chosen, None)
        screen.print_json(SampleWritten(of_generation, str(output), url, of_history))
    elif isinstance(chosen, str):
        screen.print_text(f"Wrote a legacy database with a history of {_shown(chosen)} to {output}: read it as {url}")
    else:
        screen.print_text(f"Wrote a legacy database of generation {chosen} to {output}: read it as {url}")


def _shown(history: str) -> str:
    return history.replace("_", " ")
