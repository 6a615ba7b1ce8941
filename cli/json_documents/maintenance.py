"""JSON documents of the verbs that verify, rebuild, materialize and quarantine."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from cli.json_documents.base import Document


class Finding(Document, frozen=True):
    """The first inconsistent version, the reason, and the repair.

    `repair` is `restore` (the log, from a backup), `rebuild` (what is derived from the log) or `project` (what readers
    see).
    """

    version: int
    problem: str
    repair: str


class Verified(Document, frozen=True, kw_only=True):
    """The verification of one script; `sound` means consistent. An earlier run verified it up to version `after`.

    `quarantined` is true if the script is out of service now.
    """

    script_id: int
    sound: bool
    versions: int
    after: int = 0
    keyframes: int
    state_hash: str
    finding: Finding | None
    quarantined: bool = False


class Verification(Document, frozen=True):
    """The verifications of scripts."""

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
    """The run that was done, null if nothing was due; `again` counts scripts of earlier runs that were taken again."""

    run: Run | None
    again: int


class Lag(Document, frozen=True):
    """How far readers are behind now: how many scripts, by how many versions at most, and for how many seconds."""

    scripts: int
    versions: int
    seconds: float


class Runs(Document, frozen=True):
    """The lag of readers now, and the latest runs, each with the lag when it was opened."""

    lag: Lag
    runs: list[Run]


class Staleness(Document, frozen=True):
    """How far the readers' view of a script is behind its head."""

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
    """The version that readers saw before and see now; `whole` means that the projection was built from scratch."""

    script_id: int
    before: int
    version: int
    whole: bool


class Rebuilt(Document, frozen=True):
    """A completed rebuild; `first_difference` is the first version with a different state hash."""

    script_id: int
    generation: int
    versions: int
    differences: int
    first_difference: int | None


class Attempted(Document, frozen=True, kw_only=True):
    """One rebuild of several; if there is a `problem`, nothing was changed and the other fields are missing."""

    script_id: int
    generation: int | UnsetType = UNSET
    versions: int | UnsetType = UNSET
    differences: int | UnsetType = UNSET
    first_difference: int | UnsetType | None = UNSET
    problem: str | None


class AllRebuilt(Document, frozen=True):
    """The results of the rebuilds of all scripts."""

    scripts: list[Attempted]


class AllPruned(Document, frozen=True):
    """The generations of all scripts that were removed."""

    scripts: list[Pruned]


class Quarantine(Document, frozen=True):
    """One quarantine of a script; `verified` is null until the script is reopened."""

    script_id: int
    found_by: str
    reason: str
    quarantined_at: str | None
    reopened_at: str | None
    reopened_by: str | None
    verified: bool | None


class OutOfService(Document, frozen=True):
    """The quarantined scripts with their latest quarantine, and the scripts that only a backfill may write to."""

    scripts: list[Quarantine]
    backfilling: list[int]


class Quarantines(Document, frozen=True):
    """Every quarantine of a script, the latest first, and the number of its pending submissions.

    `health` is `open`, `backfilling` or `quarantined`.
    """

    script_id: int
    health: str
    waiting: int
    quarantines: list[Quarantine]


class Reopened(Document, frozen=True):
    """A reopened script; `waiting` is true if it has pending submissions."""

    script_id: int
    verified: bool
    waiting: bool
