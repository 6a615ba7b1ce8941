"""Whether the definitions of tables, indexes and views are those that the migrations made."""

from __future__ import annotations

from gates.database.expressions import ParserMissing
from gates.database.own_drift import own_drift
from repos.schema.revision import SchemaOutdated, SchemaTooNew
from workers.checks.finding import Check, Finding, fine, warning

MAX_NAMED = 3


def _examine(database_url: str) -> Finding:
    try:
        differences, _ = own_drift(database_url)
    except ParserMissing:
        return warning(
            "The definitions of tables and views are not compared: the SQL parser is not installed.",
            "Install it with `pip install 'scriptledger[drift]'`.",
        )
    except (SchemaOutdated, SchemaTooNew):
        return fine("The definitions of tables and views are not compared: the schema is another one as a whole.")
    if not differences:
        return fine("The definitions of tables, indexes and views are those of the migrations.")
    named = " ".join(f"{each.sentence.rstrip('.')}." for each in differences[:MAX_NAMED])
    more = f" There are {len(differences) - MAX_NAMED} more." if len(differences) > MAX_NAMED else ""
    return warning(
        f"{named}{more}", "Change it back with a migrator's account; `scriptledger db drift` shows all of it."
    )


CHECK = Check("definitions", _examine)
