"""Status of accounts and guards: what differs from what `gates install` makes, also what is too much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from shlex import quote
from typing import Literal, NamedTuple

from domain.submissions.account_roles import ACCOUNT_ROLES
from gates.database.accounts.held_privileges import privileges_of_all
from gates.database.accounts.plan import is_same
from gates.database.accounts.roles import SECRETS, Privilege, wanted_privileges
from gates.database.accounts.server import Installed, Server, literal
from gates.database.accounts.triggers import REPLACED_BY, guards

Kind = Literal["missing", "excess", "changed"]
_SCOPES = {"*.*": "every schema", "*": "the whole schema"}
# Accounts that a server makes for itself, which no one can sign in to, and without which it does not work.
_OF_THE_SERVER = frozenset(
    f"'{name}'@'localhost'" for name in ("mysql.infoschema", "mysql.session", "mysql.sys", "mariadb.sys")
)


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
    for privilege in sorted(privileges_of_all(server.lines_of_public(), server.database)):
        sentence = f"Every account has {_shown(privilege)} too much: it is granted to PUBLIC. Revoke it."
        gaps.append(Gap("PUBLIC", "excess", sentence))
    return AccountStatus(accounts, gaps, _others(server, {each.account for each in accounts}))


def _of_account(server: Server, installed: Installed) -> Iterator[Gap]:
    account, role = installed
    if role not in ACCOUNT_ROLES:
        yield Gap(account, "changed", f"{account} is listed with a role that does not exist: {role}.")
        return
    found = server.grants_of(account)
    if found is None:
        name, _, host = account.rpartition("@")
        create = f"scriptledger gates install --account {quote(f'{role}={name}')}"
        create += "" if host == "%" else f" --host {quote(host)}"
        forget = f"DELETE FROM database_accounts WHERE account = {literal(account)}"  # noqa: S608 - printed, not run
        sentence = (
            f"{account} is listed as {role} and does not exist: create it (`{create}`), or forget it (`{forget}`)."
        )
        yield Gap(account, "missing", sentence)
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
    for name in sorted(found.keys() & REPLACED_BY.keys()):
        sentence = f"The guard {name} was replaced by {REPLACED_BY[name]}: `scriptledger gates install` removes it."
        yield Gap(name, "excess", sentence)


def _others(server: Server, listed: Iterable[str]) -> list[str]:
    """Accounts that are not listed and may change the log or read secrets: administrators, and those of before."""
    quoted = {"'{}'@'{}'".format(*account.rpartition("@")[::2]) for account in listed}
    writers = _grantees(server, "'INSERT', 'UPDATE', 'DELETE', 'DROP', 'ALTER', 'TRIGGER'", ["script_commands"])
    readers = _grantees(server, "'SELECT'", list(SECRETS))
    return [
        *(f"{grantee} is not listed, and may change the log." for grantee in sorted(writers - quoted)),
        *(
            f"{grantee} is not listed, and may read {' or '.join(SECRETS.values())}."
            for grantee in sorted(readers - writers - quoted)
        ),
    ]


def _grantees(server: Server, privileges: str, tables: list[str]) -> set[str]:
    """Accounts with one of these privileges on everything, on our schema, on one of the tables or on its columns."""
    marks = ", ".join(["%s"] * len(tables))
    found = server.rows(
        f"SELECT grantee FROM information_schema.schema_privileges"  # noqa: S608 - constant text
        f" WHERE privilege_type IN ({privileges}) AND %s LIKE table_schema"  # a pattern
        f" UNION SELECT grantee FROM information_schema.table_privileges"
        f" WHERE privilege_type IN ({privileges}) AND table_schema = %s AND table_name IN ({marks})"
        f" UNION SELECT grantee FROM information_schema.column_privileges"
        f" WHERE privilege_type IN ({privileges}) AND table_schema = %s AND table_name IN ({marks})"
        f" UNION SELECT grantee FROM information_schema.user_privileges WHERE privilege_type IN ({privileges})",
        *[server.database] * 2,
        *tables,
        server.database,
        *tables,
    )
    return {str(row[0]) for row in found} - _OF_THE_SERVER - {"'PUBLIC'@''"}


def _shown(privilege: Privilege) -> str:
    column = f" ({privilege.column})" if privilege.column else ""
    return f"{privilege.name}{column} on {_SCOPES.get(privilege.scope, privilege.scope)}"
