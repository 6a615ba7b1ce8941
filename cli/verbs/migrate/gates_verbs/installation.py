"""The verb `gates install`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.client import database as ledger
from cli.json_documents.database_accounts import Installation, NewPassword
from cli.terminal import screen
from cli.terminal.options import AsJson, DatabaseUrl
from cli.verbs.migrate.gates_verbs.gates_server import opened_server
from domain.counting import does
from domain.submissions.account_roles import ACCOUNT_ROLES
from gates.database.accounts.install import run_plan
from gates.database.accounts.passwords import new_password, write_password
from gates.database.accounts.plan import (
    Account,
    Step,
    default_accounts,
    differing,
    listed_accounts,
    named_account,
    plan,
    without_second_roles,
)
from gates.database.accounts.server import NoAccounts, Server
from workers.process.password_file import UnfitFile, read_password
from workers.settings import without_password

ANY_HOST = "%"
RoleName = StrEnum("RoleName", list(ACCOUNT_ROLES))  # type: ignore[misc]  # the names are not literals

_LEFT = (
    "The account {account} ({role}) differs from its role, and was not named: run `scriptledger gates install` without "
    "--role, --prefix and --host."
)


def install(
    database: DatabaseUrl = None,
    role: Annotated[
        list[RoleName] | None,
        typer.Option(
            metavar="ROLE",
            help=f"A role that gets an account: {', '.join(ACCOUNT_ROLES)}. Repeatable. Default: every role, and all "
            "accounts installed before.",
            show_default=False,
        ),
    ] = None,
    account: Annotated[
        list[str] | None,
        typer.Option(metavar="ROLE=NAME", help="One more account of a role. Repeatable.", show_default=False),
    ] = None,
    prefix: Annotated[
        str, typer.Option(metavar="NAME", help="Accounts are called NAME_role. Default: the database.")
    ] = "",
    host: Annotated[str, typer.Option(metavar="HOST", help="Where the accounts may sign in from.")] = ANY_HOST,
    passwords: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="A folder with a file for each role, database_<role>_password: read, or made and written, for its "
            "owner only. Default: new passwords are printed once.",
            show_default=False,
        ),
    ] = None,
    set_passwords: Annotated[
        bool, typer.Option("--set-passwords", help="Set the passwords of existing accounts too.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done; change nothing.")] = False,
    print_sql: Annotated[
        bool, typer.Option("--print-sql", help="Print the statements, without passwords; change nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Create database accounts with the fewest privileges, and guard triggers.

    It is safe to run again, and needs an administrator's account: privileges that are missing are granted, those too
    much on the ledger's schema revoked, also of all accounts that it installed before. With --role, --prefix or --host
    only these accounts are installed. Give each service its account with SCRIPTLEDGER_DATABASE_URL.
    """
    chosen = ledger.settings(database=database)
    where = without_password(chosen.database_url)
    with opened_server(chosen) as server:
        if not (dry_run or print_sql):
            server.lock_installation()
        if not server.resolves(host):
            raise NoAccounts(
                f"The server resolves no names (skip_name_resolve), so that no account signs in from {host}: name an "
                "address in --host, for example 10.0.0.%."
            )
        more = [named_account(*_parts(text), host) for text in account or ()]
        is_chosen = bool(role or prefix or (host != ANY_HOST and not more))
        accounts = [] if is_chosen else listed_accounts(server)
        covered = {each.role for each in accounts}
        roles = [name for name in role or ACCOUNT_ROLES if name not in covered]
        accounts += default_accounts(prefix or server.database, host, roles)
        listed = {installed.account for installed in server.installed()}
        if server.account in {each.account for each in (*accounts, *more)} - listed:
            raise NoAccounts(
                f"{server.account} is the account of this connection, which would lose its rights: choose another "
                "with --account or --prefix."
            )
        accounts = without_second_roles(accounts, more)
        files = _password_files([each for each in accounts if each not in more], more)
        if dry_run or print_sql:
            steps = plan(server, accounts, dict.fromkeys(_unset(server, accounts, set_passwords=set_passwords)))
            _show(where, steps, print_sql=print_sql, as_json=as_json)
            return
        places = {name: passwords / file if passwords else None for name, file in files.items()}
        unset = _unset(server, accounts, set_passwords=set_passwords)
        made = {name: _password(places[name]) for name in unset}
        steps = plan(server, accounts, dict(made))
        changed: list[str] = []
        try:
            gaps = run_plan(server, steps, changed)
        except NoAccounts:
            if passwords is None:
                _print_passwords([(name, made[name]) for name in changed])
            raise
        left = [each for each in listed_accounts(server) if each not in accounts]
        gaps += [_LEFT.format(account=each.account, role=each.role) for each in differing(server, left)]
    if as_json:
        new = [
            NewPassword(name, str(places[name]) if passwords else None, None if passwords else password)
            for name, password in made.items()
        ]
        screen.print_json(
            Installation(where, dry_run=False, steps=[step.about for step in steps], passwords=new, gaps=gaps)
        )
        return
    done = screen.counted(len(steps), "statement")
    installed = f"{screen.counted(len(accounts), 'account')} of {where} {does(len(accounts), 'are')} installed"
    screen.print_unwrapped(f"{done} run: {installed}." if steps else _same(where))
    if passwords is None:
        _print_passwords(made.items())
    elif made:
        screen.print_unwrapped(f"The passwords are in {passwords}, a file for each account.")
    for gap in gaps:
        screen.warn(gap, style="yellow")


