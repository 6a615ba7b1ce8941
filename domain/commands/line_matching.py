"""Line matching: pairs imported lines with existing ones, so that ids survive a round trip through a file without ids.

A patience diff with moves: lines whose text is unique on both sides are anchors, and between the anchors the search
continues with ever weaker similarity. Every step is linear in the text or n log n, whatever the input; difflib is
quadratic on scripts that share little, and worse on repetitive ones.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from heapq import nsmallest
from itertools import chain
from typing import NamedTuple, TypeVar

from domain.commands.line_list import Resolved, in_order
from domain.script.hashing import same
from domain.script.line import Line

# Measured: unrelated lines hardly ever share a quarter of their trigrams, edited ones nearly always half.
MIN_SIMILARITY = 0.4
# A trigram that more lines than this share does not distinguish them.
MAX_COMMON_OCCURRENCES = 8
# Number of lines that are compared whole, of those that share rare trigrams.
CANDIDATES = 3
# Characters of a line that are compared for similarity.
MAX_COMPARED_CHARACTERS = 200
# Lines in a gap, as in two long scripts, beyond which similar lines are not searched for.
MAX_GAP_PAIRS = 10_000
# Characters that are compared for similarity in one alignment: several times two screenplays that share nothing.
# Once they are used up, gaps are filled only by equal lines and by single lines of one format.
MAX_COMPARED = 2_500_000
# Letters and digits that a moved block must have; a name alone is not moved.
MIN_MOVED_CHARACTERS = 20

_NO_LETTERS = re.compile(r"[\W_]+")

Key = TypeVar("Key")
# The position of a line in the old script, and in the new one.
Pair = tuple[int, int]


class Gap(NamedTuple):
    """Neighbouring unpaired lines in the old script, and in the new one."""

    old: range
    new: range


def align(old: Sequence[Line], new: Sequence[Line]) -> Resolved:
    """The new lines with the ids that they have in the old script; unmatched lines keep their own ids.

    A line is matched where its text is the same, whatever its format, line end or attributes; where its text is
    similar and at the same place, or it is alone there with its format; and where it moved in a block. The ids of the
    new lines must not be in use.
    """
    old_texts, new_texts = [line.text for line in old], [line.text for line in new]
    pairing = _Pairing(len(old), len(new))
    # Twice by the text itself: a line that is frequent in the script may be unique between two anchors.
    for key in (str, str, _letters):
        pairing.fill(partial(_equal, [key(text) for text in old_texts], [key(text) for text in new_texts]))
    _pair_moved(pairing, old_texts, new_texts)
    work = _Work(MAX_COMPARED)
    for _ in range(2):
        pairing.fill(partial(_similar, work, old_texts, new_texts))
    pairing.fill(partial(_repeated, old_texts, new_texts))
    pairing.fill(partial(_single, old, new))
    return tuple(
        _with_old_id(old[pairing.partner[position]], line) if position in pairing.partner else line
        for position, line in enumerate(new)
    )


class _Work:
    """How many characters may still be compared."""

    def __init__(self, limit: int) -> None:
        self._left = limit

    def try_add(self, size: int) -> bool:
        """Count `size` more characters and return True, or return False where the limit does not allow them."""
        if size > self._left:
            return False
        self._left -= size
        return True


class _Pairing:
    """The pairs found so far."""

    def __init__(self, old_count: int, new_count: int) -> None:
        self.free_old = set(range(old_count))
        self.free_new = set(range(new_count))
        # The old position of each new line that is paired.
        self.partner: dict[int, int] = {}
        self._old_count = old_count
        self._new_count = new_count

    def fill(self, find: Callable[[Gap], Iterable[Pair]]) -> None:
        """Search for pairs in every gap."""
        for gap in list(self._gaps()):
            self.add(find(gap))

    def add(self, pairs: Iterable[Pair]) -> None:
        """Pair lines; a line that lies in two gaps goes to the first pair."""
        for old, new in pairs:
            if old in self.free_old:
                self.partner[new] = old
                self.free_old.discard(old)
                self.free_new.discard(new)

    def _gaps(self) -> Iterator[Gap]:
        end = 0
        while end < self._new_count:
            start = end
            while end in self.free_new:
                end += 1
            if start < end and (old := self._old_gap(start, end)):
                yield Gap(old, range(start, end))
            end += 1

    def _old_gap(self, start: int, end: int) -> range:
        """The free lines after the partner of the line before; if there are none, those before that of the next."""
        first = last = self.partner[start - 1] + 1 if start else 0
        while last in self.free_old:
            last += 1
        if first == last:
            first = last = self.partner[end] if end < self._new_count else self._old_count
            while first - 1 in self.free_old:
                first -= 1
        return range(first, last)


def _equal(old_keys: Sequence[str], new_keys: Sequence[str], gap: Gap) -> Iterator[Pair]:
    """Lines of a gap with equal keys: from its end, from its start, and between these the keys unique on both sides."""
    first, last = gap.old.start, gap.old.stop
    start, end = gap.new.start, gap.new.stop
    # The end comes first: repeated lines, names or headings, precede the lines that distinguish them.
    while first < last and start < end and old_keys[last - 1] == new_keys[end - 1]:
        last, end = last - 1, end - 1
        yield last, end
    while first < last and start < end and old_keys[first] == new_keys[start]:
        yield first, start
        first, start = first + 1, start + 1
    yield from _in_order(_common(_unique(old_keys, range(first, last)), _unique(new_keys, range(start, end))))


def _unique(keys: Sequence[str], positions: Iterable[int]) -> dict[str, int]:
    """The position of each key that occurs once."""
    places: dict[str, int] = {}
    repeated: set[str] = set()
    for at in positions:
        if keys[at] in places:
            repeated.add(keys[at])
        places[keys[at]] = at
    return {key: at for key, at in places.items() if key and key not in repeated}


def _common(old: Mapping[Key, int], new: Mapping[Key, int]) -> list[Pair]:
    return [(old[key], at) for key, at in new.items() if key in old]


def _in_order(pairs: Sequence[Pair]) -> Iterator[Pair]:
    chosen = in_order([old for old, _ in pairs])
    return (pair for pair in pairs if pair[0] in chosen)


def _pair_moved(pairing: _Pairing, old_texts: Sequence[str], new_texts: Sequence[str]) -> None:
    """Pair blocks that moved: equal lines around a text that is unique among the free lines of both sides."""
    seen: set[int] = set()
    for seed in _common(_unique(old_texts, sorted(pairing.free_old)), _unique(new_texts, sorted(pairing.free_new))):
        if seed[1] in seen:
            continue
        block = [pair for step in (-1, 1) for pair in _run(pairing, old_texts, new_texts, seed, step)]
        seen.update(new for _, new in block)
        if sum(len(_letters(new_texts[new])) for _, new in set(block)) >= MIN_MOVED_CHARACTERS:
            pairing.add(block)


def _run(
    pairing: _Pairing, old_texts: Sequence[str], new_texts: Sequence[str], seed: Pair, step: int
) -> Iterator[Pair]:
    old, new = seed
    while old in pairing.free_old and new in pairing.free_new and old_texts[old] == new_texts[new]:
        yield old, new
        old, new = old + step, new + step


def _similar(work: _Work, old_texts: Sequence[str], new_texts: Sequence[str], gap: Gap) -> list[Pair]:
    """Lines of a gap with similar texts, without crossing pairs; the most similar are paired first."""
    if max(len(gap.old), len(gap.new)) > MAX_GAP_PAIRS or not work.try_add(_size(old_texts, new_texts, gap)):
        return []
    old = {at: _trigrams(old_texts[at]) for at in gap.old}
    holders: dict[str, list[int]] = defaultdict(list)
    for at, trigrams in old.items():
        for trigram in trigrams:
            holders[trigram].append(at)
    candidates = []
    for new in gap.new:
        trigrams = _trigrams(new_texts[new])
        rare = (lines for trigram in trigrams if len(lines := holders.get(trigram, ())) <= MAX_COMMON_OCCURRENCES)
        votes = Counter(chain.from_iterable(rare))
        distances = {at: abs((at - gap.old.start) - (new - gap.new.start)) for at in votes}
        for at in nsmallest(CANDIDATES, votes, key=lambda at: (-votes[at], distances[at])):
            shared = len(old[at] & trigrams)
            if 2 * shared >= MIN_SIMILARITY * (len(old[at]) + len(trigrams)):
                candidates.append((-shared, distances[at], at, new))
    return _uncrossed((at, new) for _, _, at, new in sorted(candidates))


def _size(old_texts: Sequence[str], new_texts: Sequence[str], gap: Gap) -> int:
    """The characters of a gap that are compared."""
    old = sum(min(len(old_texts[at]), MAX_COMPARED_CHARACTERS) + 2 for at in gap.old)
    return old + sum(min(len(new_texts[at]), MAX_COMPARED_CHARACTERS) + 2 for at in gap.new)


def _repeated(old_texts: Sequence[str], new_texts: Sequence[str], gap: Gap) -> Iterator[Pair]:
    """Lines of a gap with a repeated text: the first with the first, the second with the second."""
    return _in_order(_common(_numbered(old_texts, gap.old), _numbered(new_texts, gap.new)))


def _numbered(keys: Sequence[str], positions: Iterable[int]) -> dict[tuple[str, int], int]:
    count: Counter[str] = Counter()
    places = {}
    for at in positions:
        count[keys[at]] += 1
        places[keys[at], count[keys[at]]] = at
    return places


def _single(old: Sequence[Line], new: Sequence[Line], gap: Gap) -> list[Pair]:
    """The single line of a gap that replaced one of the same format, such as a character renamed throughout."""
    one, other = gap.old[0], gap.new[0]
    return [(one, other)] if len(gap.old) == len(gap.new) == 1 and old[one].format == new[other].format else []


def _uncrossed(pairs: Iterable[Pair]) -> list[Pair]:
    """The pairs without those that cross an earlier one."""
    chosen: list[Pair] = []
    for old, new in pairs:
        at = bisect_left(chosen, (old, new))
        fits_after = at == 0 or (chosen[at - 1][0] < old and chosen[at - 1][1] < new)
        fits_before = at == len(chosen) or (old < chosen[at][0] and new < chosen[at][1])
        if fits_after and fits_before:
            chosen.insert(at, (old, new))
    return chosen


def _with_old_id(old: Line, new: Line) -> str | Line:
    line = Line(old.id, new.format, new.text, new.sep, new.attrs)
    return old.id if same(old, line) else line


def _letters(text: str) -> str:
    return _NO_LETTERS.sub("", text.casefold())


def _trigrams(text: str) -> frozenset[str]:
    padded = f" {text[:MAX_COMPARED_CHARACTERS]} "
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))
