"""Two texts of a line, word by word: what stayed, what went and what came."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby
from operator import itemgetter
from typing import Literal, NamedTuple

from rapidfuzz.distance import Indel

Piece = tuple[Literal["=", "-", "+"], str]
"""Some text that stayed, went, or came. What stayed and what came, one behind the other, is the later text."""

MAX_WORD_PAIRS = 16_000_000
"""Of words to compare, 2 MB of bits; longer lines differ as a whole, but for how they begin and end."""

_PUNCTUATION = r"!-/:-@\[-`{-~\u00a1\u00ab\u00b7\u00bb\u00bf\u2010-\u2027\u2030-\u205e\u3001-\u3011\uff01\uff0c\uff1f"
_WORDLIKE = rf"[^\s{_PUNCTUATION}\u2e80-\u3000\u3012-\u9fff\uf900-\ufaff]"
_TOKEN = re.compile(rf"\s*(?:{_WORDLIKE}+(?:[’'_]+{_WORDLIKE}+)*|\S)|\s+")
"""A word, a mark, or an ideograph, with the white space before it; marks that combine stay with their letters."""
_SENTENCE_ENDS = frozenset(".!?…:")


class Block(NamedTuple):
    """Words `i1` to `i2` of the earlier text stand where words `j1` to `j2` of the later one do."""

    i1: int
    i2: int
    j1: int
    j2: int
    equal: bool = False


def compare_words(before: str, after: str) -> tuple[Piece, ...]:
    """What turns one text into the other. Where the words are the same, their white space is compared too."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    old_keys, new_keys = [token.strip() for token in old], [token.strip() for token in new]
    if old_keys == new_keys:
        old_keys, new_keys = old, new
    blocks = _readable(list(_blocks(old_keys, new_keys)), old_keys, new_keys)
    pieces = (piece for block in blocks for piece in _pieces(block, old, new))
    return tuple((sign, "".join(text for _, text in run)) for sign, run in groupby(pieces, key=itemgetter(0)))


def likeness(pieces: Sequence[Piece]) -> float:
    """How much of both texts stayed, from 0 to 1."""
    stayed = 2 * sum(len(text.strip()) for sign, text in pieces if sign == "=")
    differs = sum(len(text.strip()) for sign, text in pieces if sign != "=")
    return stayed / (stayed + differs) if stayed + differs else 1.0


def count_words(text: str) -> int:
    """How many words a text has; marks are none."""
    return sum(1 for token in _TOKEN.findall(text) if _is_word(token))


def _blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[Block]:
    """What is equal and what is not, in turn."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    i2, j2 = len(old) - end, len(new) - end
    if start:
        yield Block(0, start, 0, start, equal=True)
    if (i2 - start) * (j2 - start) > MAX_WORD_PAIRS:
        yield Block(start, i2, start, j2)
    else:
        yield from _aligned(old[start:i2], new[start:j2], start)
    if end:
        yield Block(i2, len(old), j2, len(new), equal=True)


def _aligned(old: Sequence[str], new: Sequence[str], start: int) -> Iterator[Block]:
    waiting: Block | None = None
    for code in Indel.opcodes(old, new):
        i1, i2, j1, j2 = (at + start for at in (code.src_start, code.src_end, code.dest_start, code.dest_end))
        if code.tag == "equal":
            if waiting:
                yield waiting
            waiting = None
            yield Block(i1, i2, j1, j2, equal=True)
        else:
            waiting = waiting._replace(i2=i2, j2=j2) if waiting else Block(i1, i2, j1, j2)
    if waiting:
        yield waiting


def _readable(blocks: list[Block], old: Sequence[str], new: Sequence[str]) -> list[Block]:
    """The same without islands: a lone “a” or a comma that stayed between two changes is read with them."""
    joined: list[Block] = []
    sizes = Sizes(old, new)
    for at, block in enumerate(blocks):
        behind_change = bool(joined) and not joined[-1].equal
        inside = behind_change and block.equal and at < len(blocks) - 1
        if behind_change and (not block.equal or (inside and sizes.is_island(block, joined[-1], blocks[at + 1], new))):
            joined[-1] = joined[-1]._replace(i2=block.i2, j2=block.j2)
        else:
            joined.append(block)
    for at in range(1, len(joined) - 1):
        if not joined[at].equal:
            joined[at - 1 : at + 2] = _slid(joined[at - 1], joined[at], joined[at + 1], old, new)
    return [block for block in joined if block.i1 < block.i2 or block.j1 < block.j2]


class Sizes:
    """The characters up to each word, so that a block that grows by many islands is not counted again for each."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        self._old = list(accumulate(map(len, old), initial=0))
        self._new = list(accumulate(map(len, new), initial=0))

    def is_island(self, block: Block, left: Block, right: Block, new: Sequence[str]) -> bool:
        """Whether a block that stayed is too little to be read between two changes."""
        size = self._new[block.j2] - self._new[block.j1]
        if size * 2 > min(self._of(left), self._of(right)):
            return False
        return sum(1 for word in new[block.j1 : block.j2] if _is_word(word)) <= 1

    def _of(self, block: Block) -> int:
        return max(self._old[block.i2] - self._old[block.i1], self._new[block.j2] - self._new[block.j1])


def _slid(left: Block, change: Block, right: Block, old: Sequence[str], new: Sequence[str]) -> list[Block]:
    """A pure insertion or deletion, moved over words it begins or ends with too, to where it is whole sentences."""
    if change.i1 < change.i2 and change.j1 < change.j2:
        return [left, change, right]
    words, start, end = (new, change.j1, change.j2) if change.j1 < change.j2 else (old, change.i1, change.i2)
    by = 0
    for step in _steps(words, start, end, left.i2 - left.i1, right.i2 - right.i1):
        before = words[start + step - 1] if start + step else "."
        if before in _SENTENCE_ENDS and words[end + step - 1] in _SENTENCE_ENDS:
            by = step
            break
    return [
        left._replace(i2=left.i2 + by, j2=left.j2 + by),
        Block(change.i1 + by, change.i2 + by, change.j1 + by, change.j2 + by),
        right._replace(i1=right.i1 + by, j1=right.j1 + by),
    ]


def _steps(words: Sequence[str], start: int, end: int, to_left: int, to_right: int) -> Iterator[int]:
    """By how many words a run may be moved and still say the same, the least first."""
    yield 0
    for step in range(1, to_left + 1):
        if words[start - step] != words[end - step]:
            break
        yield -step
    for step in range(1, to_right + 1):
        if words[start + step - 1] != words[end + step - 1]:
            break
        yield step


def _pieces(block: Block, old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    gone, come = "".join(old[block.i1 : block.i2]), "".join(new[block.j1 : block.j2])
    if block.equal:
        yield "=", come
        return
    if gone and come:
        space = len(come) - len(come.lstrip())
        if space and gone[:space] == come[:space]:
            yield "=", come[:space]
            gone, come = gone[space:], come[space:]
    if gone:
        yield "-", gone
    if come:
        yield "+", come


def _is_word(token: str) -> bool:
    return any(letter.isalnum() for letter in token)
