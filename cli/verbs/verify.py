"""Prove that what is stored follows from the log.

Every version, every keyframe, the head, and the chain itself. The commands are replayed from the first to the last, and each state hash is compared with the one stored. The state
read the other way, from the last keyframe and the deltas behind it, must be the same.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import typer
from rich.progress import Progress, TaskID

from cli import ledger, screen
from cli.ending import Exit
from cli.help_text import example, prose
from cli.options import AsJson
from cli.progress import progress
from domain.hashing import state_hash_bytes
from materialization.history import state_at
from materialization.verify import Verification
from materialization.verify import verify as verify_script
from repos.unit_of_work import RecordsWork

app = typer.Typer(add_completion=False)

PAGE = 1_000


class Proof(NamedTuple):
    """The state hash of a script's head as stored and as read from keyframe and deltas; its replay."""

    stored: str
    read: str
    replay: Verification


@app.command(help=prose(__doc__), epilog=example("scriptledger verify 1", "scriptledger verify --all --json"))
def verify(
    scripts: Annotated[
        list[int] | None, typer.Argument(metavar="SCRIPT", help="Which scripts.", show_default=False)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every script there is.")] = False,
    as_json: AsJson = False,
) -> None:
    if bool(scripts) == every:
        raise typer.BadParameter("name scripts, or say --all")
    with ledger.reading() as tx, progress() as bars:
        ids = _all_ids(tx) if every else scripts or []
        proofs = [prove(tx, script, bars) for script in ids]
    if as_json:
        screen.print_json({"scripts": [_as_json(proof) for proof in proofs]})
    else:
        for proof in proofs:
            screen.say(_sentence(proof))
    sound = all(proof.replay.finding is None for proof in proofs)
    raise typer.Exit(Exit.DONE if sound else Exit.CORRUPT)


def prove(tx: RecordsWork, script_id: int, bars: Progress) -> Proof:
    """Replay a script and read its head the other way."""
    head = ledger.head_of(tx, script_id)
    bar: TaskID = bars.add_task(f"script {script_id}", total=head.version)
    replay = verify_script(tx, script_id, progress=lambda version: bars.update(bar, completed=version))
    read = state_at(tx, script_id) if replay.finding is None else None
    return Proof(head.state_hash.hex(), state_hash_bytes(read.hash).hex() if read else "", replay)


def _all_ids(tx: RecordsWork) -> list[int]:
    ids: list[int] = []
    while page := tx.scripts.read(after=ids[-1] if ids else 0, most=PAGE):
        ids += [row.id for row in page]
    return ids


def _sentence(proof: Proof) -> str:
    replay = proof.replay
    if (finding := replay.finding) is not None:
        return f"Script {replay.script_id} contradicts itself at version {finding.version}: {finding.problem}."
    return (
        f"Script {replay.script_id} is sound: {screen.counted(replay.versions, 'command')} replayed, "
        f"{screen.counted(replay.keyframes, 'keyframe')} compared, state hash {proof.stored}."
    )


def _as_json(proof: Proof) -> dict[str, Any]:
    replay = proof.replay
    finding = replay.finding
    return {
        "script": replay.script_id,
        "sound": finding is None,
        "versions": replay.versions,
        "keyframes": replay.keyframes,
        "state_hash": proof.stored,
        "finding": finding and {"version": finding.version, "problem": finding.problem},
    }
