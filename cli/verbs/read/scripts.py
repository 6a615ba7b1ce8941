"""List the scripts."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.client import database
from cli.json_documents.read import ListedScript, Scripts
from cli.rendering.listing import Columns, listing, page_of
from cli.terminal import screen
from cli.terminal.options import AsJson, Limit, example, prose
from repos.log.scripts import ScriptRow

app = typer.Typer(add_completion=False)


@app.command(help=prose(__doc__), epilog=example("scriptledger scripts", "scriptledger scripts --after 100 --json"))
def scripts(
    after: Annotated[int, typer.Option(metavar="SCRIPT", min=0, help="Only scripts with a higher id.")] = 0,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    with database.reading() as tx:
        rows = tx.scripts.read(after=after, limit=limit + 1)
    listing(
        page_of(rows, limit),
        lambda page: Scripts([_document(row) for row in page.rows], page.next),
        Columns(("script", "title", "status", "version", "created"), _cells, right=("script", "version")),
        as_json=as_json,
    )


def _cells(row: ScriptRow) -> tuple[str, ...]:
    return str(row.id), row.title, _status(row), str(row.version_number), screen.moment(row.created_at)


def _status(row: ScriptRow) -> str:
    return f"{row.status}, archived" if row.archived else row.status


def _document(row: ScriptRow) -> ListedScript:
    return ListedScript(
        script_id=row.id,
        title=row.title,
        status=row.status,
        archived=bool(row.archived),
        owner=row.user_id,
        version=row.version_number,
        created_at=screen.iso(row.created_at),
        updated_at=screen.iso(row.updated_at),
    )
