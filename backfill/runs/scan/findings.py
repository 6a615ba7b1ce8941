"""The findings of a scan: all are counted, and the first ones of each code are kept for reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from backfill.checks.registry import CHECKS
from backfill.scanning.finding import Decision, Finding

KEPT_PER_CODE = 1_000


class Findings:
    """Findings by code; of each code at most `limit` are kept."""

    def __init__(self, *, limit: int = KEPT_PER_CODE) -> None:
        self._limit = limit
        self._counts: Counter[tuple[str, Decision]] = Counter()
        self._kept: dict[str, list[Finding]] = {}

    def add(self, findings: Iterable[Finding]) -> None:
        """Count findings, and keep them as long as there are few of their code."""
        for finding in findings:
            self._counts[finding.code, finding.decision] += 1
            kept = self._kept.setdefault(finding.code, [])
            if len(kept) < self._limit:
                kept.append(finding)

    def restore(self, counts: dict[str, dict[Decision, int]], kept: Iterable[Finding]) -> None:
        """Continue with the findings of an interrupted scan."""
        for code, by_decision in counts.items():
            for decision, count in by_decision.items():
                self._counts[code, decision] += count
        for finding in kept:
            of_code = self._kept.setdefault(finding.code, [])
            if len(of_code) < self._limit:
                of_code.append(finding)

    def merge(self, others: Findings) -> None:
        """Take over other findings."""
        self.restore(others.counts(), others.kept())

    def counts(self) -> dict[str, dict[Decision, int]]:
        """The number of findings by code and decision, in the order of the codes."""
        by_code: dict[str, dict[Decision, int]] = {}
        for (code, decision), count in sorted(self._counts.items()):
            by_code.setdefault(code, {})[decision] = count
        return by_code

    def kept(self) -> list[Finding]:
        """The kept findings in the order of the codes."""
        return [finding for code in sorted(self._kept) for finding in self._kept[code]]

    @property
    def blocking(self) -> list[str]:
        """The codes with a finding that blocks."""
        return sorted({code for code, decision in self._counts if decision == "block" and code in CHECKS})
