"""Script commands between legacy saves: applied in order they give each save again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backfill.content.recognise import decode
from backfill.content.shape import Decoded, LegacyLine
from backfill.translate.script_commands import MAX_COMMANDS, matched, save_commands
from backfill.translate.script_lines import script_lines, with_new_ids
from domain.commands.base import Command
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.lines_insert_and_delete import LinesDelete, LinesInsert
from domain.commands.kinds.script_create import ScriptCreate
from domain.commands.whole_script.script_replace import ScriptReplace
from domain.log.head import Head
from domain.script.line import Line
from domain.script.state import State
from domain.script.work_limit import WorkCount
from domain.submissions.submission import Submission, check_submission
from materialization.write_path.decide import decide

WORDS = ("INT. BAR - DAY", "Rain.", "ANNA", "Hello.", "(quietly)", "Hello.", "")


def applied(state: State, commands: tuple[Command, ...]) -> State:
    """The state after commands that pass every check of the write path."""
    if not commands:
        return state
    head = Head(1, version=state.version)
    submission = Submission(
        script_id=1, submission_id="s", author="backfill", base_version=state.version, commands=commands
    )
    check_submission(submission)
    return decide(submission, state, head, WorkCount()).state


def created(lines: tuple[Line, ...]) -> State:
    return applied(State.empty(), (ScriptCreate(title="Legacy", lines=lines),))


def replayed(saves: list[tuple[Line, ...]]) -> State:
    """The state after all saves; each gives its own lines."""
    state, old = created(saves[0]), saves[0]
    for save in saves[1:]:
        state = applied(state, save_commands(state, old, save))
        assert tuple(state.lines()) == save
        old = save
    return state


def line(line_id: str, text: str = "Rain.") -> Line:
    return Line(line_id, "action", text)


ID_LINES = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(WORDS)), unique_by=lambda pair: pair[0]).map(
    lambda pairs: tuple(line(*pair) for pair in pairs)
)


@given(st.lists(ID_LINES, min_size=2, max_size=6))
def test_saves_with_ids_of_their_own_come_back(saves: list[tuple[Line, ...]]) -> None:
    replayed(saves)


@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=9), min_size=2, max_size=6))
def test_saves_without_ids_come_back(saves: list[list[str]]) -> None:
    contents = [tuple(Line("", "action", text) for text in save) for save in saves]
    lines = [with_new_ids(contents[0], "v1")]
    for number, content in enumerate(contents[1:], 2):
        lines.append(matched(lines[-1], content, f"v{number}")[0])

    replayed(lines)

    assert [[each.text for each in save] for save in lines] == saves


def test_only_the_changed_line_is_edited() -> None:
    old = tuple(line(f"l{number}") for number in range(900))
    new = (*old[:450], line("l450", "Snow."), *old[451:])
    state = created(old)

    (command,) = save_commands(state, old, new)

    assert command == LineEdit(line="l450", expect=state.content_hash("line", "l450"), text="Snow.")


def test_inserted_and_removed_lines_name_their_neighbours() -> None:
    old = (line("a"), line("b"), line("c"))
    new = (line("a"), line("x"), line("c"), line("y"))
    state = created(old)

    removal, first, second = save_commands(state, old, new)

    assert isinstance(removal, LinesDelete)
    assert [target.id for target in removal.lines] == ["b"]
    assert first == LinesInsert(after="a", before="c", lines=(line("x"),))
    assert second == LinesInsert(after="c", before=None, lines=(line("y"),))


def test_a_wiped_save_and_the_restore_after_it_are_history() -> None:
    full = tuple(line(f"l{number}", f"Line {number}") for number in range(100))

    state = replayed([full, (line("only", "Oops."),), full])

    assert state.line_count == 100


def test_equal_saves_need_no_command() -> None:
    save = (line("a"), line("b"))

    assert save_commands(created(save), save, save) == ()


def test_a_save_that_changes_every_line_is_one_replacement() -> None:
    old = tuple(line(f"l{number}") for number in range(MAX_COMMANDS + 1))
    new = tuple(line(each.id, "Snow.") for each in old)
    state = created(old)

    (command,) = save_commands(state, old, new)

    assert isinstance(command, ScriptReplace)
    assert tuple(applied(state, (command,)).lines()) == new


def test_a_line_that_matches_keeps_its_id() -> None:
    old = (line("v1.1", "INT. BAR - DAY"), line("v1.2", "Rain falls on the roof."), line("v1.3", "Hello."))
    new = (line("", "INT. BAR - DAY"), line("", "Rain falls on the tin roof."), line("", "A dog."), line("", "Hello!"))

    lines, window = matched(old, new, "v2")

    assert [each.id for each in lines] == ["v1.1", "v1.2", "v2.3", "v1.3"]
    assert window == (1, 3, 4)


@pytest.mark.parametrize(
    ("legacy", "expected"),
    [
        (LegacyLine("a1", "header", "INT. BAR"), Line("a1", "scene_heading", "INT. BAR")),
        (LegacyLine("a1", "Chapter-Break", ""), Line("a1", "chapter_break", "")),
        (LegacyLine("a1", "haiku", "x"), Line("a1", "action", "x", attrs={"legacy_format": "haiku"})),
        (LegacyLine("a1", "dialog", "a\x00b"), Line("a1", "dialogue", "ab")),
    ],
)
def test_a_line_gets_our_format_and_text(legacy: LegacyLine, expected: Line) -> None:
    assert script_lines(Decoded("json_lines", (legacy,))) == (expected,)


def test_ids_are_valid_unique_and_the_same_in_every_save() -> None:
    lines = tuple(LegacyLine(line_id, "action", "x") for line_id in ("a", "with space", "a", "a", "é", "with space"))

    ids = [each.id for each in script_lines(Decoded("json_lines", lines))]

    assert ids[0] == "a"
    assert ids[2:4] == ["a:2", "a:3"]
    assert len(set(ids)) == 6
    assert ids == [each.id for each in script_lines(Decoded("json_lines", lines))]
    check_submission(
        Submission(
            script_id=1,
            submission_id="s",
            author="backfill",
            base_version=0,
            commands=(ScriptCreate(title="x", lines=script_lines(Decoded("json_lines", lines))),),
        )
    )


def test_a_line_end_inside_a_line_makes_two_lines() -> None:
    (first, second) = script_lines(Decoded("json_lines", (LegacyLine("a", "action", "one\r\ntwo"),)))

    assert (first, second) == (Line("a", "action", "one"), Line("a.1", "action", "two"))


def test_fountain_gets_the_formats_of_its_reader() -> None:
    lines = script_lines(decode(b"INT. BAR - DAY\n\nRain.\n\nANNA\nHello.\n"))

    assert [(each.format, each.text) for each in lines] == [
        ("scene_heading", "INT. BAR - DAY"),
        ("action", "Rain."),
        ("character", "ANNA"),
        ("dialogue", "Hello."),
    ]
