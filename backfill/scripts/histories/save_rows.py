"""The saves of a script in little memory: 60 bytes each instead of 450, because a script may have 100,000."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import lt
from typing import Any, NamedTuple, overload

from backfill.translate.row_keys import origin_key
from domain.submissions.answer import Refusal
from domain.submissions.origin import Origin
from repos.legacy.connection import Row

# Stands for no number and for no time.
_NONE = -(1 << 63)
_LARGEST = 1 << 62


class SaveRow(NamedTuple):
    """A save without its text; `at` is never None once the rows are in order.

    `lengths` are those of the fields that its form measures, -1 for NULL; `members` are the keys of its rows where it
    has other ones than `key`. `deleted` counts its rows that are not in the text; if all are deleted, it is `wiped`,
    and they are its members.
    """

    key: Row
    origin: Origin
    at: int | None
    branch: Any = None
    refusal: Refusal | None = None
    lengths: tuple[int, ...] = ()
    members: tuple[Row, ...] = ()
    deleted: int = 0
    wiped: bool = False


class SaveRows(Sequence[SaveRow]):
    """Saves in order; each is made when it is used. Rows with lengths or members are kept as they are."""

    def __init__(self, rows: Iterable[SaveRow] = ()) -> None:
        self.has_members = False
        # A key of one column is kept as its value.
        self._keys: list[Any] = []
        self._numbers, self._times, self._alike = array("q"), array("q"), array("L")
        # What many rows share, and its place by what makes it different.
        self._shared: list[SaveRow] = []
        self._places: dict[tuple[Any, ...], int] = {}
        self._whole: dict[int, SaveRow] = {}
        for row in rows:
            self.append(row)

    def append(self, row: SaveRow) -> None:
        """Add a save after the last one."""
        origin, number, at = row.origin, row.origin.number, row.at
        is_usual = abs(number or 0) < _LARGEST and abs(at or 0) < _LARGEST
        if not is_usual or row.lengths or row.members or origin.key != origin_key(row.key):
            self._whole[len(self._keys)] = row
            self.has_members = self.has_members or bool(row.members)
        self._keys.append(row.key[0] if len(row.key) == 1 else row.key)
        self._numbers.append(_NONE if number is None or not is_usual else number)
        self._times.append(_NONE if at is None or not is_usual else at)
        branch = row.branch
        # The refusal by its identity: it cannot be a key, and is kept as long as this.
        alike = (origin.table, origin.author, origin.actor, branch.__class__, branch, id(row.refusal))
        place = self._places.get(alike)
        if place is None:
            place = self._places[alike] = len(self._shared)
            self._shared.append(row)
        self._alike.append(place)

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, place: int) -> SaveRow: ...
    @overload
    def __getitem__(self, place: slice) -> list[SaveRow]: ...
    def __getitem__(self, place: int | slice) -> SaveRow | list[SaveRow]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        place = range(len(self))[place]
        if (whole := self._whole.get(place)) is not None:
            return whole
        key, number, at, shared = self.key(place), self._numbers[place], self._times[place], self._alike[place]
        like = self._shared[shared]
        origin = Origin(
            table=like.origin.table,
            key=origin_key(key),
            number=None if number == _NONE else number,
            author=like.origin.author,
            actor=like.origin.actor,
        )
        return SaveRow(key, origin, None if at == _NONE else at, like.branch, like.refusal)

    def key(self, place: int) -> Row:
        """The key of a save."""
        key = self._keys[place]
        return key if key.__class__ is tuple else (key,)

    def keys(self, places: Sequence[int]) -> Sequence[Row]:
        """The keys of the saves at these places, each made when it is used."""
        return _Keys(self, places)

    @property
    def last_time(self) -> int | None:
        """The time of the last save; None if there is none."""
        if not self._keys:
            return None
        return self[-1].at if self._times[-1] == _NONE else self._times[-1]

    def numbers(self) -> Iterator[int]:
        """The numbers of the saves that have one."""
        if self._whole:
            return (row.origin.number for row in self if row.origin.number is not None)
        return (number for number in self._numbers if number != _NONE)

    @property
    def have_times(self) -> bool:
        """Whether each save has a time."""
        return not any(at == _NONE for at in self._times) or all(row.at is not None for row in self)

    @property
    def are_in_order(self) -> bool:
        """Whether the saves come in the order of their numbers, and each has one of its own above 0, and a time."""
        numbers = self._numbers
        ascend = not numbers or (numbers[0] > 0 and all(map(lt, numbers, islice(numbers, 1, None))))
        return ascend and self.have_times


class _Keys(Sequence[Row]):
    """The keys of some saves."""

    def __init__(self, rows: SaveRows, places: Sequence[int]) -> None:
        self._rows = rows
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        if isinstance(place, slice):
            return [self._rows.key(each) for each in self._places[place]]
        return self._rows.key(self._places[place])
