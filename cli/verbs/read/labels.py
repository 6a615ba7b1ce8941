"""List the drafts of a script: named versions.

Each is shown with the colour of its pages, its lock, and the time its version was recorded, in the order of versions.
"""

from __future__ import annotations

from typing import NamedTuple

import typer

from cli.client import database
from cli.json_documents.read import Draft, Labels
from cli.terminal import screen
from cli.terminal.options import AsJson, Script, example, prose
from domain.script.state import PLAIN, Mark
from repos.unit_of_work import RecordsTransaction

app = typer.Typer(add_completion=False)


class NamedVersion(NamedTuple):
    """A version with a name: its mark, and when it was recorded."""

    name: str
    version: int
    mark: Mark
    recorded_at: int


@app.command(help=prose(__doc__), epilog=example("scriptledger labels 1", "scriptledger labels 1 --json"))
def labels(script: Script, as_json: AsJson = False) -> None:
    with database.reading() as tx:
        drafts = _drafts(tx, script)
    if as_json:
        screen.print_json(Labels(script, [_document(draft) for draft in drafts]))
    elif drafts:
        screen.print_text(
            screen.table(("version", "draft", "color", "locked", "recorded"), map(_cells, drafts), right=("version",))
        )
    else:
        screen.print_text(f"No version of script {script} has a name; `scriptledger label {script} NAME` names one.")


def _drafts(tx: RecordsTransaction, script: int) -> list[NamedVersion]:
    head = database.state_of(tx, script)
    recorded = tx.provenance.of(script, head.labels.values()) if head.labels else {}
    return [
        NamedVersion(name, version, head.marks.get(name, PLAIN), recorded[version].recorded_at)
        for name, version in sorted(head.labels.items(), key=lambda label: (label[1], label[0]))
    ]


def _cells(draft: NamedVersion) -> tuple[str, ...]:
    locked = "locked" if draft.mark.locked else ""
    return str(draft.version), draft.name, draft.mark.color or "", locked, screen.moment(draft.recorded_at)


def _document(draft: NamedVersion) -> Draft:
    return Draft(draft.name, draft.version, draft.mark.color, draft.mark.locked, screen.iso(draft.recorded_at))
