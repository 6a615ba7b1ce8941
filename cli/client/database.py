"""The ledger as the command line opens it: settings from the environment, a database that is there and migrated."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from cli.client.database_errors import trouble
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
    """What the environment says, or the command line where it names a server."""
    named = {"SCRIPTLEDGER_DATABASE_URL": database, "SCRIPTLEDGER_BROKER_URL": broker}
    return Settings.from_env({**os.environ, **{name: url for name, url in named.items() if url is not None}})


@contextmanager
def opened(chosen: Settings | None = None) -> Iterator[UnitOfWork]:
    """The ledger, for units of work; what the database says when it does not answer becomes one sentence."""
    chosen = chosen or settings()
    file = chosen.sqlite_file
    if file is not None and not file.exists():
        maker = "import FILE.fountain" if chosen.embedded_database else "db upgrade"
        raise Ending(
            Exit.UNREACHABLE, f"There is no ledger at {file} yet: `scriptledger {maker}` makes one.", code="no_ledger"
        )
    if chosen.embedded_database:
        with suppress(OSError):  # where nothing can be written, the database says so
            secure_home(chosen.home)
    # Standard output is for what was asked.
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
    """Say in a sentence what the database answered instead of doing what was asked."""
    try:
        yield
    except UnsupportedServer as error:
        raise Ending(Exit.UNREACHABLE, str(error), code="unsupported_database") from error
    except (Conflict, *DriverError) as error:
        if (ending := trouble(chosen, error)) is None:
            raise
        raise ending from error


def head_of(tx: RecordsTransaction, script_id: int) -> Head:
    """The head of a script that there is."""
    head = tx.heads.get(script_id)
    if head is None:
        raise Ending(
            Exit.REFUSED,
            f"There is no script {script_id}; `scriptledger scripts` lists those there are.",
            code="unknown_script",
        )
    return head


def state_of(tx: RecordsTransaction, script_id: int, version: int | None = None) -> State:
    """The state of a script that there is, at a version or at its head."""
    head_of(tx, script_id)
    return state_at(tx, script_id, version)
