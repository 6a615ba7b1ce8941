"""The JSON documents of `backfill`."""

from __future__ import annotations

from typing import Literal

from cli.json_documents.base import Document

RunState = Literal["planning", "running", "paused", "finished", "cancelled"]


class BackfillDomain(Document, frozen=True):
    """A domain of a run: its items, and what has to be decided before the domains that need it go on."""

    domain: str
    items: int
    done: int
    failed: int
    outstanding: int
    problem: str | None
    waits_for: list[str]


class BackfillTable(Document, frozen=True):
    """A source table: its rows when the run was planned, and what became of them; `left` are not counted yet."""

    table: str
    domain: str
    rows: int
    migrated: int
    merged: int
    quarantined: int
    skipped: int
    left: int


class BackfillFailure(Document, frozen=True):
    """An item that failed, and why; no value of a row is quoted."""

    item: int
    domain: str
    name: str
    error: str


class BackfillStatus(Document, frozen=True):
    """A run. `held_by` is why nothing moves; `failures` are the first failed items."""

    run: int
    source: str
    state: RunState
    held_by: str | None
    share: int
    opened_at: str
    finished_at: str | None
    dry_run: bool
    domains: list[BackfillDomain]
    tables: list[BackfillTable]
    quarantined: int
    failures: list[BackfillFailure]


class BackfillMoved(Document, frozen=True):
    """A run that was paused, resumed or cancelled, and its state now."""

    run: int
    state: RunState


class BackfillRetried(Document, frozen=True):
    """How many items of a run are done again."""

    run: int
    items: int


class QuarantinedLegacyRow(Document, frozen=True):
    """A row that was set aside. `hash` is keyed with a key of its run; `key` is a JSON list."""

    number: int
    item: int
    table: str
    key: str
    code: str
    reason: str
    column: str | None
    length: int | None
    hash: str | None
    found_at: str


class QuarantinedLegacyRows(Document, frozen=True):
    """The rows that a run set aside; `next` is the value for `--after` to get the rest."""

    run: int
    rows: list[QuarantinedLegacyRow]
    next: int | None
