"""Opening a backfill: one run at a time, on one source, with a mapping that fits and is decided."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from msgspec.structs import replace

from backfill.domains.base import BackfillContext
from backfill.domains.registry import DOMAINS
from backfill.mapping.model import PatchLayout
from backfill.runs.run_context import OtherSource, is_same_source
from backfill.runs.run_options import MAX_SHARE, RunOptions, load_options
from backfill.scripts.histories.table_layouts import layouts_of
from domain.errors import Rejected
from materialization.retry import with_retries
from repos.backfill.runs import BackfillRunRow
from repos.legacy.connection import Source
from repos.legacy.rows import count_rows
from repos.unit_of_work import UnitOfWork

ITEMS_PER_TRANSACTION = 1_000


class NoBackfillRun(Rejected):
    """No backfill is active; `scriptledger backfill run` begins one."""


class LedgerInUse(Rejected):
    """The ledger has {rows}, whose ids could be those of legacy rows: use an empty one, or --into-used-ledger."""


def open_run(  # noqa: PLR0913 - the parts of a run
    unit_of_work: UnitOfWork,
    source: Source,
    mapping: str,
    *,
    share: int | None,
    into_used: bool = False,
    clock: Callable[[], int],
) -> tuple[BackfillRunRow, bool]:
    """The active run of a source, or a new one; and whether it is new. A changed mapping or share holds from now on.

    Raises:
        OtherSource: the active run reads another source.
        LedgerInUse: the ledger has users or scripts that no backfill brought.
        BackfillRunActive: another process opened a run at the same time.
    """
    # With another mapping: a first slice locks its item, for as long as a large save takes.
    return with_retries(lambda: _open(unit_of_work, source, mapping, share, into_used=into_used, clock=clock))


def take_over(unit_of_work: UnitOfWork, run_id: int) -> None:
    """Take every item from its worker: for a process that has the only workers, now that earlier ones have ended."""

    def stop() -> None:
        with unit_of_work.records() as tx:
            tx.backfill_items.stop(run_id)

    # One that has not ended locks the item of its first slice, for as long as a large save takes.
    with_retries(stop)


def plan(context: BackfillContext, progress: Callable[[str, int], object]) -> None:
    """Add the items of every domain that is not planned yet; then the run is running, unless it was paused.

    An interrupted plan continues. `progress` is called with a domain and a number of items added.
    """
    unit_of_work = context.unit_of_work
    run = _get(unit_of_work, context.run_id)
    if not (options := load_options(run.options)).rows:
        rows = {name: count_rows(context.source, table.table) for name, table in context.tables.items()}
        options = _choose(unit_of_work, run.id, rows=rows)
    if (layouts := layouts_of(context.mapping)) != options.patch_layouts:
        # Workers and the proof read what this process decided.
        options = _choose(unit_of_work, run.id, layouts=layouts)
    for name, domain in DOMAINS.items():
        if name in options.planned:
            continue
        known = _item_names(unit_of_work, run.id, name)
        names: list[str] = []
        for item in domain.items(context):
            if item not in known:
                names.append(item)
            if len(names) == ITEMS_PER_TRANSACTION:
                _add(unit_of_work, run.id, name, names)
                progress(name, len(names))
                names = []
        _add(unit_of_work, run.id, name, names)
        progress(name, len(names))
        options = _choose(unit_of_work, run.id, planned=[*options.planned, name])
    with unit_of_work.records() as tx:
        now = tx.backfill_runs.get(run.id)
        if now is not None and now.state == "planning":
            tx.backfill_runs.move(run.id, "running", now=context.clock())


def _open(  # noqa: PLR0913 - the parts of a run
    unit_of_work: UnitOfWork,
    source: Source,
    mapping: str,
    share: int | None,
    *,
    into_used: bool,
    clock: Callable[[], int],
) -> tuple[BackfillRunRow, bool]:
    with unit_of_work.records() as tx:
        run = tx.backfill_runs.active()
        if run is None:
            earlier = tx.backfill_runs.read(limit=1)
            if not into_used and not earlier:
                _require_unused(len(tx.scripts.read(after=0, limit=1)), len(tx.users.read(after=0, limit=1)))
            run_id = tx.backfill_runs.open(
                source=source.name,
                mapping=mapping,
                # One key for all runs: the hashes of rows are how a later run sees which have changed.
                hash_key=earlier[0].hash_key if earlier else secrets.token_bytes(32),
                options=RunOptions(share=MAX_SHARE if share is None else share).dump(),
                now=clock(),
            )
        else:
            run_id = run.id
            if not is_same_source(source.name, run.source):
                raise OtherSource(wanted=run.source, named=source.name)
            if run.mapping != mapping:
                # Nothing is sent until its items are known again, and what was sent may need some of them.
                tx.backfill_items.stop(run_id)
                tx.backfill_runs.remap(run_id, mapping)
                tx.backfill_runs.move(run_id, "planning", now=clock())
                _choose_share(tx.backfill_runs.choose, run, share, replan=True)
            elif share is not None:
                _choose_share(tx.backfill_runs.choose, run, share, replan=False)
    return _get(unit_of_work, run_id), run is None


def _choose_share(
    choose: Callable[[int, bytes], bool], run: BackfillRunRow, share: int | None, *, replan: bool
) -> None:
    known = load_options(run.options)
    # Tables that the new mapping adds have no items yet, so every domain is planned again.
    planned, rows = ([], {}) if replan else (known.planned, known.rows)
    share = known.share if share is None else share
    layouts = {} if replan else known.patch_layouts
    choose(run.id, replace(known, share=share, planned=planned, rows=rows, patch_layouts=layouts).dump())


def _choose(
    unit_of_work: UnitOfWork,
    run_id: int,
    *,
    rows: dict[str, int] | None = None,
    planned: list[str] | None = None,
    layouts: dict[str, PatchLayout] | None = None,
) -> RunOptions:
    with unit_of_work.records() as tx:
        run = tx.backfill_runs.get(run_id)
        assert run is not None  # noqa: S101 - runs are never removed
        known = load_options(run.options)
        options = replace(
            known,
            planned=known.planned if planned is None else planned,
            rows=known.rows if rows is None else rows,
            patch_layouts=known.patch_layouts if layouts is None else layouts,
        )
        tx.backfill_runs.choose(run_id, options.dump())
    return options


def _add(unit_of_work: UnitOfWork, run_id: int, domain: str, names: list[str]) -> None:
    with unit_of_work.records() as tx:
        tx.backfill_items.add(run_id, domain, names)


def _item_names(unit_of_work: UnitOfWork, run_id: int, domain: str) -> set[str]:
    """The items of a domain that an interrupted plan has added."""
    names: set[str] = set()
    after = 0
    with unit_of_work.reading() as tx:
        while page := tx.backfill_items.read(run_id, after=after):
            names.update(item.name for item in page if item.domain == domain)
            after = page[-1].id
    return names


def _require_unused(scripts: int, users: int) -> None:
    if scripts or users:
        raise LedgerInUse(rows=" and ".join(name for name, rows in (("users", users), ("scripts", scripts)) if rows))


def _get(unit_of_work: UnitOfWork, run_id: int) -> BackfillRunRow:
    with unit_of_work.reading() as tx:
        run = tx.backfill_runs.get(run_id)
    assert run is not None  # noqa: S101 - runs are never removed
    return run
