"""Export or import a script with its whole history."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.client import database
from cli.json_documents.read import ExportedHistory, ImportedHistory
from cli.terminal import screen
from cli.terminal.atomic_file import new_file
from cli.terminal.options import AsJson, Script, example, prose
from cli.terminal.screen import progress
from materialization.history_files.check import read_header
from materialization.history_files.format import export_history
from materialization.history_files.importer import import_history
from repos.database.engine import open_engine
from repos.schema.upgrade import upgrade_if_outdated
from workers.embedded.private_home import secure_home
from workers.settings import Settings

app = typer.Typer(add_completion=False, no_args_is_help=True, help=prose(__doc__))

File = Annotated[Path, typer.Argument(metavar="FILE", help="The history file.", show_default=False)]


@app.command(epilog=example("scriptledger history export 1 tare-weight.jsonl"))
def export(script: Script, file: File, as_json: AsJson = False) -> None:
    """Write a script with all versions and answers to a history file, completely or not at all.

    The file is JSON Lines, described in docs/history-files.md. Edits during the export are not in it.
    """
    with database.reading() as tx, new_file(file) as out, progress() as bars:
        head = database.head_of(tx, script)
        bar = bars.add_task(f"script {script}", total=head.version)
        for number, line in enumerate(export_history(tx, script)):
            out.write(line)
            bars.update(bar, completed=min(number, head.version))
    if not file.is_file():
        return  # a pipe contains only the file
    size = file.stat().st_size
    if as_json:
        screen.print_json(ExportedHistory(script, head.version, str(file), size))
    else:
        versions = screen.counted(head.version, "version")
        screen.print_text(f"Wrote script {script} with {versions} to {file}: {size} bytes.")


@app.command(
    name="import",
    epilog=example(
        "scriptledger history import tare-weight.jsonl", "scriptledger history import tare-weight.jsonl --new-number"
    ),
)
def import_(
    file: File,
    new_number: Annotated[
        bool, typer.Option("--new-number", help="Give it a new id, even if its own is free.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Import a script with its whole history, under its own id.

    Every command and answer in the file is checked like a submission; then all of it is written, or nothing. A later
    file of the same script adds the new versions; a different script with that id is never changed.
    """
    header = read_header(file)
    chosen = database.settings()
    if chosen.embedded_database:
        _make(chosen)
    with database.opened(chosen) as unit_of_work, progress() as bars:
        bar = bars.add_task(f"script {header.script_id}", total=2 * header.versions)
        done = import_history(
            unit_of_work, file, lambda steps: bars.update(bar, completed=steps), new_number=new_number
        )
    if as_json:
        screen.print_json(ImportedHistory(done.script_id, done.versions, done.answers, done.before))
    elif done.before == done.versions:
        screen.print_text(f"Script {done.script_id} already has all {screen.counted(done.versions, 'version')}.")
    else:
        new = screen.counted(done.versions - done.before, "version")
        screen.print_text(f"Imported script {done.script_id}: {new} added, {screen.counted(done.answers, 'answer')}.")


def _make(chosen: Settings) -> None:
    """Create the embedded database, as every command that writes does."""
    secure_home(chosen.home)
    with database.explained(chosen), open_engine(chosen.database_url) as engine:
        upgrade_if_outdated(engine)
