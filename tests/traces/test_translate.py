"""A patch is translated into few commands, on lines that keep their ids."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.commands.base import Command
from domain.commands.kinds.line_splice import LineSplice
from domain.commands.kinds.line_split_and_merge import MergeLines, SplitLine
from domain.script.delta import advance
from domain.script.hashing import expect_hash
from domain.script.line import Line
from domain.script.state import State
from tests.traces.session import Patch
from tests.traces.translate import Translator

texts = st.text("ab\n🎬", max_size=12)


@settings(max_examples=100)
@given(text=texts, data=st.data())
def test_the_commands_of_a_patch_give_the_text_of_the_patch(text: str, data: st.DataObject) -> None:
    editor = opened(text)
    state = advance(State.empty(), editor.create("x").apply(State.empty()))

    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        patch = Patch(at, data.draw(st.integers(0, len(text) - at)), data.draw(texts))
        for command in editor.commands(patch):
            command.check()
            assert all(guard.expect == state.content_hash(guard.kind, guard.id) for guard in command.guards())
            delta = command.apply(state)
            assert delta, "a command that changes nothing makes no version"
            state = advance(state, delta)
            assert list(state.lines()) == editor.page.lines()
        text = patch.onto(text)
        assert editor.page.text() == text


def test_a_key_is_a_splice() -> None:
    assert kinds("one\ntwo", Patch(5, 0, "!")) == ["line.splice"]
    assert kinds("one\ntwo", Patch(5, 1, "")) == ["line.splice"]
    assert kinds("one\ntwo", Patch(4, 3, "2")) == ["line.splice"]


def test_enter_is_a_split_and_backspace_at_the_start_of_a_line_a_merge() -> None:
    expect = expect_hash(Line("l1", "general", "one", ""))
    assert commands("one", Patch(1, 0, "\n")) == [SplitLine(line="l1", at=1, new_id="l2", expect=expect)]
    assert kinds("one\ntwo", Patch(3, 1, "")) == ["line.merge"]


def test_a_typed_line_end_with_its_indent_is_a_split_and_a_splice() -> None:
    split, splice = commands("{}", Patch(1, 0, "\n  "))

    assert isinstance(split, SplitLine)
    assert isinstance(splice, LineSplice)
    assert splice.line == split.new_id


def test_only_lines_between_others_are_inserted_or_deleted_whole() -> None:
    assert kinds("ab", Patch(1, 0, "1\n2\n3\n4")) == ["line.splice", "line.split", "line.splice", "lines.insert"]
    assert kinds("one\ntwo\nthree\nfour", Patch(1, 14, "")) == [
        "lines.delete",
        "line.splice",
        "line.splice",
        "line.merge",
    ]


def test_a_text_replaced_by_itself_makes_no_command() -> None:
    assert kinds("one\ntwo", Patch(0, 7, "one\ntwo")) == []


def test_lines_replaced_by_themselves_at_the_ends_keep_their_ids() -> None:
    editor = opened("one\ntwo\nthree")
    before = [line.id for line in editor.page.lines()]

    (command,) = editor.commands(Patch(0, 13, "one\ntwo and a half\nthree"))

    assert isinstance(command, LineSplice)
    assert [line.id for line in editor.page.lines()] == before


def test_a_merge_keeps_the_first_id_and_retires_the_second() -> None:
    (merge,) = commands("one\ntwo", Patch(3, 1, ""))

    assert isinstance(merge, MergeLines)
    assert (merge.line, merge.next) == ("l1", "l2")


def commands(text: str, patch: Patch) -> list[Command]:
    return list(opened(text).commands(patch))


def kinds(text: str, patch: Patch) -> list[str]:
    return [command.kind() for command in commands(text, patch)]


def opened(text: str) -> Translator:
    count = itertools.count(1)
    return Translator(text, lambda: f"l{next(count)}")
