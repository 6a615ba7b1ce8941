"""Saves that differ in few lines from one that was equal: compared with what the ledger says has changed.

The bytes around a change are the same as before, so the lines in them are, too. The changes of the ledger must all be
of lines within the part that differs, and lead to the lines that the save has there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from backfill.content.shape import MAX_CONTENT_BYTES
from backfill.content.shapes.json_lines import ChangedPart, changed_part
from backfill.translate.script_lines import follows, our_id, translated
from domain.script.delta import (
    Change,
    ElementPut,
    ElementRemoved,
    LineChanged,
    LinesInserted,
    LinesMoved,
    LineSpliced,
    LinesRemoved,
    MetadataSet,
    PersonaPut,
    PersonaRemoved,
)
from domain.script.state import EDGE
from domain.script.state_builder import StateBuilder

_OF_NO_LINE = (MetadataSet, ElementPut, ElementRemoved, PersonaPut, PersonaRemoved)


def is_as_changed(before: bytes, content: bytes, changes: Iterable[Change], state: StateBuilder) -> bool:
    """Whether a save has the lines of a state, given the bytes of one whose lines were those before some changes.

    False if that is not seen from the part that differs, or if its bytes do not follow from the lines there. Each line
    of the save before is one line of the state, under its own id.
    """
    if len(content) > MAX_CONTENT_BYTES:
        return False
    part = changed_part(before, content)
    if part is None:
        return False
    above = EDGE if part.above is None else our_id(part.above)
    return _are_within(changes, above, [our_id(str(line.id)) for line in part.old]) and _are_between(state, above, part)


def _are_within(changes: Iterable[Change], above: str, old_ids: Sequence[str]) -> bool:
    """Whether changes touch no other lines than these, and those that they insert between them or after `above`."""
    known = set(old_ids)
    for change in changes:
        if isinstance(change, LineChanged | LineSpliced):
            is_within = change.line in known
        elif isinstance(change, LinesInserted):
            is_within = change.after == above or change.after in known
            known.update([line.id for line in change.lines])
        elif isinstance(change, LinesRemoved):
            is_within = known.issuperset(change.lines)
        elif isinstance(change, LinesMoved):
            is_within = known.issuperset(change.lines) and (change.after == above or change.after in known)
        else:
            is_within = isinstance(change, _OF_NO_LINE)
        if not is_within:
            return False
    return True


def _are_between(state: StateBuilder, above: str, part: ChangedPart) -> bool:
    """Whether the lines of a state between two lines are those of a part."""
    name = state.following(above)
    for legacy in part.new:
        first, *rest = translated(legacy)
        if rest or name == EDGE or state.line(name) != first or not follows(legacy, first):
            return False
        name = state.following(name)
    return name == (EDGE if part.below is None else our_id(part.below))
