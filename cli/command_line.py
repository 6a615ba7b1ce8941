"""The command line: every file in a folder of `cli/verbs` is a verb, imported only when the verb is called."""

from __future__ import annotations

import os
import sys
from importlib import import_module, metadata
from keyword import iskeyword
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException
from typer.main import get_command

from cli.json_documents.base import Failed, Failure
from cli.terminal import screen
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.interrupt import end_as_by_ctrl_c, ending_at_once
from cli.terminal.root_help import ABOUT, FrontPage
from cli.terminal.typer_screen import print_usage_error, with_help_on_screen
from domain.errors import Conflict, Corrupt, LedgerError, Rejected
from repos.private_file import UnsafePlace
from workers.embedded.errors import EmbeddedBrokerError
from workers.imports import without_garbage_collection

HERE = Path(__file__).parent
# The folders of `cli/verbs` with their titles, in the order of the help.
PANELS = {
    "write": "Write",
    "proposals": "Propose",
    "read": "Read",
    "maintain": "Maintain",
    "run": "Run",
    "accounts": "Accounts",
    "migrate": "Migrate",
    "lookup": "Look up",
}


def _verbs_in(folder: str) -> tuple[str, ...]:
    files = (HERE / "verbs" / folder).glob("*.py")
    return tuple(sorted(file.stem.rstrip("_") for file in files if file.stem != "__init__"))


# Every verb by the title of its panel: a file in one of the folders is a verb.
VERBS = {title: _verbs_in(folder) for folder, title in PANELS.items()}
_FOLDER_OF = {verb: folder for folder, title in PANELS.items() for verb in VERBS[title]}


class Verb(TyperCommand):
    """A verb in the list of verbs, described by the first line of its file; a call loads the real command."""

    def __init__(self, name: str, panel: str) -> None:
        self.module = module_of(name)
        source = HERE.parent.joinpath(*self.module.split(".")).with_suffix(".py")
        first_line = source.read_text(encoding="utf-8").partition("\n")[0]
        super().__init__(name, help=first_line.strip('"'), rich_help_panel=panel)

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        with ending_at_once(), without_garbage_collection():
            real = with_help_on_screen(get_command(import_module(self.module).app))
        return real.make_context(info_name, args, parent, **extra)


def module_of(verb: str) -> str:
    """The module of a verb."""
    return f"cli.verbs.{_FOLDER_OF[verb]}.{verb}_" if iskeyword(verb) else f"cli.verbs.{_FOLDER_OF[verb]}.{verb}"


def run() -> NoReturn:
    """Run the command line and exit."""
    end_as_by_ctrl_c()
    printed_to = sys.stdout
    try:
        status = command_line().main(prog_name="scriptledger", standalone_mode=False)
    except TyperException as error:
        print_usage_error(error)
        sys.exit(error.exit_code)
    except SystemExit:
        # When the reader closed standard output, Typer replaces it by a silent stream and exits with 1, which means
        # refused here.
        if sys.stdout is not printed_to:
            sys.exit(Exit.UNREAD)
        raise
    except Exception as error:
        if os.environ.get("SCRIPTLEDGER_DEBUG"):
            raise
        ending = ending_of(error)
        report(ending)
        sys.exit(ending.status)
    sys.exit(status or Exit.DONE)


def command_line() -> TyperGroup:
    """All verbs."""
    app = typer.Typer(cls=FrontPage, no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})
    app.callback(help=ABOUT)(options)
    group = get_command(app)
    assert isinstance(group, TyperGroup)  # noqa: S101 - for the type checker
    for panel, names in VERBS.items():
        for name in names:
            group.add_command(Verb(name, panel))
    return group


def print_version(requested: bool) -> None:
    """Print the installed version and the schema it needs."""
    if requested:
        schema = import_module("repos.schema.revision").wanted_revision()
        screen.print_text(f"scriptledger {metadata.version('scriptledger')}, schema {schema}")
        raise typer.Exit


def options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and the schema.", is_eager=True, callback=print_version),
    ] = False,
) -> None:
    """Options before the verb."""


def ending_of(error: Exception) -> Ending:  # noqa: PLR0911 - one return an error
    """The exit status and the message for an error."""
    match error:
        case Ending():
            return error
        case Rejected():
            return Ending(Exit.REFUSED, error.message, code=error.code)
        case Corrupt():
            reason = str(error).rstrip(".")
            return Ending(
                Exit.CORRUPT,
                f"{reason}. The script takes no more writes; `scriptledger verify` shows the first bad version.",
            )
        case Conflict():
            return Ending(Exit.UNREACHABLE, f"The database was too busy: {error}. Try again.")
        case UnsafePlace():
            return Ending(Exit.UNREACHABLE, str(error), code="unsafe_place")
        case LedgerError() | EmbeddedBrokerError():
            return Ending(Exit.UNREACHABLE, str(error), code=getattr(error, "code", ""))
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            return Ending(Exit.USAGE, f"{where}{error.strerror or error}.")
        case OverflowError():
            return Ending(Exit.USAGE, "A number is out of range: script ids and versions must be below 2^53.")
        case UnicodeEncodeError() if any(error.object[error.start : error.end] in given for given in sys.argv):
            return Ending(Exit.USAGE, "An argument is not UTF-8.")
        case _:
            what = f"{type(error).__name__}: {error}"
            return Ending(Exit.BUG, f"This is a bug in scriptledger ({what}); SCRIPTLEDGER_DEBUG=1 shows where.")


def report(ending: Ending) -> None:
    """Print why a command failed: one sentence on standard error, and with --json a document too."""
    if "--json" in sys.argv:
        screen.print_json(Failed(Failure(ending.status, ending.code, str(ending))))
    screen.warn(f"scriptledger: {ending}", style="red")
