"""List the drafts of a script: named versions.

Each is shown with the colour of its pages, its lock, and the time its version was recorded, in the order of versions.
"""

from __future__ import annotations

from typing import Any

import typer

from cli.client import database
from cli.terminal import screen
from cli.terminal.options import AsJson, Script, example, prose
from domain.script.state import PLAIN
from repos.unit_of_work import RecordsTransaction

app = typer.Typer(add_completion=False)


@app.command(help=prose(__doc__), epilog=example("scriptledger labels 1", "scriptledger labels 1 --json"))
def labels(script: Script, as_json: AsJson = False) -> None:
    with database.reading() as tx:
        drafts = _drafts(tx, script)
    if as_json:
        documents = [{**draft, "recorded_at": screen.iso(draft["recorded_at"])} for draft in drafts]
        screen.print_json({"script_id": script, "labels": documents})
    elif drafts:
        screen.print_text(
            screen.table(("version", "draft", "color", "locked", "recorded"), map(_row, drafts), right=("version",))
        )
    else:
        screen.print_text(f"No version of script {script} has a name; `scriptledger label {script} NAME` names one.")


def _drafts(tx: RecordsTransaction, script: int) -> list[dict[str, Any]]:
    head = database.state_of(tx, script)
    recorded = tx.provenance.of(script, head.labels.values()) if head.labels else {}
    drafts = []
    for name, version in sorted(head.labels.items(), key=lambda label: (label[1], label[0])):
        mark = head.marks.get(name, PLAIN)
        draft = {"name": name, "version": version, "color": mark.color, "locked": mark.locked}
        drafts.append({**draft, "recorded_at": recorded[version].recorded_at})
    return drafts


def _row(draft: dict[str, Any]) -> tuple[str, ...]:
    return (
        str(draft["version"]),
        draft["name"],
        draft["color"] or "",
        "locked" if draft["locked"] else "",
        screen.moment(draft["recorded_at"]),
    )
