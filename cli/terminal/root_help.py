"""The output of `scriptledger --help`: every verb with one sentence, on one screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.core import TyperGroup

from cli.terminal import screen
from cli.terminal.screen import Text

ABOUT = "Keeps screenplays as append-only logs of commands."
PANEL_WIDTH = 9
VERB_WIDTH = 13
MAX_HELP_LINES = 46
# The description of a verb fits into the remaining columns of an 80-column terminal.
SENTENCE = 80 - PANEL_WIDTH - VERB_WIDTH


class FrontPage(TyperGroup):
    """The list of verbs."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - as Typer calls it
        """Print the page."""
        screen.print_text(*_rows(self))


def _rows(group: TyperGroup) -> Iterator[Text]:
    yield Text.assemble(("scriptledger VERB …", "bold"), f"  {ABOUT}")
    panel = ""
    for name, verb in group.commands.items():
        heading = verb.rich_help_panel if verb.rich_help_panel != panel else ""  # type: ignore[attr-defined]
        panel = heading or panel
        yield Text.assemble((f"{heading:<{PANEL_WIDTH}}", "cyan"), (f"{name:<{VERB_WIDTH}}", "bold"), verb.help or "")
    yield Text("VERB --help ends with examples; also --version and --install-completion.")
    yield Text("Exit status: 0 done, 1 refused, 2 misused, 3 no answer, 4 no server, 5 bad data.")
