"""Conversion of a model's hunks to commands: new lines get ids, places get both neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from msgspec import UNSET
from msgspec.structs import replace

from domain.commands.base import Command
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.lines_insert_and_delete import LinesDelete, LinesInsert
from domain.commands.placement import require_line
from domain.errors import Rejected
from domain.proposals.model_output import Insert, NewLine, ProposedHunk, Remove, Rewrite
from domain.refusals import GuardMissing
from domain.script.hashing import netstrings
from domain.script.line import Line, LineFormat
from domain.script.state import EDGE, State
from domain.submissions.submission import encode_command

# Formats that have no empty line after them: dialogue follows its character cue directly.
FOLLOWED_CLOSELY: tuple[LineFormat, ...] = ("character", "parenthetical")


def commands_of(hunk: ProposedHunk, base: State, ids: Iterator[str]) -> tuple[Command, ...]:
    """The commands of a hunk that was made for the state `base`; `ids` provides ids for its new lines.

    Raises:
        UnknownLine, LineRemoved: it names a line that is not in the script.
        GuardMissing: it deletes a line without its hash.
    """
    commands: list[Command] = []
    for position, edit in enumerate(hunk.edits):
        try:
            commands.append(_command(edit, base, ids))
        except Rejected as refusal:
            refusal.facts["edit"] = position
            raise
    return tuple(commands)


def hunk_hash(commands: tuple[Command, ...]) -> bytes:
    """32 bytes to compare the effect of two hunks; the ids of new lines do not count."""
    return sha256(netstrings(encode_command(_without_ids(command)) for command in commands)).digest()


def _command(edit: Rewrite | Insert | Remove, base: State, ids: Iterator[str]) -> Command:
    if isinstance(edit, Rewrite):
        return _rewritten(edit, base)
    if isinstance(edit, Remove):
        return _removed(edit, base)
    if edit.after is not None:
        require_line(base, edit.after)
    following = base.nodes[edit.after or EDGE].after
    lines = tuple(_line(line, next(ids)) for line in edit.lines)
    return LinesInsert(after=edit.after, before=following or None, lines=lines)


def _rewritten(edit: Rewrite, base: State) -> Command:
    require_line(base, edit.line)
    form = UNSET if edit.format is None else edit.format
    return LineEdit(line=edit.line, expect=edit.expect, text=edit.text, format=form)


def _removed(edit: Remove, base: State) -> Command:
    for target in edit.lines:
        require_line(base, target.id)
        if target.expect is None:
            raise GuardMissing(kind="line", id=target.id)
    return LinesDelete(lines=edit.lines)


def _line(line: NewLine, line_id: str) -> Line:
    return Line(line_id, line.format, line.text, "\n" if line.format in FOLLOWED_CLOSELY else "\n\n")


def _without_ids(command: Command) -> Command:
    if not isinstance(command, LinesInsert):
        return command
    named = tuple(replace(line, id=str(position)) for position, line in enumerate(command.lines))
    return replace(command, lines=named)
