"""Lines keep their ids when a file without ids is saved, and a small change makes few commands."""

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

# Commands between two revisions of a real screenplay; when this was written the values were 2 and 24.
MAX_MEDIAN = 11
MAX_P90 = 178


def test_lines_that_stay_keep_their_ids(history: History, capsys: pytest.CaptureFixture[str]) -> None:
    stayed = kept = 0
    for before, _, after in revised(history):
        old, new = list(before.lines()), list(after.lines())
        ids, ids_now = unique_lines(old), unique_lines(new)
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

    assert middle <= MAX_MEDIAN
    assert nine_in_ten <= MAX_P90
    with capsys.disabled():
        print(f"\ncommands between two of {len(counts)} pairs of revisions: median {middle:g}, p90 {nine_in_ten:g}")


def test_a_moved_scene_and_changed_line_ends_keep_all_ids() -> None:
    kinds = {
        number: Counter(command.kind() for command in revision.commands)
        for number, revision in enumerate(revised(read_history(SAMPLES / OURS)), 1)
    }

    assert kinds[3] == {"line.edit": 19}, "every line ends otherwise now, and none is new"
    assert kinds[4]["lines.move"] == 1
    assert kinds[4]["lines.delete"] == 0


def unique_lines(lines: Sequence[Line]) -> dict[str, str]:
    """The ids of the lines with a unique text, by text."""
    counts = Counter(line.text for line in lines)
    return {line.text: line.id for line in lines if line.text and counts[line.text] == 1}


def left_alone_by_a_diff(old: Sequence[Line], new: Sequence[Line]) -> int:
    """How many lines a text diff finds unchanged."""
    matcher = SequenceMatcher(None, [line.text for line in old], [line.text for line in new], autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks())
