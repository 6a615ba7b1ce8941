"""The verb `gates status`."""

from __future__ import annotations

import typer

from cli.client import database as ledger
from cli.json_documents.database_accounts import GateGap, GatesStatus, InstalledAccount
from cli.terminal import screen
from cli.terminal.exit_status import Exit
from cli.terminal.options import AsJson, DatabaseUrl
from cli.verbs.migrate.gates_verbs.gates_server import opened_server
from domain.ci_commands import without_commands
from gates.database.accounts.status import account_status
from workers.settings import without_password


def status(database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Compare accounts and guards with the installation; exit status 1 if any differs.

    It needs an account that may read the grants of others, and changes nothing.
    """
    chosen = ledger.settings(database=database)
    where = without_password(chosen.database_url)
    with opened_server(chosen) as server:
        found = account_status(server)
    failed = bool(found.gaps) or not found.accounts
    if as_json:
        accounts = [InstalledAccount(each.account, each.role) for each in found.accounts]
        screen.print_json(GatesStatus(where, accounts, [GateGap(*gap) for gap in found.gaps], found.notes))
        raise typer.Exit(Exit.REFUSED if failed else Exit.DONE)
    for gap in found.gaps:
        screen.print_unwrapped(without_commands(gap.sentence))
    if not found.accounts:
        screen.print_unwrapped(f"No accounts are installed in {where}: `scriptledger gates install`.")
    elif found.gaps:
        screen.print_unwrapped(
            "`scriptledger gates install` brings all listed accounts and guards up to date. What an account may do "
            "elsewhere is left to an administrator."
        )
    else:
        counted = screen.counted(len(found.accounts), "account")
        screen.print_unwrapped(f"{counted} and all guards of {where} are as they were installed.")
    for note in found.notes:
        screen.warn(note, style="yellow")
    raise typer.Exit(Exit.REFUSED if failed else Exit.DONE)
