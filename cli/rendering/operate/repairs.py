"""What to do about a finding of a verification, as one sentence."""

from __future__ import annotations

from materialization.integrity.verify import Finding


def repair_of(script_id: int, finding: Finding, *, quarantined: bool = False) -> str:
    """The sentence that says what repairs a script; for a quarantined one, also what takes it back into service."""
    reopen = f", then `scriptledger quarantine reopen {script_id}`" if quarantined else ""
    if finding.repair == "restore":
        return f"The log itself is damaged, and only a backup has what it held: restore it from there{reopen}."
    if finding.repair == "rebuild":
        derive = f"`scriptledger rebuild {script_id} --accept-differences` derives it again"
        return f"What is derived from the log is wrong: {derive}{reopen}."
    if quarantined:
        return f"Only readers see it wrong: `scriptledger quarantine reopen {script_id}` writes that again."
    return f"Only readers see it wrong: `scriptledger materialize run {script_id} --from-scratch` writes that again."
