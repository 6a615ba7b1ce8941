"""Request an edit from an AI, to accept or refuse.

A person accepts or refuses the proposal, as a whole or in parts; the script does not change before. The model is the
one that SCRIPTLEDGER_MODEL_URL names. It sees the whole script, or only the scene or the lines that you name, and can
edit nothing else. The cost is shown before and after; an instruction that exceeds what the model takes is refused
before anything is sent.
"""

from __future__ import annotations

import re
from typing import Annotated

import typer

from cli.client.actor import As, person
from cli.client.proposals import proposal_of, proposing
from cli.rendering.model_costs import costs_of, estimate_of, estimate_text
from cli.rendering.proposals import described, document, shown_hunks
from cli.terminal import screen
from cli.terminal.exit_status import Exit
from cli.terminal.options import AsJson, Script, example, prose
from cli.terminal.screen import Text
from domain.proposals.scope import Scope
from domain.proposals.shown_lines import LineRange

app = typer.Typer(add_completion=False)

# Longer than a proposal may take by default.
WAIT_SECONDS = 600.0
_RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?", re.ASCII)


@app.command(
    help=prose(__doc__),
    epilog=example(
        "scriptledger propose 1 'Make her answer colder.' --scene 12",
        "scriptledger propose 1 'Rename EDWARD to EDGAR.' --estimate",
        "SCRIPTLEDGER_MODEL_URL=scripted: scriptledger propose 1 'cut \"He takes his hat off\"'",
    ),
)
def propose(
    script: Script,
    instruction: Annotated[str, typer.Argument(metavar="TEXT", help="The instruction.", show_default=False)],
    scene: Annotated[
        str | None,
        typer.Option(metavar="N", help="Only the scene with this number; the model sees no other.", show_default=False),
    ] = None,
    lines: Annotated[
        str | None,
        typer.Option(
            metavar="N-M", help="Only these lines; `show --numbers` prints their numbers.", show_default=False
        ),
    ] = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Only say how many tokens it takes and what they cost; send nothing.")
    ] = False,
    as_: As = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Queue it; do not wait for the model.")] = False,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="How long to wait; a timeout loses nothing.")
    ] = WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    scope = _scope(scene, lines)
    with proposing() as client:
        with client.unit_of_work.reading() as tx:
            by = person(tx, as_)
        if estimate:
            tokens = client.review.estimate(script, instruction, by, scope=scope)
            expected = estimate_of(script, tokens, client.terms)
            screen.print_json(expected) if as_json else screen.print_text(estimate_text(expected))
            return
        queued = client.review.ask(script, instruction, by, scope=scope)
        number = queued.proposal_id
        if not as_json:
            screen.warn(estimate_text(estimate_of(script, queued.tokens, client.terms)), "dim")
        if not no_wait:
            client.wait(number, timeout=timeout)
        with client.unit_of_work.reading() as tx:
            proposal = proposal_of(tx, number)
            hunks, costs = shown_hunks(tx, proposal), costs_of(tx, proposal)
    if as_json:
        screen.print_json(document(proposal, hunks, costs))
    else:
        screen.print_text(*described(proposal, hunks, costs))
        if proposal.state == "proposed":
            screen.print_text(Text())
            screen.print_text(f"Accept it with `scriptledger proposals accept {number}`, or a part with `--hunk N`.")
    raise typer.Exit(Exit.REFUSED if proposal.state == "failed" else Exit.DONE)


def _scope(scene: str | None, lines: str | None) -> Scope:
    """The scene, or the lines as in 120-180; a single number is one line."""
    if lines is None:
        return Scope(scene)
    found = _RANGE.fullmatch(lines)
    if found is None:
        raise typer.BadParameter("two numbers of lines like 120-180, or one.", param_hint="--lines")
    if scene is not None:
        raise typer.BadParameter("name a scene or lines, not both.", param_hint="--lines")
    return Scope(lines=LineRange(int(found[1]), int(found[2] or found[1])))
