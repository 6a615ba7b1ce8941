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


class BackfillReason(Document, frozen=True):
    """Rows of a source table that were set aside for one reason. `key` is the key of the first of them, a JSON list."""

    table: str
    code: str
    title: str
    rows: int
    key: str


class BackfillStatus(Document, frozen=True):
    """A run: `held_by` is why nothing moves, `reasons` why rows are quarantined, `failures` the first failed items.

    `ended_process` is the process that had the only workers of the run, if it has ended before the run.
    `idle_seconds` is for how long no worker has taken an item of a run that goes on, if that is long.
    Of the `quarantined` rows, `undecided` are those that no decision and no default sets aside: none is certified.
    """

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
    undecided: int
    reasons: list[BackfillReason]
    failures: list[BackfillFailure]
    ended_process: str | None
    idle_seconds: int | None


class BackfillMoved(Document, frozen=True):
    """A run that was paused, resumed or cancelled, and its state now."""

    run: int
    state: RunState


class BackfillRetried(Document, frozen=True):
    """How many items of a run are done again."""

    run: int
    items: int


class QuarantinedLegacyRow(Document, frozen=True):
    """A row that was set aside. `hash` is keyed with a key of its run; `key` is a JSON list, as decisions name the row.

    Of a row whose key may be a secret, `label` has the columns that tell it. `decisions` are what the mapping can
    decide about it; empty if only the cause can be repaired.
    """

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
    decisions: list[str]
    label: str | None


class QuarantinedLegacyRows(Document, frozen=True):
    """The rows that a run set aside; `next` is the value for `--after` to get the rest."""

    run: int
    rows: list[QuarantinedLegacyRow]
    next: int | None


class CertificateCheck(Document, frozen=True):
    """One check of a certificate: how many things it compared, and how many problems it found."""

    name: str
    about: str
    compared: int
    problems: int


class CertificateProblem(Document, frozen=True):
    """A problem that forbids the certificate: the check that found it, the row, and one sentence."""

    check: str
    table: str
    key: str
    sentence: str


class CertifiedColumn(Document, frozen=True):
    """What became of a column; the rows of its table are migrated, merged, quarantined, skipped or dropped.

    `to` is a field, `reason` why it was dropped. Of all values, `nulls` are NULL and `repaired` had to be changed.
    """

    name: str
    fate: Literal["field", "kept", "dropped"]
    to: str
    reason: str
    migrated: int
    merged: int
    quarantined: int
    skipped: int
    dropped: int
    nulls: int
    repaired: int


class CertifiedSegment(Document, frozen=True):
    """Some rows of the source in the order of their key, with the keyed hash of all their values."""

    rows: int
    first: str
    last: str
    hash: str


class CertifiedTable(Document, frozen=True):
    """A table of the source; its rows are the sum of the migrated, merged, quarantined, skipped and dropped ones.

    `reason` says why a table is dropped, or why lines are skipped.
    """

    name: str
    becomes: str
    reason: str
    rows: int
    migrated: int
    merged: int
    quarantined: int
    skipped: int
    dropped: int
    columns: list[CertifiedColumn]
    segments: list[CertifiedSegment]


class CertifiedView(Document, frozen=True):
    """A view that the mapping drops, and why: it has no rows of its own."""

    name: str
    reason: str


class CertificateQuarantine(Document, frozen=True):
    """Rows of a table that are quarantined for one reason, and what decided it; empty if nothing did."""

    table: str
    code: str
    title: str
    rows: int
    decided: str


class BackfillCertificate(Document, frozen=True):
    """The verdict of a whole pass over a run: `certified` is false if one check found a problem.

    `problems` are the first ones, `problem_count` is how many there are.
    """

    format: int
    run: int
    source: str
    certified: bool
    begun_at: str
    ended_at: str
    checks: list[CertificateCheck]
    problems: list[CertificateProblem]
    problem_count: int
    tables: list[CertifiedTable]
    quarantined: list[CertificateQuarantine]
    views: list[CertifiedView]
