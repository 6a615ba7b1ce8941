"""The saves of one script read in order: of each, only what changed since the one before is decoded and translated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from backfill.content.recognise import decode, shape_of
from backfill.content.shape import MAX_CONTENT_BYTES, SHAPES, Decoded, LegacyLine
from backfill.content.shapes.json_lines import is_usual
from backfill.content.window import Window
from backfill.scripts.kept_content import is_whole
from backfill.translate.fountain_lines import has_boneyard, is_text_of, read_changed_fountain
from backfill.translate.script_lines import FOUNTAIN, clean, follows, our_id, script_lines, translated
from domain.script.line import Line

# A larger content is not kept until the next save is read.
MAX_KEPT_BYTES = 4 << 20


class SaveText(NamedTuple):
    """A save as lines; a line without an id of its own has the id ''.

    `unnamed` counts these. `whole` says that the bytes follow from the lines. `changed` is where the lines differ from
    those of the save that was read before; None if that is not known.
    """

    lines: tuple[Line, ...]
    unnamed: int
    whole: bool
    changed: Window | None = None


class _Read(NamedTuple):
    """The save that was read last: its bytes, the shape that was named for it, and what became of them.

    `ids` are those of its lines, empty if they have none; None unless each legacy line is one line, under the id that
    follows from its own.
    """

    content: bytes
    named: str | None
    decoded: Decoded
    text: SaveText
    ids: set[str] | None


class SuccessiveSaves:
    """Reads the saves of one script, one after another."""

    def __init__(self) -> None:
        self._last: _Read | None = None

    @property
    def last_is_usual(self) -> bool:
        """Whether the save that was read last is the usual JSON, and follows from its lines under their own ids."""
        last = self._last
        return (
            last is not None
            and last.ids is not None
            and not last.text.unnamed
            and last.text.whole
            and is_usual(last.decoded)
        )

    def read(self, content: bytes, shape: str | None = None) -> SaveText:
        """The lines of a save.

        Raises:
            Rejected: it cannot be read; the next one is read whole.
        """
        last, self._last = self._last, None
        read = None if last is None else _changed(last, content, shape)
        if read is None:
            read = _whole(content, shape)
        if len(content) <= MAX_KEPT_BYTES:
            self._last = read
        return read.text


def _whole(content: bytes, shape: str | None) -> _Read:
    decoded = decode(content, shape)
    lines = script_lines(decoded)
    ids = {line.id for line in lines if line.id}
    unnamed = len(lines) - len(ids)
    if decoded.shape == FOUNTAIN:
        one_each = not has_boneyard(content) and is_text_of(lines, decoded.lines)
    else:
        one_each = _has_own_ids(decoded.lines, lines)
    whole = is_whole(decoded) and (
        _is_clean(decoded.lines) if decoded.shape == FOUNTAIN else _follow(decoded.lines, lines)
    )
    text = SaveText(lines, unnamed, whole)
    return _Read(content, shape, decoded, text, ids if one_each else None)


def _changed(last: _Read, content: bytes, shape: str | None) -> _Read | None:
    """The save, if the one before says most of it."""
    decoded, window = _decoded(last, content, shape) or (None, None)
    if decoded is None or window is None:
        return None
    ids = last.ids
    if decoded.shape == FOUNTAIN:
        read = None
        if ids is not None and not has_boneyard(content):
            read = read_changed_fountain(last.text.lines, decoded.lines, window)
    else:
        read, ids = _translated(last, decoded, window)
    if read is None or ids is None:
        return None
    lines, changed = read
    new = slice(window.start, window.new_end) if last.text.whole else slice(None)
    whole = not any(line.extra for line in decoded.lines[new]) if last.text.whole else is_whole(decoded)
    if whole:
        is_fountain = decoded.shape == FOUNTAIN
        whole = _is_clean(decoded.lines[new]) if is_fountain else all(map(follows, decoded.lines[new], lines[new]))
    text = SaveText(lines, len(lines) - len(ids), whole, changed)
    return _Read(content, shape, decoded, text, ids)


def _decoded(last: _Read, content: bytes, shape: str | None) -> tuple[Decoded, Window] | None:
    before = last.decoded
    known = SHAPES[before.shape]
    if shape != last.named or before.wrapped_in or known.decode_changed is None or len(content) > MAX_CONTENT_BYTES:
        return None
    if shape is None and shape_of(content) is not known:
        return None
    return known.decode_changed(before, last.content, content)


def _translated(
    last: _Read, decoded: Decoded, window: Window
) -> tuple[tuple[tuple[Line, ...], Window] | None, set[str] | None]:
    """The lines and their ids, if those that changed need no other id than their own."""
    if last.ids is None:
        return None, None
    before = last.text.lines
    old, legacy = before[window.start : window.old_end], decoded.lines[window.start : window.new_end]
    lines = _with_equal_ones(last.decoded.lines[window.start : window.old_end], old, legacy)
    if lines is None:
        return None, None
    ids = last.ids
    old_ids, new_ids = [line.id for line in old], [line.id for line in lines]
    if old_ids != new_ids:
        ids.difference_update(old_ids)
        new = [name for name in new_ids if name]
        if not ids.isdisjoint(new) or len(set(new)) < len(new):
            return None, None
        ids.update(new)
    return ((*before[: window.start], *lines, *before[window.old_end :]), window), ids


def _with_equal_ones(
    before: Sequence[LegacyLine], lines: Sequence[Line], legacy: Sequence[LegacyLine]
) -> list[Line] | None:
    """The lines of legacy lines, each of which is one; those that were there before are the same objects as before.

    Between two changes most lines are equal: they are not translated again, and compared at no cost.
    """
    places: dict[str | None, int] = {}
    new: list[Line] = []
    for number, each in enumerate(legacy):
        place: int | None = number
        if number >= len(before) or before[number].id != each.id:
            # Lines were inserted or removed.
            places = places or {line.id: place for place, line in enumerate(before)}
            place = places.get(each.id)
        if place is not None and before[place] == each:
            new.append(lines[place])
            continue
        first, *rest = translated(each)
        if rest:
            return None
        new.append(first)
    return new


def _is_clean(legacy: Iterable[LegacyLine]) -> bool:
    """Whether no line of a text has characters that are left out."""
    return all(line.text.isprintable() or clean(line.text) == line.text for line in legacy)


def _follow(legacy: Sequence[LegacyLine], lines: Sequence[Line]) -> bool:
    """Whether each legacy line follows from one of ours."""
    return len(legacy) == len(lines) and all(map(follows, legacy, lines))


def _has_own_ids(legacy: Sequence[LegacyLine], lines: Sequence[Line]) -> bool:
    """Whether each legacy line is one line, under the id that follows from its own."""
    return len(legacy) == len(lines) and all(map(_is_own, legacy, lines))


def _is_own(legacy: LegacyLine, line: Line) -> bool:
    return line.id == ("" if legacy.id is None else our_id(legacy.id))
