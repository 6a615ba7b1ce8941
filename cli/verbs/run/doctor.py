"""Check the settings, the servers and this machine.

Each check says what is so, and what to change. It changes nothing, waits at most a few seconds for a server, and works
without one. Workers do the cheap checks at their start: they refuse to start on a fault, and log warnings.

The exit status is 4 if there is a fault; warnings leave it 0.
"""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer

from cli.json_documents.operate.diagnosis import Diagnosis, Examined
from cli.rendering.operate.diagnosis import print_diagnosis
from cli.terminal import screen
from cli.terminal.exit_status import Exit
from cli.terminal.options import AsJson, BrokerUrl, DatabaseUrl, example, prose
from workers.checks.diagnosis import diagnose
from workers.process.roles import ROLES

app = typer.Typer(add_completion=False)

CheckedRole = StrEnum("CheckedRole", list(ROLES))  # type: ignore[misc]  # the names are not literals


@app.command(
    help=prose(__doc__),
    epilog=example("scriptledger doctor", "scriptledger doctor --role intake --role commands --json"),
)
def doctor(
    role: Annotated[
        list[CheckedRole] | None,
        typer.Option(
            help="Check what a worker of this role needs; may be repeated. By default what this account is for, and "
            "all queues.",
            show_default=False,
        ),
    ] = None,
    database: DatabaseUrl = None,
    broker: BrokerUrl = None,
    as_json: AsJson = False,
) -> None:
    named = {"SCRIPTLEDGER_DATABASE_URL": database, "SCRIPTLEDGER_BROKER_URL": broker}
    environ = {**os.environ, **{name: url for name, url in named.items() if url is not None}}
    with screen.waiting("checking"):
        results = diagnose(environ, [ROLES[name.value] for name in role or ()])
    faults = sum(result.finding.level == "fault" for result in results)
    if as_json:
        warnings = sum(result.finding.level == "warning" for result in results)
        checks = [
            Examined(area, check, finding.level, finding.sentence, finding.change) for area, check, finding in results
        ]
        screen.print_json(Diagnosis(faults, warnings, checks))
    else:
        print_diagnosis(results)
    raise typer.Exit(Exit.UNREACHABLE if faults else Exit.DONE)
