"""The examination of an installation: connects to its servers with short timeouts, and runs the checks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from redis.exceptions import RedisError

from domain.errors import Conflict
from gates.database.accounts.held_privileges import HeldPrivileges
from gates.database.accounts.roles import Privilege
from repos.database.driver_errors import DatabaseUnreachable, DriverError
from repos.database.engine import open_engine
from repos.database.supported_servers import UnsupportedServer
from repos.schema.core_tables import submission_inbox
from repos.server_checks.held_locks import held_locks
from repos.server_checks.readiness import NO_ANSWER
from repos.server_checks.server_facts import ServerFacts, read_server_facts
from workers.checks.broker_facts import read_broker
from workers.checks.database_trouble import database_trouble
from workers.checks.finding import Finding, Result, fault, fine
from workers.checks.registry import Area, examine
from workers.messaging.broker_check import BrokerUnreachable, SignInFailed, UnfitBroker, open_broker
from workers.process.roles import Role
from workers.settings import Settings, without_password

ANSWER_SECONDS = 3
REACHABLE = "reachable"
# The roles of database accounts that workers of some roles have; the others have the role worker.
_ACCOUNT_ROLES = {"intake": "intake", "backfill": "backfill"}


def examine_database(settings: Settings, roles: Sequence[Role] = (), *, at_start: bool = False) -> Iterator[Result]:
    """The results about the database, be it a server or a file."""
    file = settings.sqlite_file
    if file is not None:
        yield from _of_file(settings, file, at_start=at_start)
        return
    wanted = list(dict.fromkeys(_ACCOUNT_ROLES.get(role.name, "worker") for role in roles)) or [""]
    try:
        with open_engine(settings.database_url, pool_size=1, answer_seconds=ANSWER_SECONDS) as engine:
            facts = read_server_facts(engine, wanted[0])
            if not at_start and facts.problem is None:
                facts = facts._replace(locks=held_locks(engine))
    except Exception as error:  # whatever it is, it is what was found
        yield Result("database", REACHABLE, _unreachable(settings, error))
        return
    problem = facts.problem or ""
    if problem.startswith(NO_ANSWER):
        change = f"Read the server's log, and look for what locks the table {submission_inbox.name}, like a backup."
        yield Result("database", REACHABLE, fault(f"{problem[:1].upper()}{problem[1:]}.", change))
        yield from (result for result in examine("database", facts, at_start=at_start) if result.check != "writes")
    else:
        answers = f"{without_password(settings.database_url)} answers, as {facts.version}."
        yield Result("database", REACHABLE, fine(answers))
        yield from examine("database", facts, at_start=at_start)
    for account_role in wanted[1:]:
        # A worker of several roles has one account, which needs the privileges of each.
        others = examine("database", facts._replace(account_role=account_role), at_start=at_start)
        yield from (result for result in others if result.check == "grants")
    if not at_start:
        yield from _of_schema(facts)


def examine_broker(
    settings: Settings, roles: Sequence[Role] = (), *, for_beat: bool = False, at_start: bool = False
) -> Iterator[Result]:
    """The results about the broker, if one is configured, for workers of some roles or for beat."""
    if settings.embedded_broker:
        yield Result("broker", REACHABLE, fine("No broker is configured: commands start their own while they need it."))
        return
    where = f"The broker {without_password(settings.broker_url)}"
    try:
        with open_broker(settings.broker_url, seconds=ANSWER_SECONDS) as connection:
            facts = read_broker(connection, roles, for_beat=for_beat)
    except SignInFailed as error:
        change = "Check user and password in SCRIPTLEDGER_BROKER_URL."
        yield Result("broker", REACHABLE, fault(f"{where} refuses the sign-in ({error}).", change))
    except UnfitBroker as error:
        yield Result("broker", "url", fault(f"{where} cannot be used: {error}.", "Correct SCRIPTLEDGER_BROKER_URL."))
    except (BrokerUnreachable, RedisError, OSError) as error:
        change = "Start it, or name another in SCRIPTLEDGER_BROKER_URL."
        yield Result("broker", REACHABLE, fault(f"{where} does not answer ({error}).", change))
    else:
        yield Result("broker", REACHABLE, fine(f"{where} answers."))
        if facts is not None:
            yield from examine("broker", facts, at_start=at_start)


def examine_machine(settings: Settings, *, at_start: bool = False) -> Iterator[Result]:
    """The results about this machine."""
    yield from examine("machine", settings, at_start=at_start)


def _of_file(settings: Settings, file: Path, *, at_start: bool) -> Iterator[Result]:
    area: Area = "file"
    if file.exists():
        yield from examine(area, file, at_start=at_start)
        if not at_start:
            yield from examine("schema", settings.database_url)
    elif settings.embedded_database:
        yield Result(
            area, REACHABLE, fine(f"There is no ledger at {file} yet; the first command that writes makes it.")
        )
    else:
        yield Result(area, REACHABLE, fault(f"There is no database file {file}.", "Run `scriptledger db upgrade`."))


def _of_schema(facts: ServerFacts) -> Iterator[Result]:
    # MariaDB shows checks only to an account with a privilege on the schema as a whole.
    if HeldPrivileges(facts.grants, facts.database).covers(Privilege("SELECT", "*")):
        yield from examine("schema", facts.database_url)
    else:
        sentence = "The definitions of tables and views are not compared: this account may not see all of them."
        yield Result("schema", "definitions", fine(sentence))


def _unreachable(settings: Settings, error: Exception) -> Finding:
    if isinstance(error, UnsupportedServer):
        sentence, _, change = str(error).rpartition(". ")
        return fault(f"{sentence}.", change)
    trouble = database_trouble(settings, error)
    if trouble is None:
        # The text of an unexpected error might quote anything.
        known = isinstance(error, (Conflict, *DriverError))
        stopped = DatabaseUnreachable(type(error).__name__)
        stopped.__cause__ = (error.__cause__ or error) if known else None
        trouble = database_trouble(settings, stopped)
    assert trouble is not None  # noqa: S101 - there is always one for this error
    reason = f" ({trouble.reason})" if trouble.reason else ""
    change = f"{trouble.change[:1].upper()}{trouble.change[1:]}"
    return fault(f"{trouble.problem}{reason}.", f"{change}{'' if change.endswith('?') else '.'}" if change else "")
