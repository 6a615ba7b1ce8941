"""The check: which touchpoints a policy forbids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from gates.findings import Finding
from gates.static_scan.files.source_files import fits
from gates.static_scan.inventory import Inventory
from gates.static_scan.policy import Exemption, Policy
from gates.static_scan.touchpoint import Touchpoint

TITLES = {
    "write-outside-repositories": "Only the allowed modules write to the database.",
    "version-write-outside-materializer": "Only the materializer writes versions and commands.",
    "ai-write": "An AI path writes submissions, and nothing else.",
    "driver-route": "Only the allowed modules load a driver, open a connection or lift a limit of a session.",
    "not-read": "A file that is not read may hide anything.",
}
UNREAD = "not-read"


class Checked(NamedTuple):
    """The findings of a check, and the exceptions that excuse none."""

    findings: list[Finding]
    excused: int
    unused: list[Exemption]


def check(inventory: Inventory, policy: Policy) -> Checked:
    """What the policy forbids of what there is."""
    reached = [*inventory.touchpoints, *(inventory.other_stores if policy.check_other_stores else ())]
    found = [*_forbidden(reached, policy), *_of_own_rules(inventory), *_unread(inventory)]
    used: set[Exemption] = set()
    kept = []
    for finding in found:
        excuse = next(
            (each for each in policy.exceptions if each.rule == finding.rule and fits(finding.file, each.path)), None
        )
        if excuse is None:
            kept.append(finding)
        else:
            used.add(excuse)
    kept.sort(key=lambda finding: (finding.file, finding.line, finding.rule))
    return Checked(kept, len(found) - len(kept), [each for each in policy.exceptions if each not in used])


def _forbidden(touchpoints: Iterable[Touchpoint], policy: Policy) -> Iterator[Finding]:
    allowed = policy.allowed
    ai_tables = {table.lower() for table in policy.ai.tables}
    for each in touchpoints:
        of_versions = each.domain in ("versions", "commands") and each.table.lower() not in ai_tables
        in_versions = _inside(each.file, allowed.versions)
        if each.access == "connection":
            if not _inside(each.file, allowed.connections):
                yield _finding("driver-route", each, each.message)
        elif each.writes and _inside(each.file, policy.ai.paths):
            if each.table.lower().rpartition(".")[2] not in ai_tables:
                yield _finding("ai-write", each, f"An AI path {_does(each)}: it may only submit.")
        elif each.writes and of_versions and not in_versions and allowed.versions:
            yield _finding("version-write-outside-materializer", each, f"It {_does(each)}: only the materializer may.")
        elif each.writes and not in_versions and not _inside(each.file, allowed.writes):
            yield _finding("write-outside-repositories", each, f"It {_does(each)}: only the allowed modules may.")


def _does(each: Touchpoint) -> str:
    what = "writes" if each.access == "write" else "may write"
    through = f" ({each.message.rstrip('.')})" if each.access == "unknown" else ""
    return f"{what} to {each.table or 'a table chosen at run time'}{through}"


def _finding(rule: str, each: Touchpoint, message: str) -> Finding:
    return Finding(
        rule=rule,
        level="error",
        file=each.file,
        line=each.line,
        end_line=each.end_line,
        message=message,
        function=each.function,
        access=each.access,
        table=each.table,
        domain=each.domain,
        code=each.code,
    )


def _of_own_rules(inventory: Inventory) -> Iterator[Finding]:
    for match in inventory.matches:
        rule = match.rule
        yield Finding(rule.id, rule.severity, match.file, match.line, match.end_line, rule.message, code=match.code)


def _unread(inventory: Inventory) -> Iterator[Finding]:
    return (Finding(UNREAD, "error", each.file, each.line, each.line, each.sentence) for each in inventory.unread)


def _inside(path: str, patterns: Sequence[str]) -> bool:
    return any(fits(path, pattern) for pattern in patterns)
