"""Check the write rules, in code and in database accounts.

The code of an application is read, never run.
"""

from __future__ import annotations

import typer

from cli.terminal.options import example, prose
from cli.verbs.migrate.gates_verbs.account_status import status
from cli.verbs.migrate.gates_verbs.check import check
from cli.verbs.migrate.gates_verbs.installation import install
from cli.verbs.migrate.gates_verbs.inventory import inventory

app = typer.Typer(add_completion=False, no_args_is_help=True, help=prose(__doc__))

app.command(
    "inventory",
    epilog=example(
        "scriptledger gates inventory server", "scriptledger gates inventory server --html touchpoints.html --writes"
    ),
)(inventory)
app.command(
    "check",
    epilog=example(
        "scriptledger gates check --example > gates.toml",
        "scriptledger gates check server --baseline gates-baseline.json --sarif gates.sarif",
    ),
)(check)
app.command(
    "install",
    epilog=example(
        "scriptledger gates install --database mysql://root@db/scriptledger --passwords ./secrets",
        "scriptledger gates install --role producer --role worker --dry-run",
        "scriptledger gates install --account ai=robot --print-sql > accounts.sql",
    ),
)(install)
app.command("status", epilog=example("scriptledger gates status", "scriptledger gates status --json"))(status)
