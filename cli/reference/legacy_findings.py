"""The reference page of the defects that a scan of a legacy database finds."""

from __future__ import annotations

from backfill.checks.registry import CHECKS

HEAD = """# Findings of a scan

What `scriptledger legacy scan` finds in a legacy database. The code is stable: a mapping file decides about it under
`[decisions]`, or for one row. Without a decision, the default holds:

* **block**: the cut-over waits until a person decides;
* **quarantine**: the row is set aside and kept, and everything else goes on;
* **repair**: the row comes over repaired, and the repair is reported;
* **report**: the row comes over as it is.

| code | finding | default | blocked until decided |
| --- | --- | --- | --- |"""


def page() -> str:
    """The page, as Markdown."""
    rows = [f"| `{code}` | {check.title} | {check.decision} | {check.blocks} |" for code, check in CHECKS.items()]
    return "\n".join([HEAD, *rows]) + "\n"
