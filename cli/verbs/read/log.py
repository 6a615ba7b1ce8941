"""Show the commands of a script: author, time and changes.

Without --after it shows the last versions. If an AI is the author, its model is shown too. With --follow it prints new
versions as they are committed, until Ctrl-C.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import msgspec
import typer
from msgspec import UNSET

from cli.client import database
from cli.json_documents.base import stored_author
from cli.json_documents.read import Log, LoggedCommand
from cli.rendering.listing import print_next
from cli.rendering.log_table import Logged, extent, log_table, read_log
from cli.terminal import screen
from cli.terminal.options import AsJson, Limit, Script, example, prose
from workers.messaging.version_announcements import follow

app = typer.Typer(add_completion=False)


@app.command(
    help=prose(__doc__), epilog=example("scriptledger log 1 --after 100 --limit 20", "scriptledger log 1 --follow")
)
def log(
    script: Script,
    after: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Only versions after this one.", show_default=False)
    ] = None,
    limit: Limit = 50,
    payload: Annotated[bool, typer.Option("--payload", help="With --json: include the commands.")] = False,
    keep_on: Annotated[
        bool, typer.Option("--follow", "-f", help="Print new versions too; with --json one document a line.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    if keep_on:
        _follow(script, after, limit, as_json=as_json, payload=payload)
        return
    with database.reading() as tx:
        head = database.head_of(tx, script)
        start = max(0, head.version - limit) if after is None else after
        logged = list(read_log(tx, head, start, limit))
    following = logged[-1].entry.version if logged and logged[-1].entry.version < head.version else None
    if as_json:
        commands = [_document(row, payload=payload) for row in logged]
        screen.print_json(Log(script, head.version, commands, following))
        return
    if after is None and start:
        screen.print_text(f"Versions 1 to {start} are before these: --after 0")
    screen.print_text(log_table(logged))
    print_next(following)


def _follow(script: int, after: int | None, limit: int, *, as_json: bool, payload: bool) -> None:
    """Print the log from a version on, and then new versions; a missed announcement is made up for by the number."""
    with database.opened() as unit_of_work, suppress(KeyboardInterrupt):
        with unit_of_work.reading() as tx:
            shown = max(0, database.head_of(tx, script).version - limit) if after is None else after
        for version in follow(unit_of_work, database.settings().broker_url, script, after=shown):
            while shown < version:
                with unit_of_work.reading() as tx:
                    logged = list(read_log(tx, database.head_of(tx, script), shown, limit))
                shown = logged[-1].entry.version
                _print(logged, as_json=as_json, payload=payload)


def _print(logged: Sequence[Logged], *, as_json: bool, payload: bool) -> None:
    if as_json:
        for row in logged:
            screen.print_json(_document(row, payload=payload))
    else:
        screen.print_text(log_table(logged))
    sys.stdout.flush()


def _document(row: Logged, *, payload: bool) -> LoggedCommand:
    entry = row.entry
    return LoggedCommand(
        version=entry.version,
        kind=entry.kind,
        author=stored_author(entry.author),
        actor=entry.actor,
        cause=row.cause,
        base_version=entry.base_version,
        submission_id=entry.submission_id,
        submission_index=entry.submission_index,
        occurred_at=screen.iso(entry.occurred_at),
        recorded_at=screen.iso(entry.recorded_at),
        changed=extent(row.delta),
        chain_hash=entry.chain_hash.hex(),
        command=msgspec.json.decode(entry.payload) if payload else UNSET,
    )
