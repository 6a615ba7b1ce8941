"""Run a one-minute demo in a temporary home.

It shows a screenplay, an AI edit through the queue, versions, a refusal and a verification. It uses a broker and
workers of its own, ignores the configured servers, and removes everything at the end.
"""

from __future__ import annotations

import tempfile
import time

import typer

from cli.client.queue import queue
from cli.demo.play import Play
from cli.terminal import screen
from cli.terminal.options import example, prose
from cli.terminal.screen import Text
from workers.model_settings import SCRIPTED
from workers.settings import Settings

app = typer.Typer(add_completion=False)


@app.command(help=prose(__doc__), epilog=example("scriptledger demo"))
def demo() -> None:
    began = time.monotonic()
    screen.print_text(Text("A screenplay, an AI, a writer, and a log of everything they change", "bold"))
    with tempfile.TemporaryDirectory(prefix="scriptledger-demo-") as home:
        settings = Settings.from_env({"SCRIPTLEDGER_HOME": home, "SCRIPTLEDGER_MODEL_URL": SCRIPTED})
        with queue(settings) as sending:
            Play(sending).perform()
    screen.print_text(
        Text(),
        Text(
            f"That took {time.monotonic() - began:.1f} s. The services are stopped and the temporary home is removed."
        ),
        "Next: `scriptledger import FILE.fountain`, or `scriptledger --help`.",
    )
