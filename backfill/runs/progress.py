"""The progress of a run: its domains, what blocks them, and the rows that came over."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from backfill.checks.registry import CHECKS
from backfill.domains.base import CLAIM_SECONDS, Counts, decode_counts
from backfill.domains.registry import DOMAINS
from backfill.mapping.decode import decode
from backfill.mapping.model import Mapping
from backfill.runs.run_options import load_options
from repos.backfill.runs import BackfillRunRow
from repos.unit_of_work import RecordsTransaction

ITEMS_PER_PAGE = 1_000
SECOND = 1_000_000
# A run without a sign of a worker for that long is idle.
IDLE_SECONDS = 15
# The targets whose rows a domain brings over, where they are not its own name.
TARGETS_OF = {"scripts": ("scripts", "versions", "commands", "lines", "contents"), "chat": ("chat_messages",)}


class DomainState(NamedTuple):
    """The items of a domain by state, and why those that need it cannot go on, or None.

    `waits_for` are the domains that it needs and that are not complete.
    """

    name: str
    items: int
    done: int
    failed: int
    outstanding: int
    running: int
    problem: str | None
    waits_for: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether it is done, and nothing in it is left to decide."""
        return self.done == self.items and self.problem is None

    @property
    def left(self) -> int:
        """How many items are neither done nor failed."""
        return self.items - self.done - self.failed

    @property
    def can_move(self) -> bool:
        """Whether it has items for workers."""
        return self.left > 0 and not self.waits_for


def domain_states(tx: RecordsTransaction, run: BackfillRunRow) -> list[DomainState]:
    """The domains of a run, in the order in which they are brought over."""
    by_state: dict[str, Counter[str]] = {name: Counter() for name in DOMAINS}
    for counted in tx.backfill_items.progress(run.id):
        by_state.setdefault(counted.domain, Counter())[counted.state] += counted.items
    undecided = undecided_rows(tx, run)
    planned = load_options(run.options).planned
    states: dict[str, DomainState] = {}
    for name, domain in DOMAINS.items():
        items = by_state[name]
        problem = _problem(items["failed"], undecided.get(name, 0))
        waits = tuple(need for need in domain.needs if not (states[need].complete and need in planned))
        states[name] = DomainState(
            name,
            items=items.total(),
            done=items["done"],
            failed=items["failed"],
            outstanding=items["sent"] + items["running"],
            running=items["running"],
            problem=problem,
            waits_for=waits,
        )
    return list(states.values())


def undecided_rows(tx: RecordsTransaction, run: BackfillRunRow) -> dict[str, int]:
    """By domain, the quarantined rows with a code that blocks and that the mapping does not decide."""
    counts = [count for count in tx.quarantined_rows.counts(run.id) if _blocks(count.code)]
    if not counts:
        return {}
    mapping = decode(run.mapping)
    undecided: Counter[str] = Counter()
    for table, code, rows, _ in counts:
        if mapping.decision(code) in (None, "block"):
            undecided[domain_of(mapping, table)] += max(0, rows - _decided(mapping, table, code))
    return {name: rows for name, rows in undecided.items() if rows}


def idle_seconds(tx: RecordsTransaction, run: BackfillRunRow, now: int) -> int | None:
    """For how long no item of a run was sent or claimed; None if a worker may have one, or the run does not go on."""
    if run.state != "running" or run.held_by:
        return None
    seen = tx.backfill_items.activity(run.id)
    last = max(run.opened_at, seen.sent_at, seen.expires_at - CLAIM_SECONDS * SECOND)
    idle = (now - last) // SECOND
    return idle if idle >= IDLE_SECONDS and seen.claimed_until <= now else None


def row_counts(tx: RecordsTransaction, run: BackfillRunRow) -> dict[str, Counts]:
    """The rows of each source table that were counted so far: migrated, merged, quarantined or skipped."""
    total: dict[str, Counts] = {name: Counts() for name in load_options(run.options).rows}
    after = 0
    while page := tx.backfill_items.read(run.id, after=after, limit=ITEMS_PER_PAGE):
        for item in page:
            for table, counts in decode_counts(item.counts).items():
                total[table] = total.get(table, Counts()) + counts
        after = page[-1].id
    return total


def domain_of(mapping: Mapping, table: str) -> str:
    """The domain that brings the rows of a source table over."""
    rule = mapping.tables.get(table)
    target = (rule.becomes if rule else None) or "legacy_rows"
    return next((name for name, targets in TARGETS_OF.items() if target in targets), target)


def _blocks(code: str) -> bool:
    check = CHECKS.get(code)
    return check is not None and check.decision == "block"


def _decided(mapping: Mapping, table: str, code: str) -> int:
    rule = mapping.tables.get(table)
    return sum(each.code == code for each in rule.decisions) if rule else 0


def _problem(failed: int, undecided: int) -> str | None:
    parts = []
    if failed:
        parts.append(f"{failed} failed {'item' if failed == 1 else 'items'}")
    if undecided:
        parts.append(f"{undecided} quarantined {'row' if undecided == 1 else 'rows'} to decide")
    return " and ".join(parts) or None
