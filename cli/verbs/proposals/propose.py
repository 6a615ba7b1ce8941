"""Request an edit from an AI, to accept or refuse.

A person accepts or refuses the proposal, as a whole or in parts; the script does not change before. The model is the
one that SCRIPTLEDGER_MODEL_URL names.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cli.client.actor import As, person
from cli.client.proposals import proposal_of, proposing
from cli.rendering.proposals import described, document, shown_hunks
from cli.terminal import screen
from cli.terminal.exit_status import Exit
from cli.terminal.options import AsJson, Script, example, prose
from cli.terminal.screen import Text

app = typer.Typer(add_completion=False)

WAIT_SECONDS = 300.0


@app.command(
    help=prose(__doc__),
    epilog=example(
        "scriptledger propose 1 'Make the answer in scene 12 colder.'",
        "SCRIPTLEDGER_MODEL_URL=scripted: scriptledger propose 1 'cut \"He takes his hat off\"'",
    ),
)
def propose(
    script: Script,
    instruction: Annotated[str, typer.Argument(metavar="TEXT", help="The instruction.", show_default=False)],
    as_: As = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Queue it; do not wait for the model.")] = False,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="How long to wait; a timeout loses nothing.")
    ] = WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    with proposing() as client:
        with client.unit_of_work.reading() as tx:
            by = person(tx, as_)
        number = client.review.ask(script, instruction, by).proposal_id
        if not no_wait:
            client.wait(number, timeout=timeout)
        with client.unit_of_work.reading() as tx:
            proposal = proposal_of(tx, number)
            hunks = shown_hunks(tx, proposal)
    if as_json:
        screen.print_json(document(proposal, hunks))
    else:
        screen.print_text(*described(proposal, hunks))
        if proposal.state == "proposed":
            screen.print_text(Text())
            screen.print_text(f"Accept it with `scriptledger proposals accept {number}`, or a part with `--hunk N`.")
    raise typer.Exit(Exit.REFUSED if proposal.state == "failed" else Exit.DONE)
