"""Say who sent which command when, and what it changed.

Without --after, the last versions. Where an AI is the author, its model stands beside it. With --follow it goes on with
what comes, until Ctrl-C.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Annotated, Any, NamedTuple

import msgspec
import typer
from rich.console import RenderableType

from cli import ledger, screen
from cli.extent import extent
from cli.help_text import example, prose
from cli.options import AsJson, Limit, Script
from cli.screen import Text
from domain.log.entry import LogEntry
from domain.log.head import Head
from domain.script.delta import Delta, decode_delta
from domain.submissions.submission import Cause
from repos.unit_of_work import RecordsWork
from workers.messaging.version_announcements import follow

app = typer.Typer(add_completion=False)

AUTHOR_STYLES = {"ai": "magenta", "user": "cyan"}


class Logged(NamedTuple):
    """One version: its command, why it was sent, and what it changed."""

    entry: LogEntry
    cause: Cause
    delta: Delta


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
    with ledger.reading() as tx:
        head = ledger.head_of(tx, script)
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
    with ledger.opened() as unit_of_work, suppress(KeyboardInterrupt):
        with unit_of_work.reading() as tx:
            shown = max(0, ledger.head_of(tx, script).version - limit) if after is None else after
        for version in follow(unit_of_work, ledger.settings().broker_url, script, after=shown):
            while shown < version:
                with unit_of_work.reading() as tx:
                    logged = list(read_log(tx, ledger.head_of(tx, script), shown, limit))
                shown = logged[-1].entry.version
                _print(logged, as_json=as_json, payload=payload)


def _print(logged: Sequence[Logged], *, as_json: bool, payload: bool) -> None:
    if as_json:
        for each in logged:
            screen.print_json(_as_json(each, payload=payload))
    else:
        screen.say(log_table(logged))
    sys.stdout.flush()


def read_log(tx: RecordsWork, head: Head, after: int, limit: int) -> Iterator[Logged]:
    """The log of a script behind a version."""
    upto = min(after + limit, head.version)
    versions = tx.versions.read(head.script_id, generation=head.generation, after=after, upto=upto)
    for entry, row in zip(tx.commands.read(head.script_id, after=after, upto=upto), versions, strict=True):
        yield Logged(entry, msgspec.json.decode(entry.cause, type=Cause), decode_delta(row.delta))


def log_table(logged: Iterable[Logged]) -> RenderableType:
    """The log for people: a run of commands of one kind and one submission takes one row."""
    runs = [list(run) for _, run in groupby(logged, key=lambda each: (each.entry.submission_id, each.entry.kind))]
    return screen.table(
        ("version", "when", "author", "by", "command", "changed"), [_row(run) for run in runs], right=("version",)
    )


def _row(run: Sequence[Logged]) -> tuple[str | Text, ...]:
    first, last = run[0].entry, run[-1].entry
    return (
        str(first.version) if len(run) == 1 else f"{first.version}-{last.version}",
        screen.moment(first.occurred_at),
        Text(first.author, AUTHOR_STYLES.get(first.author, "")),
        ", ".join(part for part in (first.actor, run[0].cause.model) if part),
        first.kind if len(run) == 1 else f"{first.kind} ({len(run)})",
        ", ".join(filter(None, [extent([change for each in run for change in each.delta]), _undone(run[0].cause)])),
    )


def _undone(cause: Cause) -> str:
    return "" if cause.undoes is None else f"undoes {cause.undoes}"


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
