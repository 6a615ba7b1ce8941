"""Read a legacy database: its tables, mapping and defects.

Nothing is ever written to it: the connection is read only, and an account with SELECT is enough.
"""

from __future__ import annotations

import typer

from cli.terminal.options import example, prose, with_prose
from cli.verbs.migrate.legacy_verbs.freezing import drift, freeze
from cli.verbs.migrate.legacy_verbs.inspection import inspect
from cli.verbs.migrate.legacy_verbs.mapping import map_
from cli.verbs.migrate.legacy_verbs.sample import sample
from cli.verbs.migrate.legacy_verbs.scanning import scan

app = typer.Typer(add_completion=False, no_args_is_help=True, help=prose(__doc__))

app.command(
    "inspect",
    epilog=example(
        "scriptledger legacy inspect mysql://reader:secret@db/stories", "scriptledger legacy inspect --json"
    ),
)(inspect)
app.command(
    "map",
    epilog=example(
        "scriptledger legacy map sqlite:///legacy.db -o legacy.toml",
        "scriptledger legacy map sqlite:///legacy.db --check legacy.toml",
    ),
)(map_)
app.command(
    "scan",
    epilog=example(
        "scriptledger legacy scan sqlite:///legacy.db --html scan.html",
        "scriptledger legacy scan --mapping legacy.toml --state scan.state --json",
    ),
)(scan)
app.command(
    "sample",
    epilog=example("scriptledger legacy sample -o legacy.db", "scriptledger legacy sample -g 3 > legacy.sql"),
)(sample)
app.command(
    "freeze",
    epilog=example(
        "scriptledger legacy freeze mysql://reader:secret@db/stories -o legacy-schema.json",
        "scriptledger legacy freeze -o legacy-schema.json --replace",
    ),
)(freeze)
app.command(
    "drift",
    epilog=example(
        "scriptledger legacy drift mysql://reader:secret@db/stories --frozen legacy-schema.json",
        "scriptledger legacy drift -f legacy-schema.json --json",
    ),
)(drift)
with_prose(app)
