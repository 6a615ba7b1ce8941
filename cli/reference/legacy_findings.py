"""The reference page of the defects that a scan of a legacy database finds."""

from __future__ import annotations

from collections.abc import Iterator

from backfill.checks.registry import CHECKS
from backfill.mapping.decisions.allowed_decisions import ALLOWED, allowed_actions

HEAD = """# Findings of a scan

What `scriptledger legacy scan` finds in a legacy database. The code is stable: a mapping file decides about it under
`[decisions]`, or for one row. Without a decision, the default holds:

* **block**: the cut-over waits until a person decides;
* **quarantine**: the row is set aside and kept, and everything else goes on;
* **repair**: the row comes over repaired, and the repair is reported;
* **report**: the row comes over as it is.

| code | finding | default | blocked until decided |
| --- | --- | --- | --- |"""


ROWS = """
## Decisions about one row

What `decisions` in the rule of a table may say about a finding in one row, by what the row becomes:

* **quarantine**: the row is set aside;
* **skip**, with a `reason`: the row is left out, and counted as skipped;
* **assign**, with `to`: it gets this user, or user 0 this id;
* **merge**, with `to`: the account is a part of this user;
* **accept**: the row comes over as it is, or is kept as JSON where it cannot be what it should;
* **repair**: the row comes over repaired.

Of any other finding the row comes over: **accept** may be written where its default is report, and **repair** where it
is repair. Any row of a table that becomes `legacy_rows` may be quarantined or skipped. `legacy map --check` refuses all
other decisions.

| row of | code | decisions |
| --- | --- | --- |"""


def page() -> str:
    """The page, as Markdown."""
    rows = [f"| `{code}` | {check.title} | {check.decision} | {check.blocks} |" for code, check in CHECKS.items()]
    return "\n".join([HEAD, *rows, ROWS, *_decisions()]) + "\n"


def _decisions() -> Iterator[str]:
    """The decisions about one row, codes with the same ones together."""
    for target, codes in ALLOWED.items():
        by_actions: dict[tuple[str, ...], list[str]] = {}
        for code in sorted(codes):
            by_actions.setdefault(allowed_actions(target, code), []).append(f"`{code}`")
        for actions, named in by_actions.items():
            yield f"| {target} | {', '.join(named)} | {', '.join(actions)} |"
