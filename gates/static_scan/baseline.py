"""The baseline: findings that are known and may only become fewer. It is kept in the repository, as a JSON file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct

from domain.errors import Rejected
from gates.findings import Finding

MAX_BASELINE_BYTES = 64 << 20
FORMAT = "scriptledger-gates-baseline"
VERSION = 1


class BadBaseline(Rejected):
    """The baseline {file} cannot be used: {reason}."""


class BaselineGrows(Rejected):
    """The baseline {file} may only shrink, and it lacks {count} of these findings: mend them, first {where}."""


class KnownFinding(Struct, frozen=True, forbid_unknown_fields=True):
    """A finding that is known: its key, where it was, and how many times it is there."""

    key: str
    rule: str
    file: str
    count: int


class Baseline(Struct, frozen=True, forbid_unknown_fields=True):
    """The known findings of a tree."""

    format: str
    version: int
    findings: tuple[KnownFinding, ...] = ()


class Compared(NamedTuple):
    """Findings that are not in the baseline, the number of those that are, and the known ones that are gone."""

    fresh: list[Finding]
    known: int
    gone: list[KnownFinding]


def decode_baseline(file: str, data: bytes, paths: Iterable[str], *, is_clean: bool = False) -> Baseline:
    """The baseline in a file; `paths` are the files of the tree, in which nothing is found if `is_clean`.

    Raises:
        BadBaseline: it is none, or that of another tree.
    """
    try:
        baseline = msgspec.json.decode(data, type=Baseline, strict=True)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BadBaseline(file=file, reason=f"it is not a baseline: {str(error).rstrip('.')}") from None
    if baseline.format != FORMAT or baseline.version != VERSION:
        raise BadBaseline(file=file, reason="it is not a baseline, or one of another version of scriptledger")
    if any(each.count < 1 for each in baseline.findings):
        raise BadBaseline(file=file, reason="a finding is in it less than once")
    if len({each.key for each in baseline.findings}) != len(baseline.findings):
        raise BadBaseline(file=file, reason="a finding is in it twice")
    files = {each.file for each in baseline.findings}
    if files and not is_clean and not files & {*paths}:
        raise BadBaseline(file=file, reason="it is that of another tree: none of its files is here")
    return baseline


def compare(baseline: Baseline, findings: Sequence[Finding]) -> Compared:
    """What is new, and what is gone."""
    left = Counter({each.key: each.count for each in baseline.findings})
    fresh: list[Finding] = []
    known = 0
    for finding in findings:
        if left[finding.key] > 0:
            left[finding.key] -= 1
            known += 1
        else:
            fresh.append(finding)
    return Compared(fresh, known, [each for each in baseline.findings if left[each.key] > 0])


def baseline_of(findings: Sequence[Finding]) -> Baseline:
    """The baseline that knows these findings."""
    counts = Counter(finding.key for finding in findings)
    first = {finding.key: finding for finding in reversed(findings)}
    known = [KnownFinding(key, first[key].rule, first[key].file, count) for key, count in counts.items()]
    return Baseline(FORMAT, VERSION, tuple(sorted(known, key=lambda each: (each.file, each.rule, each.key))))


def encode_baseline(baseline: Baseline) -> bytes:
    """The baseline as a file, one line a finding, so that a change is a line in a review."""
    return msgspec.json.format(msgspec.json.encode(baseline), indent=1) + b"\n"
