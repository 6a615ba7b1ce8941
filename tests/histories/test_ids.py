"""A file has no ids; the lines of a script keep theirs when one is saved, and little is sent for little changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path
from statistics import median, quantiles

import pytest

from domain.script.line import Line
from tests.histories.history import OURS, RECORDED, SAMPLES, History, read_history
from tests.histories.revising import revised

MOST_IN_THE_MIDDLE = 11
MOST_OF_NINE_IN_TEN = 178
"""Commands between two revisions of a real screenplay; when this was written it took 2 and 24."""


def test_lines_that_stay_keep_their_ids(history: History, capsys: pytest.CaptureFixture[str]) -> None:
    stayed = kept = 0
    for before, _, after in revised(history):
        old, new = list(before.lines()), list(after.lines())
        ids, ids_now = told_apart(old), told_apart(new)
        alike = ids.keys() & ids_now.keys()
        assert {text: ids_now[text] for text in alike} == {text: ids[text] for text in alike}
        stayed += left_alone_by_a_diff(old, new)
        kept += len({(line.id, line.text) for line in old} & {(line.id, line.text) for line in new})

    assert kept >= stayed
    with capsys.disabled():
        print(
            f"\n{history.name}: {kept:,} lines keep text and id from one revision to the next; a diff finds {stayed:,}"
        )


def test_a_revision_is_few_commands(screenplays: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counts = [
        len(revision.commands)
        for name in RECORDED
        for revision in list(revised(read_history(screenplays / "histories" / name)))[1:]
    ]
    middle, nine_in_ten = median(counts), quantiles(counts, n=10)[-1]

    assert middle <= MOST_IN_THE_MIDDLE
    assert nine_in_ten <= MOST_OF_NINE_IN_TEN
    with capsys.disabled():
        print(f"\ncommands between two of {len(counts)} pairs of revisions: median {middle:g}, p90 {nine_in_ten:g}")


def test_a_scene_that_moves_and_line_ends_that_change_cost_no_id() -> None:
    kinds = {
        number: Counter(command.kind() for command in revision.commands)
        for number, revision in enumerate(revised(read_history(SAMPLES / OURS)), 1)
    }

    assert kinds[3] == {"line.edit": 19}, "every line ends otherwise now, and none is new"
    assert kinds[4]["lines.move"] == 1
    assert kinds[4]["lines.delete"] == 0


def told_apart(lines: Sequence[Line]) -> dict[str, str]:
    """The ids of the lines whose text no other line has, by text."""
    counts = Counter(line.text for line in lines)
    return {line.text: line.id for line in lines if line.text and counts[line.text] == 1}


def left_alone_by_a_diff(old: Sequence[Line], new: Sequence[Line]) -> int:
    """How many lines a plain diff of the texts finds unchanged."""
    matcher = SequenceMatcher(None, [line.text for line in old], [line.text for line in new], autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks())
