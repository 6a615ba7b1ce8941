"""Run a worker of one role or more, until it is ended.

In this process, until SIGTERM or Ctrl-C. The role commands drains the inbox, reconcile rings again for what was left
behind, materialization brings projections up to date, upkeep does what is scheduled. A worker may have several roles,
if they acknowledge their messages alike. More nodes scale better than more processes.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cli.client.served import served
from cli.terminal.options import example, prose
from workers.process.command_lines import BEAT, EVENTS, become, worker_command
from workers.process.roles import ROLES, BadQueuesError, transport_options

app = typer.Typer(add_completion=False)

RoleName = StrEnum("RoleName", list(ROLES))  # type: ignore[misc]  # the roles there are


class Pool(StrEnum):
    """How a worker runs several tasks at a time."""

    prefork = "prefork"
    solo = "solo"


@app.command(help=prose(__doc__), epilog=example("scriptledger worker --role commands --concurrency 4"))
def worker(
    role: Annotated[list[RoleName], typer.Option(help="What it works on; may be given again.", show_default=False)],
    concurrency: Annotated[int, typer.Option("--concurrency", "-c", metavar="N", min=1, help="Processes.")] = 2,
    pool: Annotated[
        Pool | None, typer.Option("--pool", "-P", help="Else that of the first role.", show_default=False)
    ] = None,
    beat: Annotated[bool, typer.Option("--beat", help="Send the ticks of the schedule too.")] = False,
    task_events: Annotated[bool, typer.Option("--task-events", help="Tell of each task, for Flower.")] = False,
) -> None:
    first, *also = (ROLES[each.value] for each in role)
    try:
        transport_options([each.queue for each in (first, *also)], {})
    except BadQueuesError as error:
        raise typer.BadParameter(str(error), param_hint="--role") from None
    chosen = served()
    flags = [flag for flag, wanted in ((BEAT, beat), (EVENTS, task_events)) if wanted]
    command = worker_command(first, also=also, pool=pool and pool.value, concurrency=concurrency, flags=flags)
    become(command, chosen.to_env())
