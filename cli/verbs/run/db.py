"""Migrate the database, or show its schema and its drift."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer

from cli.client import database as ledger
from cli.json_documents.lookup import Schemas, Upgraded
from cli.rendering.drift import print_drift
from cli.terminal import screen
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import AsJson, DatabaseUrl, example, prose
from gates.database.own_drift import own_drift
from repos.database.engine import open_engine
from repos.schema import log_view, log_view_repair
from repos.schema.revision import SchemaOutdated, require_current
from repos.schema.upgrade import found_revision, require_fit, upgrade_if_outdated, wanted_revision
from workers.embedded.private_home import secure_home
from workers.settings import without_password

app = typer.Typer(add_completion=False, no_args_is_help=True, help=prose(__doc__))

_NO_VIEW = f"The view {log_view.NAME}, which shows the log as text, is missing or cannot be read."

AllowTable = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-table",
        metavar="NAME",
        help="A table of another tool that may be in the database; a name or a pattern like 'pt_*'. Repeatable.",
        show_default=False,
    ),
]


@app.command(
    epilog=example(
        "scriptledger db upgrade",
        "scriptledger db upgrade --database sqlite:///ledger.db",
        "scriptledger db upgrade --allow-table heartbeat --allow-table 'pt_*'",
    )
)
def upgrade(database: DatabaseUrl = None, allow_table: AllowTable = None, as_json: AsJson = False) -> None:
    """Migrate the database to the schema that this program needs. It is safe to run again.

    A database that holds tables of another application is refused before anything is changed.
    """
    chosen = ledger.settings(database=database)
    if chosen.embedded_database:
        secure_home(chosen.home)
    elif chosen.sqlite_file is not None:
        chosen.sqlite_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ledger.explained(chosen), open_engine(chosen.database_url) as engine:
        before, only_recorded = upgrade_if_outdated(engine, allowed=allow_table or ())
        if log_view_repair.is_missing(engine):
            screen.warn(f"{_NO_VIEW} Run this again with an account that may create and replace views.")
    after = wanted_revision()
    if as_json:
        screen.print_json(Upgraded(before, after))
    elif before == after:
        screen.print_text(f"The database is already at schema {after}.")
    elif only_recorded:
        screen.print_text(
            f"The database has the whole schema {after}: an upgrade from {before} was stopped before it could record "
            "that. It is recorded now; nothing else was changed."
        )
    else:
        begun = f"was migrated from schema {before}" if before else "had no schema, and was migrated"
        screen.print_text(f"The database {begun} to schema {after}.")


@app.command(epilog=example("scriptledger db current --json"))
def current(database: DatabaseUrl = None, allow_table: AllowTable = None, as_json: AsJson = False) -> None:
    """Show which schema the database has and which one this program needs; exit status 4 if they differ.

    A database that `db upgrade` would refuse is refused here with the same sentence.
    """
    chosen = ledger.settings(database=database)
    where = without_password(chosen.database_url)
    if chosen.sqlite_file is not None and not chosen.sqlite_file.exists():
        revision = None
    else:
        with ledger.explained(chosen), open_engine(chosen.database_url) as engine:
            require_fit(engine, allowed=allow_table or ())
            revision = found_revision(engine)
            # One that no upgrade leads to, because a newer program made it, is refused as `db upgrade` refuses it.
            with suppress(SchemaOutdated):
                require_current(engine)
            if revision is not None and log_view_repair.is_missing(engine):
                screen.warn(f"{_NO_VIEW} `scriptledger db upgrade` creates it again.")
    needed = wanted_revision()
    if as_json:
        screen.print_json(Schemas(where, revision, needed))
        raise typer.Exit(Exit.DONE if revision == needed else Exit.UNREACHABLE)
    if revision == needed:
        screen.print_text(f"The database {where} is at schema {revision}, as this program needs it.")
        return
    raise Ending(
        Exit.UNREACHABLE,
        f"The database {where} is at schema {revision or 'nothing'}, this program needs {needed}: "
        "run `scriptledger db upgrade`.",
    )


@app.command(epilog=example("scriptledger db drift", "scriptledger db drift --allow-table 'pt_*' --json"))
def drift(database: DatabaseUrl = None, allow_table: AllowTable = None, as_json: AsJson = False) -> None:
    """Show what was changed in the schema since the migrations made it; exit status 1 if anything was.

    It reads through a read-only connection and changes nothing.
    """
    chosen = ledger.settings(database=database)
    where = without_password(chosen.database_url)
    if chosen.sqlite_file is not None and not chosen.sqlite_file.exists():
        raise Ending(Exit.UNREACHABLE, f"There is no database {where} yet: `scriptledger db upgrade` creates it.")
    with ledger.explained(chosen):
        differences, notes = own_drift(chosen.database_url, allowed=tuple(allow_table or ()))
    unchanged = f"The schema of {where} is what the migrations made."
    raise typer.Exit(print_drift(where, differences, notes, unchanged=unchanged, as_json=as_json))
