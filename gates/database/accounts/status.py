"""Status of accounts and guards: what differs from what `gates install` makes, also what is too much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from domain.submissions.account_roles import ACCOUNT_ROLES
from gates.database.accounts.plan import is_same
from gates.database.accounts.roles import Privilege, wanted_privileges
from gates.database.accounts.server import Installed, Server
from gates.database.accounts.triggers import guards

Kind = Literal["missing", "excess", "changed"]
_SCOPES = {"*.*": "every schema", "*": "the whole schema"}


class Gap(NamedTuple):
    """One difference: the account or guard it is about, its kind, and the sentence."""

    about: str
    kind: Kind
    sentence: str


class AccountStatus(NamedTuple):
    """The installed accounts, and all that differs. Without accounts there is nothing to differ."""

    accounts: list[Installed]
    gaps: list[Gap]
    notes: list[str]


def account_status(server: Server) -> AccountStatus:
    """Compare the server with what was installed.

    Raises:
        NoAccounts: this account may not read the grants of others.
    """
    accounts = server.installed()
    if not accounts:
        return AccountStatus([], [], [])
    gaps = [gap for installed in accounts for gap in _of_account(server, installed)]
    if not server.inbox_default():
        gaps.append(
            Gap("submission_inbox", "missing", "The server does not write the account into the rows of the inbox.")
        )
    gaps += _of_guards(server)
    return AccountStatus(accounts, gaps, list(_other_writers(server, {each.account for each in accounts})))


def _of_account(server: Server, installed: Installed) -> Iterator[Gap]:
    account, role = installed
    if role not in ACCOUNT_ROLES:
        yield Gap(account, "changed", f"{account} is listed with a role that does not exist: {role}.")
        return
    found = server.grants_of(account)
    if found is None:
        yield Gap(account, "missing", f"{account} is listed as {role} and does not exist.")
        return
    held, others = found
    wanted = wanted_privileges(role)
    for privilege in sorted(wanted - held):
        yield Gap(account, "missing", f"{account} ({role}) lacks {_shown(privilege)}.")
    for privilege in sorted(held - wanted):
        yield Gap(account, "excess", f"{account} ({role}) has {_shown(privilege)} too much.")
    for line in others:
        yield Gap(account, "excess", f"{account} ({role}) has a grant too much: {line}")


def _of_guards(server: Server) -> Iterator[Gap]:
    found = server.guard_triggers()
    for guard in guards(is_mariadb=server.is_mariadb):
        trigger = found.get(guard.name)
        if trigger is None:
            yield Gap(guard.name, "missing", f"The guard {guard.name} is missing: `scriptledger gates install`.")
        elif not is_same(trigger, guard):
            yield Gap(guard.name, "changed", f"The guard {guard.name} was changed: `scriptledger gates install`.")
        elif server.grants_of(trigger.definer) is None:
            sentence = f"The guard {guard.name} runs as {trigger.definer}, an account that does not exist."
            yield Gap(guard.name, "changed", sentence)


def _other_writers(server: Server, listed: Iterable[str]) -> Iterator[str]:
    """Accounts that are not listed and may change the log: administrators, and those of before."""
    quoted = {"'{}'@'{}'".format(*account.rpartition("@")[::2]) for account in listed}
    writes = "privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'DROP', 'ALTER', 'TRIGGER')"
    found = server.rows(
        f"SELECT grantee FROM information_schema.schema_privileges"  # noqa: S608 - constant text
        f" WHERE {writes} AND (table_schema = %s OR REPLACE(table_schema, '\\\\', '') = %s)"
        f" UNION SELECT grantee FROM information_schema.table_privileges"
        f" WHERE {writes} AND table_schema = %s AND table_name = 'script_commands'"
        f" UNION SELECT grantee FROM information_schema.user_privileges WHERE {writes}",
        *[server.database] * 3,
    )
    for grantee in sorted({str(row[0]) for row in found} - quoted):
        yield f"{grantee} is not listed, and may change the log."


def _shown(privilege: Privilege) -> str:
    column = f" ({privilege.column})" if privilege.column else ""
    return f"{privilege.name}{column} on {_SCOPES.get(privilege.scope, privilege.scope)}"
