"""Options and arguments that several verbs share."""

from __future__ import annotations

from typing import Annotated

import typer

WAIT_SECONDS = 60.0

Script = Annotated[int, typer.Argument(metavar="SCRIPT", help="The number of the script.", show_default=False, min=1)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]
Timeout = Annotated[
    float, typer.Option(metavar="SECONDS", min=0, help="How long to wait for the answer; it is safe to wait less.")
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Put it into the inbox and do not wait for the answer.")]
Actor = Annotated[
    str | None, typer.Option(metavar="NAME", help="Who this is by; your user name if not given.", show_default=False)
]
Limit = Annotated[int, typer.Option(metavar="N", min=1, max=1_000, help="At most so many.")]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="The database; others here can read a command line, but not SCRIPTLEDGER_DATABASE_URL.",
        show_default=False,
    ),
]
BrokerUrl = Annotated[
    str | None,
    typer.Option(
        "--broker",
        metavar="URL",
        help="The broker; others here can read a command line, but not SCRIPTLEDGER_BROKER_URL.",
        show_default=False,
    ),
]
