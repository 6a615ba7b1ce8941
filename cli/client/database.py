"""Access to the ledger: settings from the environment, and a database that exists and is migrated."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from cli.client.database_errors import database_ending
from cli.terminal.exit_status import Ending, Exit
from domain.errors import Conflict
from domain.log.head import Head
from domain.script.state import State
from materialization.history.state_at import state_at
from repos.database.driver_errors import DriverError
from repos.database.engine import open_engine
from repos.database.supported_servers import UnsupportedServer
from repos.schema.revision import require_current
from repos.unit_of_work import RecordsTransaction, UnitOfWork
from workers.embedded.private_home import secure_home
from workers.process.visible_logs import configure_log
from workers.settings import Settings


def settings(*, database: str | None = None, broker: str | None = None) -> Settings:
    """The settings from the environment; server URLs from the command line take precedence."""
    named = {"SCRIPTLEDGER_DATABASE_URL": database, "SCRIPTLEDGER_BROKER_URL": broker}
    return Settings.from_env({**os.environ, **{name: url for name, url in named.items() if url is not None}})


@contextmanager
def opened(chosen: Settings | None = None) -> Iterator[UnitOfWork]:
    """The ledger, for units of work; a database error becomes one sentence."""
    chosen = chosen or settings()
    file = chosen.sqlite_file
    if file is not None and not file.exists():
        maker = "import FILE.fountain" if chosen.embedded_database else "db upgrade"
        raise Ending(
            Exit.UNREACHABLE, f"There is no ledger at {file} yet: `scriptledger {maker}` creates one.", code="no_ledger"
        )
    if chosen.embedded_database:
        with suppress(OSError):  # if the folder is read-only, the database reports it
            secure_home(chosen.home)
    # Standard output is for the result alone.
    configure_log(sys.stderr)
    with explained(chosen), open_engine(chosen.database_url, pool_size=chosen.pool_size) as engine:
        require_current(engine)
        yield UnitOfWork(engine)


@contextmanager
def reading() -> Iterator[RecordsTransaction]:
    """The ledger, for reading."""
    with opened() as unit_of_work, unit_of_work.reading() as tx:
        yield tx


@contextmanager
def explained(chosen: Settings) -> Iterator[None]:
    """Turn a database error into an ending with one sentence."""
    try:
        yield
    except UnsupportedServer as error:
        raise Ending(Exit.UNREACHABLE, str(error), code="unsupported_database") from error
    except (Conflict, *DriverError) as error:
        if (ending := database_ending(chosen, error)) is None:
            raise
        raise ending from error


def head_of(tx: RecordsTransaction, script_id: int) -> Head:
    """The head of an existing script."""
    head = tx.heads.get(script_id)
    if head is None:
        raise Ending(
            Exit.REFUSED,
            f"There is no script {script_id}; `scriptledger scripts` lists the scripts.",
            code="unknown_script",
        )
    return head


def state_of(tx: RecordsTransaction, script_id: int, version: int | None = None) -> State:
    """The state of an existing script, at a version or at its head."""
    head_of(tx, script_id)
    return state_at(tx, script_id, version)
