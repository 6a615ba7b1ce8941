"""Check the write rules, in code and in database accounts.

The code of an application is read, never run.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import typer

from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import example, prose, with_prose
from cli.verbs.migrate.gates_verbs.account_status import status
from cli.verbs.migrate.gates_verbs.installation import install

app = typer.Typer(add_completion=False, no_args_is_help=True, help=prose(__doc__))

# Of the extra `gates`. The image is built without it, and `install` and `status` need nothing of it.
PARSERS = frozenset({"ast_grep_py", "sqlglot", "yaml"})
ANY_ARGUMENTS = {"allow_extra_args": True, "ignore_unknown_options": True}


def _needs_parsers(context: typer.Context) -> None:
    """Read code; needs the extra `gates`, which is not installed here."""
    sentence = (
        f"`gates {context.info_name}` reads source code; where the code is, run pip install 'scriptledger[gates]'."
    )
    raise Ending(Exit.USAGE, sentence, code="extra_missing")


def _reader_of_code(name: str) -> tuple[Callable[..., Any], dict[str, Any]]:
    """A command that reads code, and settings of its arguments; without the parsers, one that says so."""
    try:
        return getattr(import_module(f"cli.verbs.migrate.gates_verbs.{name}"), name), {}
    except ModuleNotFoundError as missing:
        if missing.name not in PARSERS:
            raise
    return _needs_parsers, ANY_ARGUMENTS


inventory, inventory_arguments = _reader_of_code("inventory")
check, check_arguments = _reader_of_code("check")

app.command(
    "inventory",
    context_settings=inventory_arguments,
    epilog=example(
        "scriptledger gates inventory server", "scriptledger gates inventory server --html touchpoints.html --writes"
    ),
)(inventory)
app.command(
    "check",
    context_settings=check_arguments,
    epilog=example(
        "scriptledger gates check --example > gates.toml",
        "scriptledger gates check server --baseline gates-baseline.json --sarif gates.sarif",
    ),
)(check)
app.command(
    "install",
    epilog=example(
        "scriptledger gates install --database mysql://root@db/scriptledger --passwords ./secrets",
        "scriptledger gates install --role producer --role worker --dry-run",
        "scriptledger gates install --account ai=robot --print-sql > accounts.sql",
    ),
)(install)
app.command("status", epilog=example("scriptledger gates status", "scriptledger gates status --json"))(status)
with_prose(app)
