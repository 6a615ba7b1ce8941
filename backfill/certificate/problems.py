"""The problems that a pass finds, by check: all are counted, and the first ones kept."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping

from backfill.certificate.document import CheckResult, Problem
from backfill.scanning.finding import keyed_hash

MAX_PROBLEMS = 1_000
# Keys that are ids: anything else, such as an address or a token, is shown as a hash.
# An id, or the hash that a key was replaced by before.
_SAFE = re.compile(r"[A-Za-z0-9_-]{1,36}|#[0-9a-f]{16,64}", re.ASCII)

# Each check, in the order in which they are made.
CHECKS: Mapping[str, str] = {
    "run": "the run is finished, and nothing of it has failed",
    "rows": "every row of the source is migrated, merged, quarantined, skipped or dropped",
    "decisions": "every quarantined row was decided",
    "proof": "every row, read again from the ledger, is as in the source",
    "ledger": "the logs, versions and projections of all scripts follow from each other",
    "source": "the source was not written to",
}
# What each of them compares.
UNITS: Mapping[str, str] = {
    "run": "run",
    "rows": "row",
    "decisions": "row",
    "proof": "item",
    "ledger": "script",
    "source": "table",
}


class Problems:
    """What was found so far."""

    def __init__(self, hash_key: bytes, secret: Collection[str] = ()) -> None:
        self._hash_key = hash_key
        # Tables whose keys may be secrets.
        self._secret = secret
        self._found: Counter[str] = Counter()
        self._compared: Counter[str] = Counter()
        self.kept: list[Problem] = []

    def compared(self, check: str, count: int = 1) -> None:
        """Count what a check compared."""
        self._compared[check] += count

    def add(self, check: str, sentence: str, table: str = "", key: str = "") -> None:
        """Count a problem, and keep it if there are few."""
        self._found[check] += 1
        if len(self.kept) < MAX_PROBLEMS:
            self.kept.append(Problem(check, table, self.shown(key, secret=table in self._secret), sentence))

    def add_first(self, check: str, sentence: str, table: str) -> None:
        """Count a problem that explains others, and keep it before them."""
        self._found[check] += 1
        self.kept.insert(0, Problem(check, table, "", sentence))

    def add_all(self, later: Problems) -> None:
        """Count and keep what others were given after these."""
        self._found.update(later._found)
        self._compared.update(later._compared)
        self.kept += later.kept[: MAX_PROBLEMS - len(self.kept)]

    @property
    def count(self) -> int:
        """All problems."""
        return self._found.total()

    def results(self) -> list[CheckResult]:
        """The result of each check."""
        return [CheckResult(name, about, self._compared[name], self._found[name]) for name, about in CHECKS.items()]

    def shown(self, key: str, *, secret: bool = False) -> str:
        """A key that is safe to show: a number or an id as it is, anything else as a keyed hash; or numbers only."""
        if not key:
            return ""
        try:
            parts = json.loads(key)
        except ValueError:
            parts = key
        shown = [self._part(part, secret=secret) for part in (parts if isinstance(parts, list) else [parts])]
        return "/".join(shown)

    def _part(self, part: object, *, secret: bool) -> str:
        if part is None or isinstance(part, int):
            return str(part)
        if isinstance(part, str) and not secret and _SAFE.fullmatch(part):
            return part
        return f"#{keyed_hash(self._hash_key, str(part).encode(errors='surrogateescape'))}"
