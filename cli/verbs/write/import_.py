"""Import a screenplay as a new script or a new version.

Without --script the file becomes a new script. With it, the lines of the script are compared with those of the file:
unchanged lines keep their ids, and changes become line commands, which preserve concurrent edits by others. --replace
sends one script.replace instead. An import that would drop more than half of the text is refused without
--confirm-shrink.

A Fountain file in another encoding than UTF-8 is decoded where that is unmistakable; otherwise use --encoding.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from cli.client import database
from cli.client.queue import Queue, default_actor, queue
from cli.rendering.answers import end_with
from cli.rendering.screenplay_layout import pages
from cli.terminal.bounded_file import read_bounded
from cli.terminal.new_ids import new_line_id, new_submission_id
from cli.terminal.options import FILE_HELP, WAIT_SECONDS, Actor, AsJson, FormatName, Timeout, example, left_out, prose
from cli.terminal.screen import counted, warn
from domain.commands.base import Command
from domain.commands.kinds.script_create import ScriptCreate
from domain.commands.kinds.script_set_metadata import ScriptSetMetadata
from domain.commands.line_matching import align
from domain.commands.whole_script.script_replace import ScriptReplace
from domain.commands.whole_script.state_diff import commands_to
from domain.formats.format import MAX_FILE_BYTES, Format, Imported
from domain.formats.refusals import FileTooLarge
from domain.formats.registry import format_of
from domain.formats.text_file import decode
from domain.script.state import State
from domain.submissions.answer import Answer
from domain.submissions.submission import Submission

app = typer.Typer(add_completion=False)


@app.command(
    name="import",
    help=prose(__doc__),
    epilog=example(
        "scriptledger import draft-1.fountain",
        "scriptledger import draft-2.fountain --script 1",
        "scriptledger import draft-3.fdx --script 1",
    ),
)
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=FILE_HELP, show_default=False)],
    title: Annotated[
        str | None, typer.Option(help="The title; by default from the title page, or the name of the file.")
    ] = None,
    script: Annotated[int | None, typer.Option(metavar="N", min=1, help="The script to update.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Send one script.replace, not line commands.")] = False,
    confirm_shrink: Annotated[
        bool, typer.Option("--confirm-shrink", help="Allow more than half of the text to be dropped.")
    ] = False,
    file_format: FormatName = None,
    encoding: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The encoding of a text file, such as windows-1252 or macintosh.", show_default=False
        ),
    ] = None,
    remove_controls: Annotated[
        bool, typer.Option("--remove-controls", help="Remove control characters from a text file.")
    ] = False,
    actor: Actor = None,
    timeout: Timeout = WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    imported = _read(file, format_of(file, file_format), encoding, remove_controls=remove_controls)
    actor = default_actor() if actor is None else actor
    with queue() as sending:
        if script is None:
            submission = _creation(sending, imported, title or imported.title or file.stem, actor)
        else:
            with sending.unit_of_work.reading() as tx:
                state = database.state_of(tx, script)
            commands = _changes(state, imported, title, replace=replace, confirm_shrink=confirm_shrink)
            if not commands:
                end_with(Answer(script_id=script, submission_id="", outcome="no_op"), as_json=as_json)
            submission = _submission(script, state.version, commands, actor)
        answer = sending.send(submission, timeout=timeout)
    for sentence in (left_out(imported), *imported.hints):
        if sentence:
            warn(sentence)
    end_with(answer, as_json=as_json, done=_done(answer, submission, imported))


def _read(file: Path, file_format: Format, encoding: str | None, *, remove_controls: bool) -> Imported:
    data = read_bounded(file, MAX_FILE_BYTES, FileTooLarge)
    if encoding is None and not remove_controls:
        return file_format.read(data, new_line_id)
    if not file_format.is_text:
        raise typer.BadParameter(f"--encoding and --remove-controls are for text, not for {file_format.title} files")
    text = decode(data, encoding, remove_controls=remove_controls)
    imported = file_format.read(text.text.encode(), new_line_id)
    return replace(imported, hints=(*text.changes, *imported.hints))


def _creation(sending: Queue, imported: Imported, title: str, actor: str) -> Submission:
    command = ScriptCreate(title=title, lines=imported.lines)
    return _submission(sending.new_script_id(), 0, (command,), actor)


def _changes(
    state: State, imported: Imported, title: str | None, *, replace: bool, confirm_shrink: bool
) -> tuple[Command, ...]:
    """The commands that turn the lines of a script into those of a file; refused if too much would be dropped."""
    resolved = align(tuple(state.lines()), imported.lines)
    whole = ScriptReplace(lines=resolved, confirm_shrink=confirm_shrink)
    delta = whole.apply(state)
    commands: tuple[Command, ...] = (whole,) if replace and delta else commands_to(state, resolved)
    if title is not None and title != state.metadata.get("title"):
        renaming = ScriptSetMetadata(fields={"title": title}, expect={"title": state.metadata.get("title")})
        return (*commands, renaming)
    return commands


def _submission(script_id: int, base_version: int, commands: tuple[Command, ...], actor: str) -> Submission:
    return Submission(
        script_id=script_id,
        submission_id=new_submission_id("import"),
        author="import",
        actor=actor,
        base_version=base_version,
        commands=commands,
    )


def _done(answer: Answer, submission: Submission, imported: Imported) -> str:
    first = submission.commands[0]
    if isinstance(first, ScriptCreate):
        lines = counted(len(imported.lines), "line")
        size = f"{lines}, about {counted(pages(imported.lines), 'page')}" if imported.lines else "it has no lines"
        return f"“{first.title}” is script {answer.script_id}: {size}, version {answer.last_version}."
    changes = counted(len(submission.commands), "change")
    return f"{changes}: script {answer.script_id} is now at version {answer.last_version}."
