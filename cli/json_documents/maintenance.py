"""The documents of the verbs that prove and derive."""

from __future__ import annotations

from cli.json_documents.base import Document


class Finding(Document, frozen=True):
    """The first version that does not follow, and why."""

    version: int
    problem: str


class Verified(Document, frozen=True):
    """The proof of one script; what was compared up to version `after` was so by an earlier verification."""

    script_id: int
    sound: bool
    versions: int
    keyframes: int
    state_hash: str
    finding: Finding | None
    after: int = 0


class Verification(Document, frozen=True):
    """The proofs of scripts."""

    scripts: list[Verified]


class Run(Document, frozen=True):
    """A materialization run; `slot_at` and `lag_micros` are microseconds."""

    id: int
    slot_at: int
    opened_at: str
    finished_at: str | None
    due: int
    done: int
    failed: int
    lag_versions: int
    lag_micros: int
    verified_upto: int


class OneRun(Document, frozen=True):
    """The run that was done; null where nothing was due."""

    run: Run | None


class Runs(Document, frozen=True):
    """The latest runs."""

    runs: list[Run]


class Staleness(Document, frozen=True):
    """How far behind the head readers see a script."""

    script_id: int
    head: int
    projected: int
    behind: int
    micros: int
    seconds: float


class Pruned(Document, frozen=True):
    """The generations of a script that were removed."""

    script_id: int
    pruned: list[int]


class Projected(Document, frozen=True):
    """From which version to which readers see a script, and whether all was written anew."""

    script_id: int
    before: int
    version: int
    whole: bool


class Rebuilt(Document, frozen=True):
    """A rebuild that readers see; `first_difference` is the first version with another state hash."""

    script_id: int
    generation: int
    versions: int
    differences: int
    first_difference: int | None


class Attempted(Document, frozen=True):
    """A rebuild among many; with a `problem`, nothing was changed and the rest is missing."""

    script_id: int
    problem: str | None
    generation: int | None = None
    versions: int | None = None
    differences: int | None = None
    first_difference: int | None = None


class AllRebuilt(Document, frozen=True):
    """What became of the rebuilds of all scripts."""

    scripts: list[Attempted]


class AllPruned(Document, frozen=True):
    """The generations of all scripts that were removed."""

    scripts: list[Pruned]


class Quarantine(Document, frozen=True):
    """One time a script was taken out of service; `verified` is null while it is out."""

    script_id: int
    found_by: str
    reason: str
    quarantined_at: str | None
    reopened_at: str | None
    reopened_by: str | None
    verified: bool | None


class OutOfService(Document, frozen=True):
    """The scripts that are out of service, each with why it is, and those that take only what a backfill brings."""

    scripts: list[Quarantine]
    backfilling: list[int]


class Quarantines(Document, frozen=True):
    """Every time a script was out of service, the latest first, and how many submissions wait for it.

    `health` is `open`, `backfilling` or `quarantined`.
    """

    script_id: int
    health: str
    waiting: int
    quarantines: list[Quarantine]


class Reopened(Document, frozen=True):
    """A script that is back in service; `waiting` says whether submissions wait for it."""

    script_id: int
    verified: bool
    waiting: bool
