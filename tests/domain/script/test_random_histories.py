"""Properties of a whole log: every path to a version results in the same state."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from domain.commands.whole_script.script_restore import restore_to
from domain.commands.whole_script.state_diff import commands_between
from domain.script.delta import advance, decode_delta, encode_delta
from domain.script.keyframe import decode_keyframe, encode_keyframe
from domain.script.state import State
from domain.script.state_builder import StateBuilder
from domain.submissions.submission import decode_command, encode_command
from tests.domain.folding import Step, content, inverses, run, take
from tests.domain.strategies import histories


@given(histories())
def test_the_fold_of_the_stored_commands_is_the_state(steps: list[Step]) -> None:
    state = State.empty()
    for step in steps:
        state = take(state, decode_command(encode_command(step.command))).after

    assert state == steps[-1].after


@given(histories())
def test_one_builder_gives_every_version_in_turn(steps: list[Step]) -> None:
    draft = StateBuilder(State.empty())
    for step in steps:
        for change in step.delta:
            change.onto(draft)
        seen = draft.so_far()
        assert (seen.version, content(seen)) == (step.after.version, content(step.after))
        draft.version += 1
    draft.version -= 1

    assert draft.finish() == steps[-1].after


@given(histories())
def test_versions_count_the_commands(steps: list[Step]) -> None:
    assert [step.after.version for step in steps] == list(range(1, len(steps) + 1))


@given(histories(), st.data())
def test_a_keyframe_and_its_deltas_give_the_same_state_in_every_field(steps: list[Step], data: DataObject) -> None:
    at = data.draw(st.integers(0, len(steps)))
    keyframe = steps[at - 1].after if at else State.empty()

    state = decode_keyframe(encode_keyframe(keyframe), keyframe.version, keyframe.hash)
    assert state == keyframe
    for step in steps[at:]:
        state = advance(state, decode_delta(encode_delta(step.delta)))

    assert state == steps[-1].after


@given(histories())
def test_a_keyframe_has_one_encoding(steps: list[Step]) -> None:
    state = steps[-1].after

    decoded = decode_keyframe(encode_keyframe(state), state.version, state.hash)

    assert encode_keyframe(decoded) == encode_keyframe(state)


@given(histories(), st.data())
def test_commands_undone_in_reverse_restore_the_first_state(steps: list[Step], data: DataObject) -> None:
    since = data.draw(st.integers(1, len(steps)))

    assert content(run(steps[-1].after, inverses(steps[since:]))) == content(steps[since - 1].after)


@given(histories(), st.data())
def test_an_earlier_version_can_always_be_restored(steps: list[Step], data: DataObject) -> None:
    head = steps[-1].after
    goal = data.draw(st.sampled_from(steps)).after

    restored = take(head, restore_to(head, goal)).after

    assert list(restored.lines()) == list(goal.lines())
    assert (restored.elements, restored.personas) == (goal.elements, goal.personas)
    assert without_archived(restored) == without_archived(goal)
    assert (restored.archived, restored.labels) == (head.archived, head.labels)


@given(histories(), st.data())
def test_small_commands_lead_from_any_version_to_any_earlier_one(steps: list[Step], data: DataObject) -> None:
    head = steps[-1].after
    goal = data.draw(st.sampled_from(steps)).after

    reached = run(head, commands_between(head, goal))

    assert list(reached.lines()) == list(goal.lines())
    assert (reached.elements, reached.personas) == (goal.elements, goal.personas)
    assert without_archived(reached) == without_archived(goal)


def without_archived(state: State) -> dict[str, object]:
    return {name: value for name, value in state.metadata.items() if name != "archived"}
