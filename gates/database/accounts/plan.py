"""The plan of an installation: the statements that make a server's accounts and guards what they should be.

Planned from what is there, so that a second installation plans nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from domain.submissions.account_roles import ACCOUNT_ROLES
from gates.database.accounts.grants import EVERYTHING, quoted, schema_pattern
from gates.database.accounts.passwords import identified
from gates.database.accounts.roles import Privilege, wanted_privileges
from gates.database.accounts.server import Installed, NoAccounts, Server, Trigger, account_name, literal
from gates.database.accounts.triggers import REPLACED_BY, Guard, guards

MAX_NAME = 32


class Step(NamedTuple):
    """One statement: what it is for, as shown, and with the password.

    `guard` is the guard it is needed for, `account` the account whose password it sets.
    """

    about: str
    shown: str
    sql: str
    guard: str = ""
    account: str = ""


class Account(NamedTuple):
    """An account to install: its role and its name@host."""

    role: str
    account: str


def default_accounts(prefix: str, host: str, roles: Iterable[str]) -> list[Account]:
    """One account for each role, named after it.

    Raises:
        NoAccounts: a role is unknown, or a name is too long for MySQL.
    """
    return [named_account(role, f"{prefix}_{role}", host) for role in roles]


def named_account(role: str, name: str, host: str) -> Account:
    """An account of a role.

    Raises:
        NoAccounts: the role is unknown, or the name is empty or too long for MySQL.
    """
    if role not in ACCOUNT_ROLES:
        raise NoAccounts(f"There is no role {role!r}: choose among {', '.join(ACCOUNT_ROLES)}.")
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable() or {*name} & {"/", "@"}:
        raise NoAccounts(f"{name!r} is not the name of an account, of 1 to {MAX_NAME} characters: choose another.")
    if not host or "@" in host or not host.isprintable():
        raise NoAccounts(f"{host!r} is not a host, for example %, localhost or 10.0.0.%.")
    return Account(role, f"{name}@{host.lower()}")  # as the server writes hosts in CURRENT_USER()


def without_second_roles(accounts: Iterable[Account], named: Sequence[Account]) -> list[Account]:
    """Several accounts, each once and in one role; accounts that were `named` come last, in the role given there.

    Raises:
        NoAccounts: an account has two roles.
    """
    roles = {each.account: each.role for each in named}
    found = [*dict.fromkeys([*(each for each in accounts if each.account not in roles), *named])]
    first: dict[str, str] = {}
    for role, account in found:
        if first.setdefault(account, role) != role:
            raise NoAccounts(
                f"{account} would have two roles, {first[account]} and {role}: give one of them another name, with "
                "--account, or with --role and --prefix."
            )
    return found


def listed_accounts(server: Server) -> list[Account]:
    """The accounts of earlier installations that exist, whatever their names.

    Raises:
        NoAccounts: this account may not read the grants of others.
    """
    installed = [(role, *account.rpartition("@")) for account, role in server.installed() if role in ACCOUNT_ROLES]
    listed = dict.fromkeys(Account(role, f"{name}@{host.lower()}") for role, name, _, host in installed)
    return [each for each in listed if server.grants_of(each.account) is not None]


def differing(server: Server, accounts: Iterable[Account]) -> list[Account]:
    """Those of several accounts that lack something, or may do too much.

    Raises:
        NoAccounts: this account may not read the grants of others.
    """
    return [each for each in accounts if [*_account(server, each, {})]]


def plan(server: Server, accounts: Sequence[Account], passwords: Mapping[str, str | None]) -> list[Step]:
    """The statements that are needed. `passwords` has those of accounts to make or to change, by account.

    Raises:
        NoAccounts: this account may not read the grants of others.
    """
    return [
        *_listing(server, accounts),
        *_inbox_default(server),
        *(step for account in accounts for step in _account(server, account, passwords)),
        *_guards(server, accounts),
    ]


def _listing(server: Server, accounts: Sequence[Account]) -> Iterator[Step]:
    listed = set(server.installed())
    for role, account in accounts:
        if Installed(account, role) not in listed:
            sql = (  # a literal and the name of a role
                "INSERT INTO database_accounts (account, role, installed_at)"  # noqa: S608 - quoted
                f" VALUES ({literal(account)}, '{role}', ROUND(UNIX_TIMESTAMP(NOW(6)) * 1000000))"
                f" ON DUPLICATE KEY UPDATE role = '{role}'"
            )
            yield _step(f"list {account} as {role}", sql)


def _inbox_default(server: Server) -> Iterator[Step]:
    if not server.inbox_default():
        sql = "ALTER TABLE submission_inbox ALTER COLUMN account SET DEFAULT (CURRENT_USER())"
        yield _step("write the account of the sender into the inbox", sql)


def _account(server: Server, wanted: Account, passwords: Mapping[str, str | None]) -> Iterator[Step]:
    role, account = wanted
    found = server.grants_of(account)
    if found is None or account in passwords:
        verb = "CREATE USER" if found is None else "ALTER USER"
        shown, sql = (
            f"{verb} {identified(account, password, is_mariadb=server.is_mariadb)}"
            for password in (None, passwords.get(account))
        )
        about = f"create the account {account}" if found is None else f"set the password of {account}"
        yield Step(about, shown, sql, account=account)
    held = set() if found is None else found[0]
    needed = wanted_privileges(role)
    # What it may do elsewhere is reported by the status, and not ours to take away.
    too_much = {each for each in held - needed if each.scope != "*.*"}
    # To revoke a privilege on a table takes those on its columns along.
    whole = {(each.name, each.scope) for each in too_much if not each.column}
    lost = {each for each in needed if whole & {(name, each.scope) for name in (each.name, *EVERYTHING)}}
    yield from _granted(server, wanted, needed - held - lost)
    for scope, taken in _by_scope(too_much):
        target = _target(server, scope)
        yield _step(f"revoke from {role} on {scope}", f"REVOKE {taken} ON {target} FROM {account_name(account)}")
    yield from _granted(server, wanted, lost)


def _granted(server: Server, account: Account, privileges: Iterable[Privilege]) -> Iterator[Step]:
    for scope, granted in _by_scope(privileges):
        sql = f"GRANT {granted} ON {_target(server, scope)} TO {account_name(account.account)}"
        yield _step(f"grant {account.role} on {scope}", sql)


def _guards(server: Server, accounts: Sequence[Account]) -> Iterator[Step]:
    migrator = next((account for role, account in accounts if role == "migrator"), None)
    definer = f"DEFINER = {account_name(migrator)} " if migrator else ""
    found = server.guard_triggers()
    definers = {trigger.definer for trigger in found.values()} - {each.account for each in accounts}
    gone = {each for each in definers if server.grants_of(each) is None}
    for guard in guards(is_mariadb=server.is_mariadb):
        existing = found.get(guard.name)
        if existing is None:
            yield _created(guard, f"CREATE {definer}")
        elif is_same(existing, guard) and existing.definer not in gone:
            continue
        elif server.is_mariadb and existing.table == guard.table:
            sql = f"CREATE OR REPLACE {definer}{guard.sql}"
            yield Step(f"replace the guard {guard.name}", sql, sql, guard.name)
        else:
            # At no time without a guard, also where the server allows no new one.
            if guard.interim.name not in found:
                yield _created(guard.interim, f"CREATE {definer}")._replace(guard=guard.name)
            yield _removed(guard.name, guard.name)
            yield _created(guard, f"CREATE {definer}")
            yield _removed(guard.interim.name, guard.name)
            found.pop(guard.interim.name, None)
    for name in sorted(found.keys() & REPLACED_BY.keys()):
        yield _removed(name, REPLACED_BY[name])


def _created(guard: Guard, create: str) -> Step:
    return Step(f"create the guard {guard.name}", sql := create + guard.sql, sql, guard.name)


def _removed(name: str, guard: str) -> Step:
    return Step(f"remove the replaced guard {name}", sql := f"DROP TRIGGER `{name}`", sql, guard)


def is_same(trigger: Trigger, guard: Guard) -> bool:
    """Whether a trigger is what the guard should be."""
    found = (trigger.table, trigger.timing, trigger.event, " ".join(trigger.body.split()))
    return found == (guard.table, "BEFORE", guard.event, guard.body)


def _step(about: str, sql: str) -> Step:
    return Step(about, sql, sql)


def _by_scope(privileges: Iterable[Privilege]) -> Iterator[tuple[str, str]]:
    """The privileges on each table, as a grant lists them."""
    columns: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name, scope, column in sorted(privileges):
        columns[scope][name] += [quoted(column)] if column else []
    for scope, named in columns.items():
        yield scope, ", ".join(name + (f" ({', '.join(of)})" if of else "") for name, of in named.items())


def _target(server: Server, scope: str) -> str:
    if scope == "*":
        return f"{schema_pattern(server.database, wildcards=server.wildcards)}.*"
    return scope if scope.endswith(".*") else f"{quoted(server.database)}.{quoted(scope)}"
