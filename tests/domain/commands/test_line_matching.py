"""Line matching keeps the ids of a script in an import of a file without ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path
from random import Random
from statistics import median
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.commands.base import Command
from domain.commands.line_list import check_resolved, ids_of
from domain.commands.line_matching import align
from domain.commands.whole_script.state_diff import commands_to
from domain.formats.fountain import read
from domain.script.line import Line
from tests.domain.folding import run
from tests.domain.scripts import line, lines, script

SCENE = """INT. KITCHEN - NIGHT
Anna looks for the key, drawer after drawer.
ANNA
It was here this morning.
PAUL
You gave it to me."""


def test_lines_that_stay_the_same_keep_their_ids() -> None:
    assert align(lines(SCENE), imported(SCENE)) == tuple("abcdef")


def test_a_line_with_similar_text_keeps_its_id() -> None:
    new = imported(SCENE.replace("the key, drawer", "the old key, drawer"))

    assert ids_of(align(lines(SCENE), new)) == list("abcdef")
    assert kinds(SCENE, new) == ["line.edit"]


def test_a_line_with_another_format_line_end_or_attribute_keeps_its_id() -> None:
    one, two = line("a", "ANNA"), Line("n0", "character", "ANNA", "\r\n", {"dual": True})

    assert align([one], [two]) == (Line("a", "character", "ANNA", "\r\n", {"dual": True}),)


def test_the_attributes_true_and_one_differ() -> None:
    one, two = Line("a", "character", "ANNA", attrs={"dual": True}), Line("n", "character", "ANNA", attrs={"dual": 1})

    assert align([one], [two]) == (Line("a", "character", "ANNA", attrs={"dual": 1}),)


def test_a_name_that_is_changed_throughout_edits_its_lines() -> None:
    new = imported(SCENE.replace("PAUL", "GREGOR"))

    assert kinds(SCENE, new) == ["line.edit"]


def test_neighbouring_new_lines_are_one_insert() -> None:
    new = imported(SCENE.replace("PAUL", "Someone knocks.\nANNA\nGo away, we are closed for tonight.\nPAUL"))

    assert kinds(SCENE, new) == ["lines.insert"]


def test_the_name_before_an_inserted_speech_is_the_new_one() -> None:
    new = imported(SCENE.replace("ANNA", "ANNA\nWhere, oh where?\nANNA"))

    assert ids_of(align(lines(SCENE), new)) == ["a", "b", "n2", "n3", "c", "d", "e", "f"]


def test_removed_lines_are_one_delete_wherever_they_were() -> None:
    new = imported(SCENE.replace("\nANNA\nIt was here this morning.", "").replace("INT. KITCHEN - NIGHT\n", ""))

    assert kinds(SCENE, new) == ["lines.delete"]


def test_a_block_that_moved_keeps_its_ids() -> None:
    other = "EXT. YARD - DAY\nA dog barks at the empty road.\nIt stops."

    assert kinds(f"{SCENE}\n{other}", imported(f"{other}\n{SCENE}")) == ["lines.move"]


def test_a_line_edited_inside_a_block_that_moved_keeps_its_id() -> None:
    other = "EXT. YARD - DAY\nA dog barks at the empty road.\nIt stops as suddenly as it began."
    edited = other.replace("empty road", "open gate")

    assert sorted(kinds(f"{SCENE}\n{other}", imported(f"{edited}\n{SCENE}"))) == ["line.edit", "lines.move"]


def test_two_lines_never_share_an_id() -> None:
    left, right = (
        "The lights go out in the hall.\nSilence, for once.",
        "Morning comes to the harbour.\nGulls, everywhere.",
    )
    old = f"{left}\nShe waits at the door.\n{right}"
    new = imported(f"She waits at her door.\n{right}\n{left}\nShe waits at my door.")

    assert ids_of(align(lines(old), new)) == ["c", "d", "e", "a", "b", "n5"]


def test_a_name_alone_does_not_move() -> None:
    new = imported("PAUL\nNobody heard that.\n" + SCENE.replace("PAUL\n", ""))

    assert "lines.move" not in kinds(SCENE, new)


def test_a_repeated_line_keeps_its_ids_in_order() -> None:
    same = "\n".join(["again"] * 20)

    assert ids_of(align(lines(same), imported(f"first\n{same}\nlast")))[1:-1] == [each.id for each in lines(same)]


def test_an_unrelated_script_gets_new_ids() -> None:
    new = imported("FADE IN:\nEXT. HARBOUR - DAWN\nGulls.\nA ship without lights comes in.")

    assert ids_of(align(lines(SCENE), new)) == [each.id for each in new]


def test_an_import_into_an_empty_script_gets_new_ids() -> None:
    assert align((), imported(SCENE)) == imported(SCENE)
    assert align(lines(SCENE), ()) == ()


# Few words and small scripts: repetition is the hard part.
few_texts = st.sampled_from(["", "ANNA", "PAUL", "No.", "She waits at the door.", "She waits by the door, again.", "…"])
few_lines = st.lists(
    st.tuples(st.sampled_from(["action", "character"]), few_texts, st.sampled_from(["\n", "\n\n"])), max_size=14
)


@given(few_lines, few_lines)
def test_the_aligned_lines_have_the_imported_content(
    old: list[tuple[str, str, str]], new: list[tuple[str, str, str]]
) -> None:
    before = script(*called("o", old))
    wanted = called("n", new)
    aligned = align(list(before.lines()), wanted)
    check_resolved("lines", aligned)

    after = run(before, commands_to(before, aligned))

    assert contents(after.lines()) == contents(wanted)
    assert list(after.line_ids()) == ids_of(aligned)


@given(few_lines)
def test_an_unchanged_import_changes_nothing(old: list[tuple[str, str, str]]) -> None:
    before = script(*called("o", old))

    assert commands_to(before, align(list(before.lines()), called("n", old))) == ()


def test_real_revisions_are_few_commands(screenplays: Path) -> None:
    counts = [len(commands) for commands in real_revisions(screenplays / "histories")]

    assert len(counts) == 25
    assert median(counts) <= 2
    assert sorted(counts)[-3] <= 14


@pytest.mark.parametrize("edited", [0.1, 0.5, 1.0])
def test_a_feature_film_takes_well_under_a_second(edited: float) -> None:
    old = film(5_000)
    new = [each if Random(each.id).random() > edited else reworded(each) for each in old]
    start = process_time()

    aligned = align(old, called("n", [(each.format, each.text, each.sep) for each in new]))

    assert process_time() - start < 5  # a tenth of that on an idle machine
    assert Counter(ids_of(aligned)) == Counter(each.id for each in old)


HOSTILE = {
    "all the same, and one more": (["x"] * 20_000, ["y"] + ["x"] * 20_000),
    "two words at random": (Random(1).choices("ab", k=20_000), Random(2).choices("ab", k=20_000)),
    "backwards": ([f"line {at}" for at in range(20_000)], [f"line {at}" for at in range(20_000)][::-1]),
    "every other line": (
        [str(at) if at % 2 else "x" for at in range(20_000)],
        [str(at) if at % 2 else "y" for at in range(20_000)],
    ),
    "nothing but marks": (["-" * at for at in range(2_000)], ["-" * at for at in range(2_000)][::-1]),
    "long lines alike": (
        [f"{'abc ' * 200}{at}" for at in range(9_000)],
        [f"{'abc ' * 200}{-at}" for at in range(9_000)],
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_every_import_is_fast(name: str) -> None:
    old_texts, new_texts = HOSTILE[name]
    old = called("o", [("action", text, "\n") for text in old_texts])
    new = called("n", [("action", text, "\n") for text in new_texts])
    start = process_time()

    align(old, new)

    assert process_time() - start < 15


def imported(text: str) -> tuple[Line, ...]:
    """The lines of a file with temporary ids: n0, n1, …"""
    return tuple(line(f"n{at}", each) for at, each in enumerate(text.split("\n")))


def called(prefix: str, given: Sequence[tuple[str, str, str]]) -> tuple[Line, ...]:
    return tuple(Line(f"{prefix}{at}", *each) for at, each in enumerate(given))  # type: ignore[arg-type]


def kinds(old: str, new: Sequence[Line]) -> list[str]:
    """The kinds of the commands that turn `old` into the import, which is also asserted."""
    state = script(*lines(old))
    commands = commands_to(state, align(list(state.lines()), new))
    assert contents(run(state, commands).lines()) == contents(new)
    return [command.kind() for command in commands]


def contents(given: Iterable[Line]) -> list[tuple[object, ...]]:
    return [(each.format, each.text, each.sep, each.attrs) for each in given]


def real_revisions(folder: Path) -> list[tuple[Command, ...]]:
    """The commands between consecutive revisions of real screenplays."""
    numbers = map(str, count())
    revisions = []
    for history in sorted(folder.iterdir()):
        first, *later = (read(file.read_bytes(), numbers.__next__).lines for file in sorted(history.iterdir()))
        state = script(*first)
        for new in later:
            commands = commands_to(state, align(list(state.lines()), new))
            state = run(state, commands)
            assert contents(state.lines()) == contents(new)
            revisions.append(commands)
    return revisions


def film(length: int) -> list[Line]:
    random = Random(7)
    words = SCENE.lower().replace(".", "").split() + [f"word{number}" for number in range(400)]
    texts = (
        random.choice(["ANNA", "PAUL", "GREGOR"])
        if at % 3 == 0
        else " ".join(random.choices(words, k=random.randint(2, 25)))
        for at in range(length)
    )
    return [line(f"o{at}", text) for at, text in enumerate(texts)]


def reworded(old: Line) -> Line:
    words = old.text.split()
    return line(old.id, " ".join([*words[:-1], "changed"] if len(words) > 3 else words))
