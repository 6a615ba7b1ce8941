"""`backfill status`, `pause`, `resume`, `cancel` and `retry`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from backfill.runs import control
from backfill.runs.feeding import Fed
from backfill.runs.progress import domain_states
from cli.client import backfill as client
from cli.client import database
from cli.json_documents.backfill import BackfillMoved, BackfillRetried
from cli.rendering.migration.backfill import print_status, status_document
from cli.terminal import screen
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import AsJson
from materialization.clock import system_clock
from repos.backfill.runs import BackfillRunRow
from repos.unit_of_work import UnitOfWork

Watch = Annotated[bool, typer.Option("--watch", help="Show the progress until the run ends.")]
Item = Annotated[int | None, typer.Argument(metavar="ITEM", help="The number of an item.", show_default=False, min=1)]
Failed = Annotated[bool, typer.Option("--failed", help="All items that failed.")]
Quarantined = Annotated[bool, typer.Option("--quarantined", help="All items with quarantined rows.")]


def status(watch: Watch = False, as_json: AsJson = False) -> None:
    """Show the active run, or the last one.

    Shows its domains, the rows of each source table, what failed, and why nothing moves if it is held. With --watch,
    lost messages are sent again, if a broker is configured.
    """
    chosen = database.settings()
    with database.opened(chosen) as unit_of_work:
        with unit_of_work.reading() as tx:
            run = control.latest_run(tx)
        if watch and run.active is not None:
            try:
                client.watch(_turn(unit_of_work, run.id, chosen.broker_url), unit_of_work, lambda: None)
            except KeyboardInterrupt:
                screen.warn("The run goes on.")
        with unit_of_work.reading() as tx:
            document = status_document(tx, tx.backfill_runs.get(run.id) or run)
    if as_json:
        screen.print_json(document)
    else:
        print_status(document)


def pause(as_json: AsJson = False) -> None:
    """Pause the run: workers finish their slice, and leave the rest."""
    _moved(control.pause, "is paused; `scriptledger backfill resume` lets it go on", as_json=as_json)


def resume(as_json: AsJson = False) -> None:
    """Let a paused run go on, by workers of the role backfill."""
    chosen = database.settings()
    with database.opened(chosen) as unit_of_work:
        run = control.resume(unit_of_work, system_clock())
        if chosen.broker_url and run.active is not None:
            client.feeder(unit_of_work, chosen.broker_url).feed(run.id)
    sentence = (
        "goes on, if workers run; `scriptledger backfill run` shows and feeds it"
        if run.active is not None
        else "is finished: its workers had done everything"
    )
    _print_moved(run, sentence, as_json=as_json)


def cancel(as_json: AsJson = False) -> None:
    """End the run for good; the rows that came over stay, and a new run finds them."""
    _moved(control.cancel, "is cancelled; the rows that came over stay", as_json=as_json)


def retry(item: Item = None, failed: Failed = False, quarantined: Quarantined = False, as_json: AsJson = False) -> None:
    """Do items again: one, those that failed, or those with quarantined rows.

    Rows that came over stay as they are. `scriptledger backfill run --mapping FILE` brings in a mapping that was
    repaired. A certificate made before is void.
    """
    if not (failed or quarantined or item is not None):
        raise Ending(Exit.USAGE, "Name an item, or use --failed or --quarantined.")
    with database.opened() as unit_of_work:
        run, items = control.retry(unit_of_work, item=item, failed=failed, quarantined=quarantined)
    if as_json:
        screen.print_json(BackfillRetried(run.id, items))
    elif items:
        screen.print_text(
            f"{screen.counted(items, 'item')} of run {run.id} will be done again; `scriptledger backfill run` goes on."
        )
    else:
        screen.print_text(f"Run {run.id} has nothing to do again.")


def _moved(move: Callable[[UnitOfWork, int], BackfillRunRow], sentence: str, *, as_json: bool) -> None:
    with database.opened() as unit_of_work:
        run = move(unit_of_work, system_clock())
    _print_moved(run, sentence, as_json=as_json)


def _print_moved(run: BackfillRunRow, sentence: str, *, as_json: bool) -> None:
    if as_json:
        screen.print_json(BackfillMoved(run.id, run.state))
    else:
        screen.print_text(f"Run {run.id} {sentence}.")


def _turn(unit_of_work: UnitOfWork, run_id: int, broker_url: str) -> Callable[[], Fed | None]:
    """Feed the run through a broker; without one, only read how far it is."""
    if broker_url:
        feeder = client.feeder(unit_of_work, broker_url)
        return lambda: feeder.feed(run_id)

    def read() -> Fed | None:
        with unit_of_work.reading() as tx:
            run = tx.backfill_runs.get(run_id)
            return None if run is None else Fed(run, domain_states(tx, run), 0, run.held_by, ended=run.active is None)

    return read
