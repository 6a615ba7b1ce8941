"""Conversion of a model's hunks to commands: numbers become ids, new lines get ids, places get both neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256

from msgspec import UNSET
from msgspec.structs import replace

from domain.commands.base import Command, Target
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.lines_insert_and_delete import LinesDelete, LinesInsert
from domain.errors import Rejected
from domain.proposals.aligned_lines import aligned, replaced
from domain.proposals.model_output import MAX_HUNKS, Edit, Insert, ProposedHunk, Remove, Replace, Rewrite
from domain.proposals.new_lines import new_lines, rewritten_rows
from domain.proposals.refusals import ModelOutputInvalid
from domain.proposals.shown_lines import ShownLines
from domain.script.hashing import netstrings
from domain.submissions.submission import encode_command

Commands = tuple[Command, ...]


def commands_of(hunk: ProposedHunk, shown: ShownLines, ids: Iterator[str], limit: int = MAX_HUNKS) -> list[Commands]:
    """The commands of a hunk that was made for the lines shown; `ids` provides ids for its new lines.

    An edit that changes nothing has no command. New content for a whole scene becomes one part for each place that it
    changes, unless there are more than `limit`; everything else is one part, and a hunk that changes nothing has none.

    Raises:
        LineNotShown, WrongLineHash, GuardMissing: it names a line that was not shown, or without its hash.
    """
    edits = _as_replaced(hunk.edits, shown)
    parts: list[Commands] = []
    for position, edit in enumerate(edits):
        with _located(position):
            parts += _parts(edit, shown, ids)
    if len(edits) == 1 and len(parts) <= limit:
        return parts
    whole = tuple(command for part in parts for command in part)
    return [whole] if whole else []


def replaced_lines(hunk: ProposedHunk, shown: ShownLines, limit: int) -> int:
    """The number of lines that the `replace` edits of a hunk name; aligning them takes time for each.

    Raises:
        ModelOutputInvalid: they are more than `limit`, or an edit does not say which lines.
        LineNotShown, WrongLineHash, GuardMissing: an edit names a line that was not shown, or without its hash.
    """
    count = 0
    for position, edit in enumerate(hunk.edits):
        if not isinstance(edit, Replace):
            continue
        with _located(position):
            first, last = replaced(edit, shown)
            count += last - first + 1
            if count > limit:
                raise ModelOutputInvalid(field="replace", problem="the edits replace the same lines several times")
    return count


def hunk_hash(commands: Commands) -> bytes:
    """32 bytes to compare the effect of two hunks; the ids of new lines do not count."""
    return sha256(netstrings(encode_command(_without_ids(command)) for command in commands)).digest()


@contextmanager
def _located(position: int) -> Iterator[None]:
    """Adds the position of an edit to its refusal."""
    try:
        yield
    except Rejected as refusal:
        refusal.facts["edit"] = position
        raise


def _parts(edit: Edit, shown: ShownLines, ids: Iterator[str]) -> list[Commands]:
    match edit:
        case Replace():
            return aligned(edit, shown, ids)
        case Remove():
            targets = [shown.guarded(line.line, line.expect) for line in edit.lines]
            return [(LinesDelete(lines=tuple(Target(line.id, expect) for line, expect in targets)),)]
        case Insert():
            _require_right_place(edit, shown)
            left, right = shown.neighbours(edit.after)
            return [(LinesInsert(after=left, before=right, lines=tuple(new_lines(edit.lines, ids))),)]
        case Rewrite():
            return _rewritten(edit, shown, ids)


def _rewritten(edit: Rewrite, shown: ShownLines, ids: Iterator[str]) -> list[Commands]:
    old, expect = shown.guarded(edit.line, edit.expect)
    form = edit.format or old.format
    first, *rest = rewritten_rows(old, form, edit.text)
    if (form, first) == (old.format, old.text) and not rest:
        return []
    changed = LineEdit(line=old.id, expect=expect, text=first, format=UNSET if form == old.format else form)
    if not rest:
        return [(changed,)]
    _, right = shown.neighbours(edit.line)
    lines = [replace(old, id=next(ids), format=form, text=row, sep="\n", attrs={}) for row in rest]
    lines[-1] = replace(lines[-1], sep=old.sep)
    return [(replace(changed, sep="\n"), LinesInsert(after=old.id, before=right, lines=tuple(lines)))]


def _require_right_place(edit: Insert, shown: ShownLines) -> None:
    """Compare the hash of the line before new ones, if the model named it: some leave it out."""
    if edit.after is not None and edit.expect is not None:
        shown.guarded(edit.after, edit.expect)


def _as_replaced(edits: Sequence[Edit], shown: ShownLines) -> Sequence[Edit]:
    """A hunk that deletes neighbouring lines and inserts others in their place, as new content for these lines."""
    match edits:
        case [Remove() as removed, Insert() as added] | [Insert() as added, Remove() as removed]:
            places = [shown.position(line.line) for line in removed.lines]
            after = shown.first - 1 if added.after is None else shown.position(added.after)
            together = places == list(range(places[0], places[-1] + 1))
            if together and places[0] - 1 <= after <= places[-1]:
                for line in removed.lines:
                    shown.guarded(line.line, line.expect)
                _require_right_place(added, shown)
                return [Replace(added.lines, removed.lines[0], removed.lines[-1])]
    return edits


def _without_ids(command: Command) -> Command:
    if not isinstance(command, LinesInsert):
        return command
    named = tuple(replace(line, id=str(position)) for position, line in enumerate(command.lines))
    return replace(command, lines=named)
