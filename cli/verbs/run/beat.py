"""Run the scheduler (Celery beat) in the foreground.

Any number of schedulers may run: their ticks are idempotent. SIGTERM or Ctrl-C stops it.
"""

from __future__ import annotations

import typer

from cli.client.served import served
from cli.terminal.options import example, prose
from workers.process.command_lines import beat_command, become

app = typer.Typer(add_completion=False)


@app.command(help=prose(__doc__), epilog=example("scriptledger beat"))
def beat() -> None:
    become(beat_command(), served().to_env())
