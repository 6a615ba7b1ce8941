"""The scope of a scan: its tables, and what the checks have to remember about users and scripts."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from backfill.mapping.mapped_table import MappedTable
from backfill.mapping.model import Mapping
from backfill.scanning.batch import Batch
from backfill.scanning.finding import UNKNOWN_DAY, Decision, Loss, day_of, keyed_hash
from backfill.scanning.key_index import KeyIndex, folded_number, number_of
from backfill.scanning.merged_users import MergedUsers
from domain.accounts import email_key
from repos.legacy.catalog import Catalog

# A clock that is ahead by less is no defect.
CLOCK_TOLERANCE = timedelta(days=1)
# What a decision on one row means for its finding.
ROW_DECISIONS: dict[str, Decision] = {
    "quarantine": "quarantine",
    "skip": "quarantine",
    "repair": "repair",
    "assign": "repair",
    "accept": "report",
    "merge": "repair",
}
NO_OWNER = -(1 << 63)
# The number of the first key that is not one itself.
FIRST_COUNTED = 1 << 62
_SMALL_INTEGER = re.compile(r"-?[1-9][0-9]{0,17}|0", re.ASCII)
# An index holds 63 bits; no script was saved as often.
MAX_COUNTER = 1 << 62
# Different days of saves that are counted; more are no times.
MAX_DAYS = 36_525


class RowKeys:
    """Keys of rows as numbers, distinguished by size: small integers are their own, all others are counted."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def number(self, text: str) -> int:
        """The number of a key as it is shown."""
        if _SMALL_INTEGER.fullmatch(text):
            return int(text)
        self._texts.append(text)
        return FIRST_COUNTED + len(self._texts) - 1

    def dump(self) -> list[bytes]:
        """The keys that are no integers, as bytes."""
        return ["\n".join(self._texts).encode()]

    def load(self, parts: list[bytes]) -> None:
        """Take over the keys of a dump."""
        self._texts = parts[0].decode().split("\n") if parts[0] else []

    def text(self, number: int) -> str:
        """The key with this number."""
        return str(number) if number < FIRST_COUNTED else self._texts[number - FIRST_COUNTED]


