"""List, show and reopen quarantined scripts."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from typing import Annotated

import typer

from cli.client import database
from cli.json_documents.maintenance import OutOfService, Quarantine, Quarantines, Reopened
from cli.rendering.operate.repairs import repair_of
from cli.terminal import screen
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import Actor, AsJson, Script, example, prose
from domain.log.head import Health
from materialization.clock import system_clock
from materialization.integrity.quarantine import NotQuarantined, StillBroken
from materialization.integrity.quarantine import reopen as reopen_script
from repos.integrity.quarantines import QuarantineRow
from repos.unit_of_work import RecordsTransaction

app = typer.Typer(add_completion=False, no_args_is_help=True, help=prose(__doc__))

SCRIPTS_PER_PAGE = 1_000


@app.command("list", epilog=example("scriptledger quarantine list", "scriptledger quarantine list --json"))
def list_(as_json: AsJson = False) -> None:
    """List the quarantined scripts, and those being backfilled; exit status 5 if any is quarantined."""
    with database.reading() as tx:
        rows = [_latest(tx, script) for script in _all(tx.quarantines.out_of_service)]
        backfilling = _all(tx.quarantines.backfilling)
    if as_json:
        screen.print_json(OutOfService(rows, backfilling))
        raise typer.Exit(Exit.CORRUPT if rows else Exit.DONE)
    if rows:
        cells = [(str(row.script_id), row.quarantined_at or "", row.found_by, row.reason) for row in rows]
        screen.print_text(screen.table(("script", "since", "found by", "reason"), cells, right=("script",)))
    else:
        screen.print_text("No script is quarantined." if backfilling else "Every script is in service.")
    if backfilling:
        screen.print_text(
            f"Being backfilled: {', '.join(map(str, backfilling))}. They take only submissions of the backfill."
        )
    raise typer.Exit(Exit.CORRUPT if rows else Exit.DONE)


@app.command(epilog=example("scriptledger quarantine show 7"))
def show(script: Script, as_json: AsJson = False) -> None:
    """Show every quarantine of a script: when, why, and how it was reopened."""
    with database.reading() as tx:
        health = database.head_of(tx, script).health
        rows = tx.quarantines.read(script)
        waiting = len(tx.inbox.arrivals(script))
    if as_json:
        screen.print_json(Quarantines(script, health, waiting, [_document(row) for row in rows]))
        return
    sentences = (sentence for row in rows for sentence in _sentences(row))
    screen.print_text(f"Script {script} is {_described(health, waiting)}.", *sentences)


@app.command(epilog=example("scriptledger quarantine reopen 7", "scriptledger quarantine reopen 7 --unverified"))
def reopen(
    script: Script,
    unverified: Annotated[bool, typer.Option("--unverified", help="Reopen it without verification.")] = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Verify a script and reopen it; exit status 5 if it is inconsistent.

    Where only readers see it wrong, what they see is written again. If it stays quarantined, nothing else is changed.
    """
    by = actor or getpass.getuser()
    with database.opened() as unit_of_work:
        with unit_of_work.reading() as tx:
            database.head_of(tx, script)
        try:
            waits = reopen_script(unit_of_work, script, by=by, now=system_clock(), unverified=unverified)
        except NotQuarantined as known:
            raise Ending(Exit.REFUSED, f"Script {script} is not quarantined.", code="not_quarantined") from known
        except StillBroken as broken:
            raise Ending(
                Exit.CORRUPT,
                f"It stays quarantined: {broken}. {repair_of(script, broken.finding, quarantined=True)}",
                code="still_broken",
            ) from broken
    if as_json:
        screen.print_json(Reopened(script, not unverified, waits))
    else:
        after = " Workers answer its pending submissions when the reconciler rings for them, within a minute."
        after = after if waits else ""
        screen.print_text(f"Script {script} is back in service{', unverified' if unverified else ''}.{after}")


def _all(read: Callable[..., list[int]]) -> list[int]:
    scripts: list[int] = []
    while page := read(after=scripts[-1] if scripts else 0, limit=SCRIPTS_PER_PAGE):
        scripts += page
    return scripts


def _described(health: Health, waiting: int) -> str:
    if health == "quarantined":
        return f"quarantined, with {screen.counted(waiting, 'pending submission')}"
    return "being backfilled, and takes nothing else" if health == "backfilling" else "in service"


def _latest(tx: RecordsTransaction, script: int) -> Quarantine:
    rows = tx.quarantines.read(script, limit=1)
    return _document(rows[0] if rows else QuarantineRow(0, script, "", "", 0, None, None, None))


def _document(row: QuarantineRow) -> Quarantine:
    return Quarantine(
        script_id=row.script_id,
        found_by=row.found_by,
        reason=row.reason,
        quarantined_at=screen.iso(row.quarantined_at) if row.quarantined_at else None,
        reopened_at=screen.iso_or_none(row.reopened_at),
        reopened_by=row.reopened_by,
        verified=None if row.verified is None else bool(row.verified),
    )


def _sentences(row: QuarantineRow) -> Iterator[str]:
    yield f"{screen.moment(row.quarantined_at)}  found by {row.found_by}: {row.reason}"
    if row.reopened_at is not None:
        how = "verified" if row.verified else "unverified"
        yield f"{screen.moment(row.reopened_at)}  reopened by {row.reopened_by}, {how}"
