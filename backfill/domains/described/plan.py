"""The plan for rows that describe a script: what becomes of each, in the order in which they were written.

The same rows give the same plan, so the migration follows it and the proof compares with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any, Literal, NamedTuple

from msgspec.structs import replace

import backfill.checks.registry  # noqa: F401 - fills CHECKS
from backfill.checks.base import CHECKS
from backfill.checks.saves import grows
from backfill.checks.text import double_encoded
from backfill.domains.base import BackfillContext
from backfill.domains.flat.duplicates import repeated_keys
from backfill.domains.flat.other_spellings import with_spelling
from backfill.kept_columns import columns_json
from backfill.mapping.mapped_table import MappedTable
from backfill.scanning.finding import keyed_hash
from backfill.scanning.merged_users import MergedUsers
from backfill.translate.described_rows import DescribedRow, DescribedRows, UnfitRow
from backfill.translate.row_keys import key_columns, origin_key, row_hash, row_key
from backfill.translate.source_rows import ENCODED_TWICE, KEY_REPEATED
from backfill.translate.words import text_of
from domain.script.state import Element, Persona
from domain.submissions.origin import Origin
from repos.backfill.quarantined_rows import QuarantinedRow
from repos.legacy.rows import read_pages

MAX_ITEM_NAME = 200
NO_SCRIPT = "[null]"
# A key that every database compares as it is written.
_PLAIN_TEXT = re.compile(r'"([A-Za-z0-9_-]{1,64})"', re.ASCII)

# `write` into the log, `merge` into a later row, `keep` as JSON, or leave it out.
Fate = Literal["write", "merge", "keep", "quarantine", "skip"]


class PlannedRow(NamedTuple):
    """A row and its fate; `kept` is the table and the JSON of a row that is kept in legacy_rows."""

    table: str
    key: str
    hash: bytes
    fate: Fate
    origin: Origin
    described: DescribedRow | None = None
    kept: tuple[str, str] | None = None
    quarantined: QuarantinedRow | None = None
    # Whether it is another save of the story element of an earlier row.
    grown: bool = False

    @property
    def thing(self) -> Element | Persona:
        """The story element or persona of a row that is written or merged."""
        assert self.described is not None  # noqa: S101 - by the fate
        return self.described.thing


class Owners(NamedTuple):
    """The owner of the script, and the id with us of a user: None if there is no such user."""

    of_script: int | None
    user: Callable[[Any], int | None]


class SourceTable(NamedTuple):
    """A table whose rows are planned, and how its rows are read.

    `kept_as` is the table that legacy_rows names for a whole row: where single columns are kept, these have its name.
    """

    mapped: MappedTable
    columns: tuple[str, ...]
    kept_as: str
    key: tuple[int, ...]
    script: str | None
    rows: DescribedRows


class Plans:
    """The plans for the rows of one target."""

    def __init__(self, context: BackfillContext, target: str) -> None:
        self.context = context
        self._has_users = bool(context.tables_for("users"))
        self._merged = MergedUsers(context.tables_for("users"))
        mapped = context.tables_for(target)
        self.tables = [_table(each, only=len(mapped) == 1) for each in mapped]
        self._is_repeated = {each.name: repeated_keys(context, each) for each in mapped}

    def names(self) -> Iterator[str]:
        """The names of the items: one for each script that a row names, and one for the rows without any."""
        seen: set[str] = set()
        for table in self.tables:
            if table.script is None:
                seen.add(NO_SCRIPT)
                continue
            for page in read_pages(self.context.source, table.mapped.table, [table.script]):
                seen.update({item_name(row.values[0]) for row in page})
        return iter(sorted(seen))

    def rows(self, table: SourceTable, name: str, after: Sequence[Any] | None = None) -> Iterator[list[ReadRow]]:
        """The rows of an item in a table, in pages in the order of its key."""
        place = None if table.script is None else table.columns.index(table.script)
        if place is None and name != NO_SCRIPT:
            return
        source, described = self.context.source, table.mapped.table
        has_key = bool(described.key) or described.has_rowid
        start = tuple(after) if after is not None and has_key else None
        for page in read_pages(source, described, table.columns, after=start, where=self._where(table, name)):
            rows = [ReadRow(row.key, row.values) for row in page if place is None or _is_of(row.values[place], name)]
            if after is not None and not has_key:
                rows = [row for row in rows if row.place > tuple(after)]
            if rows:
                yield rows

    def plan(self, name: str, owners: Owners) -> list[PlannedRow]:
        """The rows of a script, in the order in which they were written."""
        planned: list[tuple[int, int, int, PlannedRow]] = []
        for number, table in enumerate(self.tables):
            at = 0
            for row in (row for page in self.rows(table, name) for row in page):
                each = self.planned(table, row)
                if each.fate == "write":
                    each = self._with_owner(table, each, row, owners)
                at = at if each.described is None or each.described.at is None else each.described.at
                planned.append((at, number, len(planned), each))
        return self._grown([each for *_, each in sorted(planned, key=lambda place: place[:3])])

    def planned(self, table: SourceTable, row: ReadRow) -> PlannedRow:
        """One row by itself: written, or quarantined because it cannot be."""
        values = [row.values[place] for place in table.key]
        key = row_key(values)
        planned = PlannedRow(
            table=table.mapped.name,
            key=key,
            hash=row_hash(self.context.hash_key, row.values),
            fate="write",
            origin=Origin(table=table.mapped.name[:64], key=origin_key(values)),
        )
        if self._is_repeated[table.mapped.name](key):
            return planned._replace(
                fate="quarantine", quarantined=QuarantinedRow(planned.table, key, "L40", KEY_REPEATED)
            )
        once = row.values
        if (column := _encoded_twice(table, row)) is not None:
            action = self.decision(table, "L12", row)
            if action in ("quarantine", "block", "skip"):
                return self.set_aside(table, planned, row, "L12", ENCODED_TWICE, column=column)
            if action == "repair":
                once = tuple(double_encoded(value) or value if isinstance(value, str) else value for value in once)
                planned = planned._replace(kept=whole_row(table, row))
        try:
            described = table.rows.translate(tuple(values), once)
        except UnfitRow as unfit:
            reason = f"The value of the column is refused: {unfit.refusal}."
            return self.set_aside(table, planned, row, unfit.code, reason, column=unfit.column)
        source = getattr(described.thing, "source", "user")
        actor = "" if described.user is None else _shown_actor(self._merged.kept(described.user))
        return planned._replace(described=described, origin=replace(planned.origin, author=source, actor=actor))

    def set_aside(  # noqa: PLR0913 - what a quarantined row says
        self, table: SourceTable, planned: PlannedRow, row: ReadRow, code: str, reason: str, *, column: str | None
    ) -> PlannedRow:
        """The row quarantined, skipped or kept as JSON, as was decided."""
        action = self.decision(table, code, row)
        if action == "skip":
            return planned._replace(fate="skip")
        if action in ("accept", "repair", "report"):
            return planned._replace(fate="keep", kept=whole_row(table, row))
        value = row.values[table.columns.index(column)] if column in table.columns else None
        data = None if value is None else text_of(value).encode(errors="surrogatepass")
        quarantined = QuarantinedRow(
            planned.table,
            planned.key,
            code,
            reason,
            column,
            None if data is None else len(data),
            None if data is None else keyed_hash(self.context.hash_key, data),
        )
        return planned._replace(fate="quarantine", quarantined=quarantined)

    def decision(self, table: SourceTable, code: str, row: ReadRow) -> str:
        """What was decided on a finding in a row."""
        if of_row := table.mapped.rule.decision(code, tuple(row.values[place] for place in table.key)):
            return of_row.do
        return self.context.mapping.decision(code) or CHECKS[code].decision

    def _with_owner(self, table: SourceTable, planned: PlannedRow, row: ReadRow, owners: Owners) -> PlannedRow:
        user = planned.described.user if planned.described is not None else None
        if user is None or not self._has_users:
            return planned
        ours = owners.user(user)
        if ours is None:
            code, reason = "L05", with_spelling(self.context, "users", user, "There is no such user.")
            if user in (0, "0"):
                code, reason = "L30", "The row belongs to user 0."
        elif ours != owners.of_script:
            code, reason = "L06", "The row belongs to another user than its script."
        else:
            return planned
        if code == "L06" and self.decision(table, code, row) in ("accept", "repair", "report"):
            return planned
        return self.set_aside(table, planned, row, code, reason, column=table.mapped.column("user_id"))

    def _grown(self, rows: list[PlannedRow]) -> list[PlannedRow]:
        """A story element that was saved again and again gets one id; by decision only its last row is written."""
        last: dict[tuple[str, str], int] = {}
        for number, row in enumerate(rows):
            thing = row.described.thing if row.described is not None else None
            if row.fate != "write" or not isinstance(thing, Element) or row.described is None:
                continue
            before = rows[place] if (place := last.get((row.table, thing.type))) is not None else None
            last[row.table, thing.type] = number
            if before is None or before.described is None or before.described.removed:
                continue
            if grows(before.described.content, row.described.content):
                renamed = replace(thing, id=before.thing.id)
                rows[number] = row._replace(described=row.described._replace(thing=renamed), grown=True)
                if self._collapses(row) and place is not None:
                    rows[place] = before._replace(fate="merge")
        return rows

    def _collapses(self, row: PlannedRow) -> bool:
        rule = self.context.mapping.tables[row.table]
        of_row = rule.decision("L31", (row.origin.key,))
        return (of_row.do if of_row else self.context.mapping.decision("L31")) == "repair"

    def _where(self, table: SourceTable, name: str) -> dict[str, Any] | None:
        """The condition that the source applies, which may let more rows through than those of the item."""
        if table.script is None or name.startswith("#"):
            return None
        if name == NO_SCRIPT:
            return {table.script: None}
        value = name[1:-1]
        if text := _PLAIN_TEXT.fullmatch(value):
            return {table.script: text[1]}
        if not value.lstrip("-").isdigit():
            return None
        is_number = table.mapped.described(table.script).kind in ("integer", "decimal", "any")
        return {table.script: int(value) if is_number else value}


class ReadRow(NamedTuple):
    """A row as it was read: the place in the order of its table, and its values."""

    place: tuple[Any, ...]
    values: Sequence[Any]


def _encoded_twice(table: SourceTable, row: ReadRow) -> str | None:
    """The column whose text was encoded twice, if one was."""
    for column, value in zip(table.columns, row.values, strict=False):
        if isinstance(value, str) and not value.isascii() and double_encoded(value) is not None:
            return column
    return None


def whole_row(table: SourceTable, row: ReadRow) -> tuple[str, str]:
    """A row as it is kept in legacy_rows: the table that it is kept as, and its columns as JSON."""
    return table.kept_as, columns_json(dict(zip(table.columns, row.values, strict=True)))


def item_name(script: Any) -> str:
    """The name of the item with the rows of a script."""
    name = row_key([script])
    return name if len(name) <= MAX_ITEM_NAME else f"#{sha256(name.encode()).hexdigest()}"


def _is_of(script: Any, name: str) -> bool:
    return item_name(script) == name


def _table(mapped: MappedTable, *, only: bool) -> SourceTable:
    described = mapped.table
    wanted = [column.name for column in described.columns if mapped.rule_of(column.name).drop is None]
    key = key_columns(mapped)
    columns = (*key, *(name for name in wanted if name not in key))
    return SourceTable(
        mapped=mapped,
        columns=columns,
        kept_as=f"{mapped.name}:row" if any(mapped.rule_of(name).keep for name in wanted) else mapped.name,
        key=tuple(map(columns.index, key)),
        script=mapped.column("script_id"),
        rows=DescribedRows(mapped, columns, prefix="" if only else mapped.name),
    )


def _shown_actor(user: Any) -> str:
    return origin_key([user])[:120]
