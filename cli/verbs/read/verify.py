"""Verify that all stored data follows from the log.

It checks every version, every keyframe, the head, and the chain. The commands are replayed from the first to the last,
and each state hash is compared with the stored one. The state from the last keyframe and the deltas after it must be
the same; so must the script's row and the readers' view; and the log must match its seals. --resume continues from
where the last verification of each script stopped, finished or not, and does not repeat what it had verified.
--quarantine takes a script out of service if its log, or what is derived from it, is inconsistent: it takes no edits
until it is reopened. The hourly sample of the timetable does so too. Without the option nothing is changed.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, NamedTuple

import typer
from rich.progress import Progress, TaskID

from cli.client import database
from cli.client.all_scripts import every_script
from cli.json_documents import maintenance as documents
from cli.rendering.operate.repairs import repair_of
from cli.terminal import screen
from cli.terminal.exit_status import Exit
from cli.terminal.options import AsJson, example, prose
from cli.terminal.screen import progress
from materialization.clock import system_clock
from materialization.integrity.audit import audit
from materialization.integrity.quarantine import quarantine_if_broken
from materialization.integrity.verify import Verification
from repos.unit_of_work import UnitOfWork

app = typer.Typer(add_completion=False)


class Proof(NamedTuple):
    """The stored state hash of a script's head, the result of its verification, and whether it is out of service."""

    stored: str
    result: Verification
    quarantined: bool


@app.command(
    help=prose(__doc__),
    epilog=example(
        "scriptledger verify 1", "scriptledger verify --all --json", "scriptledger verify --all --resume --quarantine"
    ),
)
def verify(
    scripts: Annotated[
        list[int] | None, typer.Argument(metavar="SCRIPT", help="The ids of the scripts.", show_default=False)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All scripts.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue from where the last verification of each script stopped.")
    ] = False,
    out_of_service: Annotated[
        bool, typer.Option("--quarantine", help="Take inconsistent scripts out of service.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    if bool(scripts) == every:
        raise typer.BadParameter("give scripts or --all")
    verified: list[documents.Verified] = []
    consistent = True
    with database.opened() as unit_of_work, progress() as bars:
        for script in _all(unit_of_work) if every else scripts or []:
            proof = _prove(unit_of_work, script, bars, resume=resume, out_of_service=out_of_service)
            consistent = consistent and proof.result.finding is None
            if as_json:
                verified.append(_document(proof))
            else:
                screen.print_text(_sentence(proof))
    if as_json:
        screen.print_json(documents.Verification(verified))
    raise typer.Exit(Exit.DONE if consistent else Exit.CORRUPT)


def _all(unit_of_work: UnitOfWork) -> list[int]:
    with unit_of_work.reading() as tx:
        return list(every_script(tx))


def _prove(unit_of_work: UnitOfWork, script_id: int, bars: Progress, *, resume: bool, out_of_service: bool) -> Proof:
    with unit_of_work.reading() as tx:
        head = database.head_of(tx, script_id)
    bar: TaskID = bars.add_task(f"script {script_id}", total=head.version)
    moved = partial(_move, bars, bar)
    result = audit(unit_of_work, script_id, resume=resume, progress=moved)
    if out_of_service:
        result = quarantine_if_broken(unit_of_work, result, found_by="verify", now=system_clock())
    bars.remove_task(bar)
    with unit_of_work.reading() as tx:
        health = database.head_of(tx, script_id).health
    return Proof(head.state_hash.hex(), result, health == "quarantined")


def _move(bars: Progress, bar: TaskID, version: int) -> None:
    bars.update(bar, completed=version)


def _sentence(proof: Proof) -> str:
    result = proof.result
    if (finding := result.finding) is not None:
        state = ", and quarantined: it takes no edits" if proof.quarantined else ""
        return (
            f"Script {result.script_id} is inconsistent at version {finding.version}{state}: {finding.problem}. "
            f"{repair_of(result.script_id, finding, quarantined=proof.quarantined)}"
        )
    earlier = f" (those up to version {result.after} earlier)" if result.after else ""
    return (
        f"Script {result.script_id} is consistent: {screen.counted(result.versions, 'command')} replayed{earlier}, "
        f"{screen.counted(result.keyframes, 'keyframe')} compared, state hash {proof.stored}."
        + (
            f" It is quarantined: `scriptledger quarantine reopen {result.script_id}` takes it back into service."
            if proof.quarantined
            else ""
        )
    )


def _document(proof: Proof) -> documents.Verified:
    result = proof.result
    finding = result.finding
    return documents.Verified(
        script_id=result.script_id,
        sound=finding is None,
        versions=result.versions,
        after=result.after,
        keyframes=result.keyframes,
        state_hash=proof.stored,
        finding=finding and documents.Finding(finding.version, finding.problem, finding.repair),
        quarantined=proof.quarantined,
    )
