"""Bring a legacy database over: run, watch, pause and retry.

The legacy database is only read. Its rows become users, sessions, chat, scripts with every saved version, elements and
personas; what has no field here is kept as JSON. A run can be interrupted anywhere, and a second run writes nothing.
"""

from __future__ import annotations

import typer

from cli.terminal.options import example, prose, with_prose
from cli.verbs.migrate.backfill_verbs import quarantine
from cli.verbs.migrate.backfill_verbs.certification import certify
from cli.verbs.migrate.backfill_verbs.control import cancel, pause, resume, retry, status
from cli.verbs.migrate.backfill_verbs.running import run

app = typer.Typer(add_completion=False, no_args_is_help=True, help=prose(__doc__))

app.command(
    "run",
    epilog=example(
        "scriptledger backfill run sqlite:///legacy.db --mapping legacy.toml --dry-run",
        "scriptledger backfill run mysql://reader:secret@db/stories --mapping legacy.toml",
        "scriptledger backfill run --share 50",
    ),
)(run)
app.command("status", epilog=example("scriptledger backfill status --watch"))(status)
app.command("pause", epilog=example("scriptledger backfill pause"))(pause)
app.command("resume", epilog=example("scriptledger backfill resume"))(resume)
app.command("cancel", epilog=example("scriptledger backfill cancel"))(cancel)
app.command("retry", epilog=example("scriptledger backfill retry --failed", "scriptledger backfill retry 12"))(retry)
app.command(
    "certify",
    epilog=example(
        "scriptledger backfill certify sqlite:///legacy.db -o certificate",
        "scriptledger backfill certify mysql://reader:secret@db/stories --json",
    ),
)(certify)
app.add_typer(quarantine.app, name="quarantine", epilog=example("scriptledger backfill quarantine list"))
with_prose(app)
