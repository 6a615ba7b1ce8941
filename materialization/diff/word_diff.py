"""Word diff of two texts of a line: words kept, removed and added."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby
from operator import itemgetter
from typing import Literal, NamedTuple

from rapidfuzz.distance import Indel

# Text that was kept, removed or added. The kept and added pieces, concatenated, are the later text.
Piece = tuple[Literal["=", "-", "+"], str]

# Pairs of words to compare, 2 MB of bits. Longer lines differ as a whole, except for a common beginning and end.
MAX_WORD_PAIRS = 16_000_000

_PUNCTUATION = r"!-/:-@\[-`{-~\u00a1\u00ab\u00b7\u00bb\u00bf\u2010-\u2027\u2030-\u205e\u3001-\u3011\uff01\uff0c\uff1f"
_WORDLIKE = rf"[^\s{_PUNCTUATION}\u2e80-\u3000\u3012-\u9fff\uf900-\ufaff]"
# A word, a punctuation mark or an ideograph, with the white space before it; combining marks stay with their letters.
_TOKEN = re.compile(rf"\s*(?:{_WORDLIKE}+(?:[’'_]+{_WORDLIKE}+)*|\S)|\s+")
_SENTENCE_ENDS = frozenset(".!?…:")


class Block(NamedTuple):
    """Words `i1` to `i2` of the earlier text correspond to words `j1` to `j2` of the later one."""

    i1: int
    i2: int
    j1: int
    j2: int
    equal: bool = False


def compare_words(before: str, after: str) -> tuple[Piece, ...]:
    """The pieces that turn one text into the other. If all words are equal, their white space is compared too."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    old_keys, new_keys = [token.strip() for token in old], [token.strip() for token in new]
    if old_keys == new_keys:
        old_keys, new_keys = old, new
    blocks = _readable(list(_blocks(old_keys, new_keys)), old_keys, new_keys)
    pieces = (piece for block in blocks for piece in _pieces(block, old, new))
    return tuple((sign, "".join(text for _, text in run)) for sign, run in groupby(pieces, key=itemgetter(0)))


def likeness(pieces: Sequence[Piece]) -> float:
    """The share of both texts that was kept, from 0 to 1."""
    stayed = 2 * sum(len(text.strip()) for sign, text in pieces if sign == "=")
    differs = sum(len(text.strip()) for sign, text in pieces if sign != "=")
    return stayed / (stayed + differs) if stayed + differs else 1.0


def count_words(text: str) -> int:
    """The number of words in a text, without punctuation marks."""
    return sum(1 for token in _TOKEN.findall(text) if _is_word(token))


def _blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[Block]:
    """Equal and unequal blocks, alternating."""
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
    """The blocks without islands: a lone “a” or comma kept between two changes is merged into them."""
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
    """The characters up to each word, so that a block that grows by many islands is not recounted for each."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        self._old = list(accumulate(map(len, old), initial=0))
        self._new = list(accumulate(map(len, new), initial=0))

    def is_island(self, block: Block, left: Block, right: Block, new: Sequence[str]) -> bool:
        """Whether a kept block is too short to stand between two changes."""
        size = self._new[block.j2] - self._new[block.j1]
        if size * 2 > min(self._of(left), self._of(right)):
            return False
        return sum(1 for word in new[block.j1 : block.j2] if _is_word(word)) <= 1

    def _of(self, block: Block) -> int:
        return max(self._old[block.i2] - self._old[block.i1], self._new[block.j2] - self._new[block.j1])


def _slid(left: Block, change: Block, right: Block, old: Sequence[str], new: Sequence[str]) -> list[Block]:
    """A pure insertion or deletion, shifted over repeated words so that it covers whole sentences."""
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
    """By how many words a change can be shifted without changing its meaning, smallest shift first."""
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