def _password_files(accounts: list[Account], more: list[Account]) -> dict[str, str]:
    """The file of each account: that of its role for the first account called NAME_role, else one of its own."""
    files: dict[str, str] = {}
    for each in (*accounts, *more):
        name, file = each.account.rpartition("@")[0], f"database_{each.role}_password"
        is_first = each not in more and name.endswith(f"_{each.role}") and file not in files.values()
        files[each.account] = file if is_first else f"database_{name}_password"
    return files


def _parts(text: str) -> tuple[str, str]:
    role, mark, name = text.partition("=")
    if not mark:
        raise typer.BadParameter(f"{text!r} is not ROLE=NAME, for example ai=robot", param_hint="--account")
    return role, name


def _show(where: str, steps: list[Step], *, print_sql: bool, as_json: bool) -> None:
    if as_json:
        shown = [step.shown if print_sql else step.about for step in steps]
        screen.print_json(Installation(where, dry_run=True, steps=shown, passwords=[], gaps=[]))
        return
    for step in steps:
        # A trigger's body has semicolons of its own.
        end = "//" if step.guard else ";"
        lines = f"DELIMITER //\n{step.shown}{end}\nDELIMITER ;" if step.guard else f"{step.shown}{end}"
        for line in lines.split("\n") if print_sql else [f"would {step.about}"]:
            screen.print_unwrapped(line)
    if not steps and not print_sql:
        screen.print_unwrapped(_same(where))


def _unset(server: Server, accounts: Iterable[Account], *, set_passwords: bool) -> list[str]:
    """The accounts that get a password."""
    return [each.account for each in accounts if set_passwords or server.grants_of(each.account) is None]


def _password(file: Path | None) -> str:
    """A password: from its file, or new, and written there before anything is created."""
    if file is None:
        return new_password()
    if file.exists():
        try:
            return read_password(str(file))
        except UnfitFile as error:
            raise NoAccounts(f"The password file {file} is not {error}.") from error
    password = new_password()
    write_password(file, password)
    return password


def _print_passwords(made: Collection[tuple[str, str]]) -> None:
    for account, password in made:
        screen.print_unwrapped(f"{account}  {password}")
    if made:
        screen.warn("The passwords are shown this once and stored nowhere.")


def _same(where: str) -> str:
    return f"Nothing to do: the accounts of {where} are installed."
