"""Say who sent which command when, and what it changed.

Without --after, the last versions. Where an AI is the author, its model stands beside it. With --follow it goes on with
what comes, until Ctrl-C.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any

import msgspec
import typer

from cli.client import database
from cli.rendering.command_summary import extent
from cli.rendering.log_table import Logged, log_table, read_log
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
        int | None, typer.Option(metavar="N", min=0, help="Only versions behind this one.", show_default=False)
    ] = None,
    limit: Limit = 50,
    payload: Annotated[bool, typer.Option("--payload", help="With --json: the commands themselves too.")] = False,
    keep_on: Annotated[
        bool, typer.Option("--follow", "-f", help="Print what comes too; with --json one document a line.")
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
    behind = logged[-1].entry.version if logged and logged[-1].entry.version < head.version else None
    if as_json:
        told = [_as_json(each, payload=payload) for each in logged]
        screen.print_json({"script_id": script, "head": head.version, "commands": told, "next": behind})
        return
    if after is None and start:
        screen.say(f"Versions 1 to {start} are before these: --after 0")
    screen.say(log_table(logged))
    if behind is not None:
        screen.say(f"More follow: --after {behind}")


def _follow(script: int, after: int | None, limit: int, *, as_json: bool, payload: bool) -> None:
    """Print the log from a version on, and go on: whatever was missed meanwhile is caught up with by its number."""
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
        for each in logged:
            screen.print_json(_as_json(each, payload=payload))
    else:
        screen.say(log_table(logged))
    sys.stdout.flush()


def _as_json(each: Logged, *, payload: bool) -> dict[str, Any]:
    entry = each.entry
    told = {
        "version": entry.version,
        "kind": entry.kind,
        "author": entry.author,
        "actor": entry.actor,
        "cause": msgspec.to_builtins(each.cause),
        "base_version": entry.base_version,
        "submission_id": entry.submission_id,
        "submission_index": entry.submission_index,
        "occurred_at": screen.iso(entry.occurred_at),
        "recorded_at": screen.iso(entry.recorded_at),
        "changed": extent(each.delta),
        "chain_hash": entry.chain_hash.hex(),
    }
    return {**told, "command": msgspec.json.decode(entry.payload)} if payload else told
