"""The mapping as values: what a mapping file says, decoded strictly.

`backfill.mapping.decode.decode` makes one from a file's text, `backfill.mapping.fit.problems` compares it with a
catalog, `backfill.mapping.draft.draft` proposes one for a catalog. The rules are read like this:

    mapping.tables["users"].columns["createdAt"].to         # 'created_at', or None: dropped or kept
    mapping.tables["users"].decision("L14", (7,))           # the decision on one row, or None
    mapping.decision("L12")                                 # the decision on a code, or None: its default
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from msgspec import Struct, field

from backfill.mapping.row_names import names

FORMAT = 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# The content shape of each value is recognised; any other word names a shape of `backfill.content`.
AUTO = "auto"

# What is done about an anomaly, by its code: see docs/migration.
CodeAction = Literal["block", "quarantine", "repair", "report"]
RowAction = Literal["quarantine", "repair", "accept", "skip", "assign", "merge"]
History = Literal["none", "head", "full_saves", "patches", "linked_lines", "branches", "hashes"]
Keys = Literal["kept", "assigned"]
# What the patch of a save makes: its own text of the previous or next one, or theirs of its own.
PatchLayout = Literal["from_previous", "to_previous", "to_next", "from_next"]


class Rule(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A part of a mapping file."""


class WriterRule(Rule, frozen=True, kw_only=True):
    """A time zone for the rows of one writer: those a column tells, those before a moment, those in whole seconds."""

    time_zone: str
    column: str | None = None
    equals: str | int | bool | None = None
    before: str | None = None
    whole_seconds: bool = False


class ColumnRule(Rule, frozen=True, kw_only=True):
    """What becomes of one column: a field of the target (`to`), nothing (`drop` and why), or it is kept as JSON.

    Of a column of JSON objects, `member` is the one that holds the word; a dot leads into an object: `ai.source`.
    """

    to: str | None = None
    member: str | None = None
    drop: str | None = None
    keep: bool = False
    time_zone: str | None = None
    writers: tuple[WriterRule, ...] = ()
    unit: Literal["s", "ms", "us"] | None = None
    values: dict[str, str] = field(default_factory=dict)
    others: str | None = None
    shape: str = AUTO


class ShapeRule(Rule, frozen=True, kw_only=True):
    """The content shape of one row, where the recognised one is wrong."""

    key: tuple[str | int, ...]
    shape: str


class RowDecision(Rule, frozen=True, kw_only=True):
    """The decision on one finding: `code` in the row with `key`. `to` is the user of `assign`, or the one that
    the row is merged into."""

    code: str
    key: tuple[str | int, ...]
    do: RowAction
    reason: str | None = None
    to: str | int | None = None


class TableRule(Rule, frozen=True, kw_only=True):
    """What becomes of one table: a target (`becomes`), or nothing (`drop` and why).

    `schema` is the fingerprint of the columns that this rule was written for. `set` gives fields that no column holds.
    `patch_layout` is decided by the histories themselves where it is not given. Sessions that ended before the date or
    time of `skip_expired_before`, in UTC, are left out.
    """

    becomes: str | None = None
    drop: str | None = None
    schema: str
    key: tuple[str, ...] = ()
    keys: Keys = "kept"
    key_map: dict[str, int] = field(default_factory=dict)
    history: History = "none"
    patch_layout: PatchLayout | None = None
    branches: Literal["own_script", "quarantine"] = "quarantine"
    skip_expired_before: str | None = None
    set: dict[str, str] = field(default_factory=dict)
    columns: dict[str, ColumnRule] = field(default_factory=dict)
    shapes: tuple[ShapeRule, ...] = ()
    decisions: tuple[RowDecision, ...] = ()

    def field_columns(self) -> dict[str, str]:
        """The column of each mapped field."""
        return {rule.to: name for name, rule in self.columns.items() if rule.to is not None}

    @property
    def first_expiry(self) -> int | None:
        """The first end of a session that is not left out, in microseconds since 1970; None if none is left out.

        Raises:
            ValueError: it is no time.
        """
        if self.skip_expired_before is None:
            return None
        at = datetime.fromisoformat(self.skip_expired_before)
        return (at.replace(tzinfo=at.tzinfo or UTC) - EPOCH) // MICROSECOND

    def decision(self, code: str, key: tuple[Any, ...]) -> RowDecision | None:
        """The decision on a finding in a row; keys are compared as text, bytes in hexadecimal digits."""
        return next((each for each in self.decisions if each.code == code and names(each.key, key)), None)


class SourceRule(Rule, frozen=True, kw_only=True):
    """The source that the mapping was made for; for people, it is not compared."""

    name: str
    product: str = ""


class Mapping(Rule, frozen=True, kw_only=True):
    """A whole mapping file."""

    format: int
    source: SourceRule
    tables: dict[str, TableRule]
    decisions: dict[str, CodeAction] = field(default_factory=dict)

    def decision(self, code: str) -> CodeAction | None:
        """The decision on all findings of a code; None is the default of the code."""
        return self.decisions.get(code)

    def tables_for(self, target: str) -> dict[str, TableRule]:
        """The tables whose rows become this target."""
        return {name: rule for name, rule in self.tables.items() if rule.becomes == target}
