"""Pause, resume or show drains: who answers submissions."""

from __future__ import annotations

import logging
import time
from typing import Annotated

import structlog
import typer

from cli.client import database
from cli.client.drain_pauses import count_pending, pause_sentence, ring_pending
from cli.client.queue import default_actor
from cli.json_documents.operate.drains import DrainsChanged, DrainsStatus, Pause
from cli.terminal import screen
from cli.terminal.options import Actor, AsJson, example, prose
from cli.terminal.short_text import short_text
from materialization.submissions.drain_pauses import LOOK_SECONDS, described, pause_drains, resume_drains
from repos.scheduling.drain_pauses import MAX_BY, MAX_REASON, DrainPause

# Added to the time in which each process looks once.
MARGIN_SECONDS = 0.1

app = typer.Typer(add_completion=False, no_args_is_help=True, help=prose(__doc__))


@app.command(epilog=example('scriptledger drains pause --reason "dump of the database"'))
def pause(
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why; people who wait for an answer see it.", show_default=False)
    ] = "",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Pause all drains: submissions wait, and none is lost.

    When this command ends, no drain begins any more; one that has begun ends first. A backfill has a pause of
    its own: `scriptledger backfill pause`.
    """
    short_text(reason, "--reason", MAX_REASON)
    by = short_text(actor or default_actor() or "unknown", "--actor", MAX_BY)
    with database.opened() as unit_of_work:
        current, changed = pause_drains(unit_of_work, by, reason)
        if changed:
            with screen.waiting("Waiting until every worker has seen it…"):
                time.sleep(LOOK_SECONDS + MARGIN_SECONDS)
        pending = count_pending(unit_of_work)
    if as_json:
        document = _document(current)
        screen.print_json(DrainsChanged(paused=True, changed=changed, pending_scripts=pending, pause=document))
    elif changed:
        screen.print_text(
            "Drains are paused: no worker begins another. Submissions wait until `scriptledger drains resume`."
        )
    else:
        screen.print_text(f"Nothing changed: drains are {described(current)} already.")


@app.command(epilog=example("scriptledger drains resume"))
def resume(actor: Actor = None, as_json: AsJson = False) -> None:
    """Let drains run again, and ring for every script with pending submissions."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    by = short_text(actor or default_actor() or "unknown", "--actor", MAX_BY)
    chosen = database.settings()
    with database.opened(chosen) as unit_of_work:
        last, changed = resume_drains(unit_of_work, by)
        rung = ring_pending(unit_of_work, chosen)
    if as_json:
        document = None if last is None else _document(last)
        screen.print_json(DrainsChanged(paused=False, changed=changed, pending_scripts=rung.scripts, pause=document))
        return
    screen.print_text("Drains run again." if changed else "Nothing changed: drains were not paused.")
    if rung.scripts:
        waiting = screen.counted(rung.scripts, "script")
        later = "a bell was sent for each" if rung.delivered else "the reconciler rings for them once it runs"
        screen.print_text(f"{waiting} with pending submissions: {later}.")


@app.command(epilog=example("scriptledger drains status", "scriptledger drains status --json"))
def status(as_json: AsJson = False) -> None:
    """Show whether drains are paused, and the latest pauses."""
    with database.opened() as unit_of_work:
        with unit_of_work.reading() as tx:
            current = tx.drain_pauses.current()
            pauses = tx.drain_pauses.read()
        pending = count_pending(unit_of_work)
    if as_json:
        screen.print_json(DrainsStatus(current is not None, pending, [_document(row) for row in pauses]))
        return
    screen.print_text("Drains run." if current is None else pause_sentence(current))
    screen.print_text(f"Pending submissions: {screen.counted(pending, 'script')}.")
    if pauses:
        headings = ("paused", "by", "reason", "resumed", "by")
        screen.print_text(screen.table(headings, [_cells(row) for row in pauses]))


def _document(row: DrainPause) -> Pause:
    resumed_at = screen.iso_or_none(row.resumed_at)
    return Pause(screen.iso(row.paused_at), row.paused_by, row.reason, resumed_at, row.resumed_by)


def _cells(row: DrainPause) -> tuple[str, ...]:
    resumed = "" if row.resumed_at is None else screen.moment(row.resumed_at)
    return screen.moment(row.paused_at), row.paused_by, row.reason, resumed, row.resumed_by or ""
