"""Resolved lines: a whole script as a list of preserved and new lines, and the delta that produces it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from domain.commands.placement import require_line, require_new_ids
from domain.script.delta import Change, Delta, LineChanged, LinesInserted, LinesMoved, LinesRemoved
from domain.script.hashing import same
from domain.script.line import Line
from domain.script.state import EDGE, State
from domain.script.validation import check_id, check_ids, check_line
from domain.script.work_limit import LOOK_UNITS

# Each entry is the id of a line that stays, or a line: a new one, or one with an id of the script and new content.
Resolved = tuple[str | Line, ...]


def resolve(state: State, lines: Iterable[Line]) -> Resolved:
    """Resolve lines against a state: a line that the state holds unchanged becomes its id."""
    return tuple(line.id if state.has_line(line.id) and same(state.line(line.id), line) else line for line in lines)


def check_resolved(field: str, resolved: Resolved) -> None:
    """Refuse resolved lines that are invalid or name an id twice."""
    for position, entry in enumerate(resolved):
        if isinstance(entry, str):
            check_id(f"{field}[{position}]", entry)
        else:
            check_line(f"{field}[{position}]", entry)
    check_ids(field, ids_of(resolved))


def ids_of(resolved: Resolved) -> list[str]:
    """The ids of resolved lines, in order."""
    return [entry if isinstance(entry, str) else entry.id for entry in resolved]


def lines_delta(state: State, resolved: Resolved, revives: int | None = None) -> Delta:
    """The delta from the lines of the state to the resolved ones: removals, new contents, moves, insertions.

    As few lines as possible move: those outside a longest increasing subsequence of the preserved lines.

    Raises:
        UnknownLine, LineRemoved: a preserved id is not in the script.
        IdReused: a new id is or was in use.
    """
    for entry in resolved:
        if isinstance(entry, str):
            require_line(state, entry)
    new = [entry for entry in resolved if isinstance(entry, Line) and not state.has_line(entry.id)]
    require_new_ids(state, [line.id for line in new], revives)
    wanted = ids_of(resolved)
    wanted_ids = set(wanted)
    current = list(state.line_ids())
    removed = tuple(line_id for line_id in current if line_id not in wanted_ids)
    changes: list[Change] = [LinesRemoved(removed)] if removed else []
    changes += _rewritten(state, resolved)
    changes += _placed({name: at for at, name in enumerate(current)}, resolved)
    return tuple(changes)


def resolving_units(state: State, resolved: Resolved) -> int:
    """The work of comparing resolved lines with those of the state."""
    return (state.line_count + 2 * len(resolved)) * LOOK_UNITS


def content_change(old: Line, new: Line) -> LineChanged | None:
    """The change from one line's content to another's; None where they are equal."""
    change = LineChanged(
        line=old.id,
        format=None if new.format == old.format else new.format,
        text=None if new.text == old.text else new.text,
        sep=None if new.sep == old.sep else new.sep,
        attrs=None if same(new.attrs, old.attrs) else new.attrs,
    )
    return None if change == LineChanged(line=old.id) else change


def in_order(positions: Sequence[int]) -> set[int]:
    """The values of a longest increasing subsequence (patience sorting; n log n)."""
    tails: list[int] = []
    piles: list[int] = []
    for value in positions:
        pile = bisect_left(tails, value)
        piles.append(pile)
        tails[pile : pile + 1] = [value]
    chosen: set[int] = set()
    wanted_pile = len(tails) - 1
    for value, pile in zip(reversed(positions), reversed(piles), strict=True):
        if pile == wanted_pile:
            chosen.add(value)
            wanted_pile -= 1
    return chosen


def _rewritten(state: State, resolved: Resolved) -> list[Change]:
    rewrites = (
        content_change(state.line(entry.id), entry)
        for entry in resolved
        if isinstance(entry, Line) and state.has_line(entry.id)
    )
    return [change for change in rewrites if change is not None]


def _placed(position: dict[str, int], resolved: Resolved) -> list[Change]:
    """Moves and insertions, first to last: each goes after a line that is already in place."""
    wanted = ids_of(resolved)
    in_place = in_order([position[name] for name in wanted if name in position])
    changes: list[Change] = []
    run_start = EDGE
    moved: list[str] = []
    new_lines: list[Line] = []
    previous = EDGE

    def close_run() -> None:
        if moved:
            changes.append(LinesMoved(tuple(moved), run_start))
        if new_lines:
            changes.append(LinesInserted(run_start, tuple(new_lines)))
        moved.clear()
        new_lines.clear()

    for entry, name in zip(resolved, wanted, strict=True):
        is_new = name not in position
        moves = not is_new and position[name] not in in_place
        if (moved and not moves) or (new_lines and not is_new):
            close_run()
        if not moved and not new_lines:
            run_start = previous
        if moves:
            moved.append(name)
        elif is_new and isinstance(entry, Line):
            new_lines.append(entry)
        previous = name
    close_run()
    return changes
