"""Diff summary: how much differs between two versions, and by which authors; the line above every diff."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from materialization.diff.compare import Compared, Comparison
from materialization.diff.word_diff import count_words
from materialization.history.authorship import Credit


class Share(NamedTuple):
    """One author's changes: lines, words added and words removed."""

    author: str
    actor: str
    model: str | None
    lines: int
    words_added: int
    words_removed: int


class Tally(NamedTuple):
    """How many scenes and lines differ. A line that moved and was rewritten counts as both.

    `other` counts metadata fields, story elements and personas. A new word is credited to the last author of its
    line. `shares` is sorted by words added, most first.
    """

    scenes: int
    added: int
    removed: int
    moved: int
    changed: int
    other: int
    shares: tuple[Share, ...]

    @property
    def words_added(self) -> int:
        return sum(share.words_added for share in self.shares)

    @property
    def words_removed(self) -> int:
        return sum(share.words_removed for share in self.shares)

    @property
    def ai_share(self) -> float | None:
        """The share of new words in lines last written by an AI; None if no word is new."""
        by_ai = sum(share.words_added for share in self.shares if share.author == "ai")
        return by_ai / self.words_added if self.words_added else None


def tally(comparison: Comparison) -> Tally:
    """Count the differences."""
    differing = [each for scene in comparison.scenes for each in scene.lines if each.change != "same"]
    scenes = {scene.heading.id if scene.heading else "" for scene in comparison.scenes if scene.change != "same"}
    changes = Counter(each.change for each in differing)
    rewritten = sum(1 for each in differing if each.change == "moved" and is_rewritten(each))
    return Tally(
        scenes=len(scenes),
        added=changes["added"],
        removed=changes["removed"],
        moved=changes["moved"],
        changed=changes["changed"] + rewritten,
        other=len(comparison.named),
        shares=tuple(_shares(differing)),
    )


def is_rewritten(each: Compared) -> bool:
    """Whether a moved line has another text or format."""
    old, new = each.before, each.after
    return old is not None and new is not None and (old.text, old.format) != (new.text, new.format)


def sentence(counts: Tally) -> str:
    """The summary of a diff in one line."""
    lines = [
        f"{count} {word}"
        for count, word in (
            (counts.added, "added"),
            (counts.removed, "removed"),
            (counts.moved, "moved"),
            (counts.changed, "changed"),
        )
        if count
    ]
    other = f"{counts.other} other {'change' if counts.other == 1 else 'changes'}"
    if not lines:
        return f"No line differs; {other}." if counts.other else "Nothing differs."
    first, *rest = lines
    number, word = first.split()
    line_counts = ", ".join([f"{number} {'line' if number == '1' else 'lines'} {word}", *rest])
    parts = [f"{counts.scenes} {'scene' if counts.scenes == 1 else 'scenes'} changed: {line_counts}"]
    if counts.ai_share is not None:
        parts.append(_by_ai(counts, counts.ai_share))
    return "; ".join([*parts, *([other] if counts.other else [])]) + "."


def _by_ai(counts: Tally, share: float) -> str:
    models = sorted({each.model or "unnamed" for each in counts.shares if each.author == "ai" and each.words_added})
    if not models:
        return "none of the new words by AI"
    return f"{share:.0%} of the new words by AI ({', '.join(models)})"


def _shares(differing: Iterable[Compared]) -> list[Share]:
    counts: dict[Credit, Counter[str]] = {}
    for each in differing:
        author = (each.by or _NO_AUTHOR)._replace(version=0, occurred_at=0, origin=None)
        added, removed = _words(each)
        counts.setdefault(author, Counter()).update(lines=1, added=added, removed=removed)
    shares = [
        Share(author.author, author.actor, author.model, count["lines"], count["added"], count["removed"])
        for author, count in counts.items()
    ]
    return sorted(shares, key=lambda share: (-share.words_added, -share.lines, share.author, share.actor))


_NO_AUTHOR = Credit(0, "system", "", None, 0)


def _words(each: Compared) -> tuple[int, int]:
    """How many words a change added and removed."""
    if each.before is None or each.after is None:
        added, removed = each.after, each.before
        return count_words(added.text) if added else 0, count_words(removed.text) if removed else 0
    pieces = each.words or ()
    return (
        sum(count_words(text) for sign, text in pieces if sign == "+"),
        sum(count_words(text) for sign, text in pieces if sign == "-"),
    )
