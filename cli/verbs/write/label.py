"""Name a version as a draft; set its colour and lock.

A name belongs to one version: to move it to another, remove it with --remove first. A locked draft is one that was
handed out: its name and colour stay on its version until --unlock. --color takes the colours of revised pages in the
order of productions: white, blue, pink, yellow, green, goldenrod, buff, salmon, cherry, then second blue and so on.
`next` is the colour after the last one used.

{times}
"""

from __future__ import annotations

from typing import Annotated

import typer

from cli.client import database
from cli.client.queue import default_actor, queue
from cli.client.version_options import ABOUT_TIMES, At, Version, chosen
from cli.rendering.answers import end_with
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.new_ids import new_submission_id
from cli.terminal.options import WAIT_SECONDS, Actor, AsJson, Script, Timeout, example, prose
from domain.commands.kinds.version_label import VersionLabel, next_color
from domain.script.state import PLAIN, State
from domain.submissions.submission import Submission

app = typer.Typer(add_completion=False)

NEXT = "next"


@app.command(
    help=prose((__doc__ or "").format(times=ABOUT_TIMES)),
    epilog=example(
        'scriptledger label 1 "White draft" --color white --locked',
        'scriptledger label 1 "Blue revision" --version 9 --color next',
        'scriptledger label 1 "Blue revision" --unlock --remove',
    ),
)
def label(
    script: Script,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the draft.", show_default=False)],
    version: Version = None,
    at: At = None,
    color: Annotated[
        str | None, typer.Option(metavar="COLOR", help="The colour of its pages, or `next`.", show_default=False)
    ] = None,
    locked: Annotated[bool, typer.Option("--locked", help="Lock it: it cannot be moved or renamed.")] = False,
    unlock: Annotated[bool, typer.Option("--unlock", help="Unlock it.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Remove the name.")] = False,
    actor: Actor = None,
    timeout: Timeout = WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    if (locked and unlock) or (remove and (locked or color or version or at)):
        raise typer.BadParameter("--locked excludes --unlock, and --remove goes with --unlock at most")
    with queue() as sending:
        with sending.unit_of_work.reading() as tx:
            head = database.state_of(tx, script)
            named = chosen(tx, script, version=version, at=at) if version or at else head.labels.get(name, head.version)
        submission = Submission(
            script_id=script,
            submission_id=new_submission_id("label"),
            author="user",
            actor=default_actor() if actor is None else actor,
            base_version=head.version,
            commands=(_command(head, name, None if remove else named, color, locked=locked, unlock=unlock),),
        )
        answer = sending.send(submission, timeout=timeout)
    done = f"“{name}” is no longer a draft of script {script}." if remove else f"“{name}” is version {named}."
    end_with(answer, as_json=as_json, done=done)


def _command(
    head: State, name: str, version: int | None, color: str | None, *, locked: bool, unlock: bool
) -> VersionLabel:
    """The command; an option that is not given keeps its current value."""
    mark = head.marks.get(name, PLAIN)
    if version is None:
        return VersionLabel(name=name, version=None, unlock=unlock)
    if color == NEXT:
        color = next_color({mark.color for mark in head.marks.values() if mark.color})
        if color is None:
            raise Ending(Exit.REFUSED, "All colours are used; give one by name.", code="no_next_color")
    locked = locked or (mark.locked and not unlock)
    return VersionLabel(name=name, version=version, color=color or mark.color, locked=locked, unlock=unlock)
