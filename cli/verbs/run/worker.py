"""Run a worker of one or more roles in the foreground.

It stops at SIGTERM or Ctrl-C. The role commands drains the inbox, reconcile rings again for pending submissions,
materialization updates projections, upkeep does the scheduled work. A worker may have several roles if they
acknowledge their messages in the same way. More nodes scale better than more processes.
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

RoleName = StrEnum("RoleName", list(ROLES))  # type: ignore[misc]  # the names are not literals


class Pool(StrEnum):
    """The way a worker runs tasks concurrently."""

    prefork = "prefork"
    solo = "solo"


@app.command(help=prose(__doc__), epilog=example("scriptledger worker --role commands --concurrency 4"))
def worker(
    role: Annotated[list[RoleName], typer.Option(help="A role of the worker; may be repeated.", show_default=False)],
    concurrency: Annotated[int, typer.Option("--concurrency", "-c", metavar="N", min=1, help="Processes.")] = 2,
    pool: Annotated[
        Pool | None, typer.Option("--pool", "-P", help="By default that of the first role.", show_default=False)
    ] = None,
    beat: Annotated[bool, typer.Option("--beat", help="Run the scheduler too.")] = False,
    task_events: Annotated[bool, typer.Option("--task-events", help="Send events of each task, for Flower.")] = False,
) -> None:
    first, *also = (ROLES[name.value] for name in role)
    try:
        transport_options([chosen_role.queue for chosen_role in (first, *also)], {})
    except BadQueuesError as error:
        raise typer.BadParameter(str(error), param_hint="--role") from None
    chosen = served()
    flags = [flag for flag, wanted in ((BEAT, beat), (EVENTS, task_events)) if wanted]
    command = worker_command(first, also=also, pool=pool and pool.value, concurrency=concurrency, flags=flags)
    become(command, chosen.to_env())
