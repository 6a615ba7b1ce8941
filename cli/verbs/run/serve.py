"""Serve the operator's page, with passwords.

On it people see pending submissions and failures, and mend them. They sign in with a name and a password:
SCRIPTLEDGER_OPERATORS_FILE names a file with a line `name:password` for each person who may act (send dead letters
again, reopen scripts), SCRIPTLEDGER_VIEWERS_FILE one for those who may only look. For access from other machines, put
it after a TLS proxy. `scriptledger dev` starts its own.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Annotated

import typer

from cli.client.served import require_port, with_broker
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import example, prose
from workers.http.serve_settings import ServeSettings
from workers.process.command_lines import become, serve_command

app = typer.Typer(add_completion=False)


@app.command(help=prose(__doc__), epilog=example("scriptledger serve", "scriptledger serve --host 0.0.0.0 --port 80"))
def serve(
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", min=1, max=65_535, help="The port to listen on.")] = 5556,
) -> None:
    if find_spec("hypercorn") is None:
        raise Ending(
            Exit.USAGE, "The page needs the extra `serve`: pip install 'scriptledger[serve]'.", code="not_installed"
        )
    chosen = ServeSettings.from_env(os.environ, f"{host}:{port}")
    if not chosen.people:
        raise Ending(
            Exit.USAGE,
            "No one could sign in: name a file with a line name:password for each person in "
            "SCRIPTLEDGER_OPERATORS_FILE or SCRIPTLEDGER_VIEWERS_FILE.",
            code="no_people",
        )
    require_port(host, port)
    become(serve_command(), {**with_broker().to_env(), **chosen.to_env()})