class Scope:
    """What all checks of one scan know."""

    def __init__(self, catalog: Catalog, mapping: Mapping, *, hash_key: bytes, now: datetime | None = None) -> None:
        self.catalog = catalog
        self.mapping = mapping
        self._hash_key = hash_key
        latest = (now or datetime.now(UTC)) + CLOCK_TOLERANCE
        self.latest = latest.strftime("%Y-%m-%d %H:%M:%S")
        self.tables = [
            MappedTable(table, mapping.tables[table.name], hash_key)
            for table in catalog
            if table.name in mapping.tables and mapping.tables[table.name].becomes is not None
        ]
        self._by_name = {table.name: table for table in self.tables}
        self._targets = {table.target for table in self.tables}
        self.merged_users = MergedUsers(self.tables_for("users"))
        self.users = KeyIndex()
        self.emails = KeyIndex()  # with the number of the user
        self.scripts = KeyIndex()  # with the number of the owner
        # Keys that are texts, folded, by what they are keys of.
        self._spellings = {"user_id": KeyIndex(), "script_id": KeyIndex()}
        self.script_keys = RowKeys()
        self.script_key_numbers = KeyIndex()  # of scripts whose keys are not the number of their id
        self.counters = KeyIndex()  # of saves, where the script has one
        self.heads = KeyIndex()  # hashes of the latest texts
        self.saves_of = array("l")  # by the place of the script
        self.losses: list[Loss] = []
        self.saves_by_day: dict[str, int] = {}
        self.overwritten_saves = 0
        self.overwritten_scripts = 0

    def decision(self, code: str, table: str, key: str | None) -> Decision | None:
        """What the mapping decides on a finding; None: nothing."""
        mapped = self._by_name.get(table)
        if mapped is not None and key is not None and (row := mapped.decision(code, key)):
            return ROW_DECISIONS[row.do]
        return self.mapping.decision(code)

    def keyed_hash(self, data: bytes) -> str:
        """The hash of a value."""
        return keyed_hash(self._hash_key, data)

    def tables_for(self, *targets: str) -> list[MappedTable]:
        """The tables that become one of these targets."""
        return [table for table in self.tables if table.target in targets]

    @property
    def has_versions(self) -> bool:
        """Whether a table holds saves of scripts."""
        return bool(self.tables_for("versions", "lines"))

    def remember(self, batch: Batch) -> None:
        """Keep what other checks need of users and scripts."""
        if batch.table.target == "users":
            for user, email in zip(batch.field("id"), batch.field("email"), strict=True):
                self.users.add(number_of(user))
                self.emails.add(number_of(email_key(str(email))), self.person(user))
                self._remember_spelling("user_id", user)
        elif batch.table.target == "scripts":
            for place, (script, owner, counter) in enumerate(
                zip(batch.field("id"), batch.field("user_id"), batch.field("version_number"), strict=True)
            ):
                number = number_of(script)
                self._remember_spelling("script_id", script)
                self.scripts.add(number, NO_OWNER if owner is None else self.person(owner))
                if (key := batch.key(place)) != str(number):
                    self.script_key_numbers.add(number, self.script_keys.number(key))
                if isinstance(counter, int) and abs(counter) < MAX_COUNTER:
                    self.counters.add(number, counter)

    def _remember_spelling(self, field: str, key: Any) -> None:
        if (number := folded_number(key)) is not None:
            self._spellings[field].add(number)

    def has_other_spelling(self, field: str, key: Any) -> bool:
        """Whether a key that names no user or script differs from one only in case or in blanks around it."""
        number = folded_number(key)
        return number is not None and number in self._spellings[field]

    def is_user(self, user: Any) -> bool:
        """Whether a user exists; where no table is mapped to users, no user is missing."""
        return "users" not in self._targets or number_of(user) in self.users

    def person(self, user: Any) -> int:
        """The number of a user, or of the one that it is merged into."""
        return self.merged_users.number(user)

    def writer(self, actor: Any) -> int:
        """The number of the user who saved, named by id or by address."""
        if isinstance(actor, str) and "@" in actor and not self.is_user(actor):
            found = self.emails.get(number_of(email_key(actor)))
            return self.person(actor) if found is None else found
        return self.person(actor)

    def is_script(self, script: Any) -> bool:
        """Whether a script exists; where no table is mapped to scripts, none is missing."""
        return "scripts" not in self._targets or number_of(script) in self.scripts

    def owner(self, script: Any) -> int | None:
        """The number of a script's owner, as `person` gives it; None if it has none or does not exist."""
        owner = self.scripts.get(number_of(script))
        return None if owner == NO_OWNER else owner

    def count_save(self, script: Any) -> None:
        """Count a save of a script."""
        if not self.saves_of:
            self.saves_of = array("l", [0]) * len(self.scripts)
        if (place := self.scripts.place(number_of(script))) is not None:
            self.saves_of[place] += 1

    def save_count(self, script: Any) -> int:
        """The saves of a script that were counted."""
        place = self.scripts.place(number_of(script)) if self.saves_of else None
        return 0 if place is None else self.saves_of[place]

    def count_day(self, at: str) -> None:
        """Count a save on its day; the days of a century are counted one by one."""
        day = day_of(at)
        if day not in self.saves_by_day and len(self.saves_by_day) >= MAX_DAYS:
            day = UNKNOWN_DAY
        self.saves_by_day[day] = self.saves_by_day.get(day, 0) + 1

    def counted_scripts(self) -> Iterator[tuple[str, int, int | None]]:
        """Each script with its number of saves and its counter."""
        saves = self.saves_of or array("l", [0]) * len(self.scripts)
        for place, script in enumerate(self.scripts.keys()):
            yield self.script_key(script), saves[place], self.counters.get(script)

    def script_key(self, number: int) -> str:
        """The key of the row of a script, given the number of its id, as reports show it."""
        row = self.script_key_numbers.get(number)
        return str(number) if row is None else self.script_keys.text(row)
