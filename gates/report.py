"""Reports of findings for other programs: SARIF 2.1.0, which code hosts show at the line, and Markdown."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote

from domain.ci_commands import json_without_commands
from domain.counting import counted
from domain.visible_text import visible
from gates.findings import Finding
from gates.static_scan.domains import DOMAINS
from gates.static_scan.inventory import Inventory
from gates.static_scan.touchpoint import Touchpoint

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ACCESS = ("read", "write", "unknown", "connection")


def sarif(findings: Iterable[Finding], titles: Mapping[str, str], *, version: str) -> bytes:
    """Findings as a SARIF log with one run."""
    listed = list(findings)
    rules = sorted({finding.rule for finding in listed} | titles.keys())
    places = {rule: place for place, rule in enumerate(rules)}
    seen: Counter[str] = Counter()
    log = {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "scriptledger gates",
                        "version": version,
                        "rules": [
                            {"id": rule, "shortDescription": {"text": titles.get(rule, rule) or rule}} for rule in rules
                        ],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(finding, places[finding.rule], seen) for finding in listed],
            }
        ],
    }
    return json_without_commands(json.dumps(log, indent=1, ensure_ascii=True)).encode() + b"\n"


def _result(finding: Finding, place: int, seen: Counter[str]) -> dict[str, object]:
    seen[finding.key] += 1
    name = finding.file.encode(errors="surrogateescape")
    return {
        "ruleId": finding.rule,
        "ruleIndex": place,
        "level": finding.level,
        "message": {"text": visible(finding.message)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(name)},
                    "region": {"startLine": finding.line, "endLine": max(finding.line, finding.end_line)},
                }
            }
        ],
        "partialFingerprints": {"scriptledgerKey/v1": f"{finding.key}:{seen[finding.key]}"},
    }


def touchpoint_findings(inventory: Inventory) -> list[Finding]:
    """An inventory as findings: touchpoints as notes, what was not read as warnings."""
    found = [
        Finding(
            rule=each.rule,
            level="note",
            file=each.file,
            line=each.line,
            end_line=each.end_line,
            message=f"{each.access} of {each.table or 'an unknown table'} ({each.domain}). {each.message}",
            function=each.function,
            access=each.access,
            table=each.table,
            domain=each.domain,
            code=each.code,
        )
        for each in inventory.touchpoints
    ]
    unread = (
        Finding(each.code, "warning", each.file, each.line, each.line, each.sentence) for each in inventory.unread
    )
    return [*found, *unread]


def counts(touchpoints: Iterable[Touchpoint]) -> list[tuple[str, list[int]]]:
    """The number of touchpoints by domain: reads, writes, unknown, connections; domains without any are left out."""
    number: Counter[tuple[str, str]] = Counter((each.domain, each.access) for each in touchpoints)
    rows = [(domain, [number[domain, access] for access in _ACCESS]) for domain in DOMAINS]
    return [(domain, row) for domain, row in rows if any(row)]


def texts_sentence(inventory: Inventory) -> str:
    """Sentences on what is no touchpoint, each after a blank; empty if there is nothing."""
    texts, others = len(inventory.texts), len(inventory.other_stores)
    writes = sum(each.writes for each in inventory.texts)
    of_them = f" ({counted(writes, 'write')})" if writes else ""
    shown = f" SQL in {counted(texts, 'text')}{of_them} that code only keeps and shows is not counted." if texts else ""
    return shown + (f" Calls of MongoDB are not counted: {others}." if others else "")


def markdown(root: str, inventory: Inventory) -> str:
    """An inventory as a page of Markdown."""
    lines = [
        f"# Database touchpoints of {_cell(root)}",
        "",
        f"{counted(inventory.files, 'file')}, {counted(inventory.lines, 'line')}, "
        f"{counted(len(inventory.touchpoints), 'touchpoint')}.{texts_sentence(inventory)}",
        "",
    ]
    if inventory.unread:
        lines += ["## Not read", "", "Nothing is known about these.", ""]
        lines += _table(("place", "why"), [(f"{each.file}:{each.line}", each.sentence) for each in inventory.unread])
    lines += ["## By domain", ""]
    lines += _table(
        ("domain", "reads", "writes", "unknown", "connections"),
        [(domain, *map(str, row)) for domain, row in counts(inventory.touchpoints)],
    )
    for domain in DOMAINS:
        group = [each for each in inventory.touchpoints if each.domain == domain]
        if group:
            lines += [f"## {domain}", ""]
            lines += _table(("place", "function", "access", "table", "how", "code"), [_row(each) for each in group])
    if inventory.texts:
        lines += ["## Texts that are only kept and shown", "", "No code in this tree is known to run these.", ""]
        lines += _table(
            ("place", "function", "access", "table", "how", "code"), [_row(each) for each in inventory.texts]
        )
    if inventory.skipped:
        lines += ["## Left out", ""]
        lines += _table(("path", "why"), [(each.path, each.reason) for each in inventory.skipped])
    return "\n".join(lines)


def _row(each: Touchpoint) -> tuple[str, ...]:
    access = each.access if each.confident else f"{each.access} (unsure)"
    return f"{each.file}:{each.line}", each.function, access, each.table or "?", each.api, each.code


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    head = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    return [*head, *("| " + " | ".join(map(_cell, row)) + " |" for row in rows), ""]


def _cell(text: str) -> str:
    """A text in a table: nothing in it is markup."""
    escaped = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace("\\", "\\\\")
    for sign in "|`*_[]#":
        escaped = escaped.replace(sign, "\\" + sign)
    return escaped.encode(errors="backslashreplace").decode()
