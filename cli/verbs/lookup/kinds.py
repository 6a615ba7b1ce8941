"""List the kinds of commands, or the fields of one.

With --schema it prints the JSON Schema of a submission, for producers and their tools.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cli.json_documents.lookup import Kind, KindField, Kinds
from cli.reference.commands import flags
from cli.reference.shapes import shape_of_kind
from cli.reference.submission_schema import submission_schema
from cli.terminal import screen
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import AsJson, example, prose
from cli.terminal.screen import Text
from domain.commands.base import KINDS

app = typer.Typer(add_completion=False)


@app.command(help=prose(__doc__), epilog=example("scriptledger kinds line.edit", "scriptledger kinds --schema"))
def kinds(
    kind: Annotated[str | None, typer.Argument(metavar="KIND", help="The kind.", show_default=False)] = None,
    as_schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a submission.")] = False,
    as_json: AsJson = False,
) -> None:
    if kind is not None and kind not in KINDS:
        raise Ending(Exit.REFUSED, f"There is no kind {kind!r}; `scriptledger kinds` lists them.", code="unknown_kind")
    names = [kind] if kind else sorted(KINDS)
    if as_schema:
        screen.print_schema(submission_schema())
    elif as_json:
        screen.print_json(Kinds([_document(name) for name in names]))
    elif kind:
        _print_one(kind)
    else:
        rows = [(name, shape_of_kind(name).about.partition("\n\n")[0]) for name in names]
        screen.print_text(screen.table(("kind", "what it does"), rows))


def _print_one(kind: str) -> None:
    shape = shape_of_kind(kind)
    screen.print_text(
        Text(kind, "bold"), screen.block(shape.about, indent=0), *(Text(note) for note in flags(KINDS[kind])), Text()
    )
    rows = [
        (field.name, field.type.replace("`", ""), "required" if field.required else field.default or "")
        for field in shape.fields
    ]
    screen.print_text(screen.table(("field", "type", "default"), rows))


def _document(kind: str) -> Kind:
    shape = shape_of_kind(kind)
    return Kind(
        kind=kind,
        about=shape.about,
        needs_head=KINDS[kind].needs_head,
        absolute=KINDS[kind].absolute,
        for_ai=KINDS[kind].for_ai,
        fields=[KindField(field.name, field.type, field.required, field.default) for field in shape.fields],
    )
