"""Prove that what is stored follows from the log.

Every version, every keyframe, the head, and the chain itself. The commands are replayed from the first to the last,
and each state hash is compared with the one stored. The state read the other way, from the last keyframe and the deltas
behind it, must be the same; so must the script's row and what readers see; and the log must still be the one that was
sealed. --resume goes on from where the last verification of each script stood, ended or not, and takes for granted what
it had verified.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import typer
from rich.progress import Progress, TaskID

from cli.client import database
from cli.client.all_scripts import every_script
from cli.terminal import screen
from cli.terminal.exit_status import Exit
from cli.terminal.options import AsJson, example, prose
from cli.terminal.screen import progress
from materialization.integrity.audit import audit
from materialization.integrity.verify import Verification
from repos.unit_of_work import UnitOfWork

app = typer.Typer(add_completion=False)


class Proof(NamedTuple):
    """The state hash of a script's head as stored, and what became of its verification."""

    stored: str
    found: Verification


@app.command(
    help=prose(__doc__),
    epilog=example("scriptledger verify 1", "scriptledger verify --all --json", "scriptledger verify --all --resume"),
)
def verify(
    scripts: Annotated[
        list[int] | None, typer.Argument(metavar="SCRIPT", help="Which scripts.", show_default=False)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every script there is.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from where the last verification of each script stood.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    if bool(scripts) == every:
        raise typer.BadParameter("name scripts, or say --all")
    rows: list[dict[str, Any]] = []
    sound = True
    with database.opened() as unit_of_work, progress() as bars:
        for script in _all(unit_of_work) if every else scripts or []:
            proof = _prove(unit_of_work, script, bars, resume=resume)
            sound = sound and proof.found.finding is None
            if as_json:
                rows.append(_as_json(proof))
            else:
                screen.say(_sentence(proof))
    if as_json:
        screen.print_json({"scripts": rows})
    raise typer.Exit(Exit.DONE if sound else Exit.CORRUPT)


def _all(unit_of_work: UnitOfWork) -> list[int]:
    with unit_of_work.reading() as tx:
        return list(every_script(tx))


def _prove(unit_of_work: UnitOfWork, script_id: int, bars: Progress, *, resume: bool) -> Proof:
    with unit_of_work.reading() as tx:
        head = database.head_of(tx, script_id)
    bar: TaskID = bars.add_task(f"script {script_id}", total=head.version)
    found = audit(unit_of_work, script_id, resume=resume, progress=lambda version: bars.update(bar, completed=version))
    bars.remove_task(bar)
    return Proof(head.state_hash.hex(), found)


def _sentence(proof: Proof) -> str:
    found = proof.found
    if (finding := found.finding) is not None:
        return f"Script {found.script_id} contradicts itself at version {finding.version}: {finding.problem}."
    earlier = f" (those up to version {found.after} earlier)" if found.after else ""
    return (
        f"Script {found.script_id} is sound: {screen.counted(found.versions, 'command')} replayed{earlier}, "
        f"{screen.counted(found.keyframes, 'keyframe')} compared, state hash {proof.stored}."
    )


def _as_json(proof: Proof) -> dict[str, Any]:
    found = proof.found
    finding = found.finding
    return {
        "script_id": found.script_id,
        "sound": finding is None,
        "versions": found.versions,
        "after": found.after,
        "keyframes": found.keyframes,
        "state_hash": proof.stored,
        "finding": finding and {"version": finding.version, "problem": finding.problem},
    }
