"""Monitor the workers in a browser, with a password.

It is read-only: drains, materialization and upkeep with their script ids and counts, never text. Every page requires
the user scriptledger and the password in SCRIPTLEDGER_FLOWER_PASSWORD. For access from other machines, put it after a
TLS proxy. `scriptledger dev` starts its own.
"""

from __future__ import annotations

import os
from typing import Annotated

import typer

from cli.client.served import require_port, served
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import example, prose
from workers.process.command_lines import FLOWER_ADDRESS, FLOWER_PASSWORD, become, flower_command

app = typer.Typer(add_completion=False)


@app.command(help=prose(__doc__), epilog=example("scriptledger flower", "scriptledger flower --host 0.0.0.0 --port 80"))
def flower(
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", min=1, max=65_535, help="The port to listen on.")] = 5555,
) -> None:
    if not os.environ.get(FLOWER_PASSWORD):
        raise Ending(Exit.USAGE, f"Flower has no password: set {FLOWER_PASSWORD}.", code="no_password")
    require_port(host, port)
    become(flower_command(), {**served().to_env(), FLOWER_ADDRESS: f"{host}:{port}"})
