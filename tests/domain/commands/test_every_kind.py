"""Properties of commands of every kind, on any script."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from domain.commands.base import Command
from domain.commands.kinds.script_archive_and_unarchive import ScriptArchive
from domain.commands.registry import KINDS
from domain.errors import Rejected
from domain.script.delta import advance, decode_delta, encode_delta
from domain.script.keyframe import encode_keyframe
from domain.script.state import State, hash_from_scratch
from domain.submissions.submission import Submission, check_submission, decode_command, encode_command
from tests.domain.folding import Step, backwards, content, run, take
from tests.domain.strategies import LATER_KINDS, MAKERS, Scripts, command_at

every_kind = pytest.mark.parametrize("kind", sorted(KINDS))


def test_every_kind_has_a_maker() -> None:
    assert sorted(MAKERS) == sorted(KINDS)


@every_kind
@given(data=st.data())
def test_a_command_is_stored_and_read_back_the_same(kind: str, scripts: Scripts, data: DataObject) -> None:
    command = accepted(kind, scripts, data).command

    assert decode_command(encode_command(command)) == command


@every_kind
@given(data=st.data())
def test_a_delta_is_stored_and_read_back_the_same(kind: str, scripts: Scripts, data: DataObject) -> None:
    step = accepted(kind, scripts, data)

    assert decode_delta(encode_delta(step.delta)) == step.delta


@every_kind
@given(data=st.data())
def test_apply_is_deterministic_and_does_not_change_the_state(kind: str, scripts: Scripts, data: DataObject) -> None:
    step = accepted(kind, scripts, data)
    before = encode_keyframe(step.before)

    repeated = take(step.before, decode_command(encode_command(step.command)))

    assert encode_delta(repeated.delta) == encode_delta(step.delta)
    assert repeated.after == step.after
    assert encode_keyframe(step.before) == before


@every_kind
@given(data=st.data())
def test_neighbours_and_the_state_hash_stay_consistent(kind: str, scripts: Scripts, data: DataObject) -> None:
    after = accepted(kind, scripts, data).after

    assert hash_from_scratch(after) == after.hash
    assert backwards(after) == list(after.line_ids())[::-1]
    assert after.line_count == len(list(after.line_ids()))
    assert not set(after.retired) & set(after.nodes)


@every_kind
@given(data=st.data())
def test_a_delta_is_empty_only_if_nothing_changes(kind: str, scripts: Scripts, data: DataObject) -> None:
    step = accepted(kind, scripts, data)

    assert bool(step.delta) == (content(advance(step.before, step.delta)) != content(step.before))


@pytest.mark.parametrize("kind", LATER_KINDS)
@given(data=st.data())
def test_the_inverse_restores_the_state_before(kind: str, scripts: Scripts, data: DataObject) -> None:
    step = accepted(kind, scripts, data)

    undone = run(step.after, step.command.inverse(step.before, step.after))

    assert content(undone) == content(step.before)


@pytest.mark.parametrize("kind", LATER_KINDS)
@given(data=st.data())
def test_an_inverse_is_a_valid_submission(kind: str, scripts: Scripts, data: DataObject) -> None:
    step = accepted(kind, scripts, data)
    assume(step.delta)
    inverse = step.command.inverse(step.before, step.after)

    check_submission(
        Submission(script_id=1, submission_id="undo", author="user", base_version=step.after.version, commands=inverse)
    )


@pytest.mark.parametrize("kind", LATER_KINDS)
@given(data=st.data())
def test_an_inverse_can_itself_be_undone(kind: str, scripts: Scripts, data: DataObject) -> None:
    step = accepted(kind, scripts, data)
    state = step.after
    redo: list[Command] = []
    for command in step.command.inverse(step.before, step.after):
        back = take(state, command)
        redo[:0] = command.inverse(back.before, back.after)
        state = back.after

    assert content(run(state, redo)) == content(step.after)


def test_a_create_has_no_inverse() -> None:
    command = KINDS["script.create"](title="x")
    state = take(State.empty(), command).after

    assert command.inverse(State.empty(), state) == ()


def accepted(kind: str, scripts: Scripts, data: DataObject) -> Step:
    """A command of the kind on a script that accepts it."""
    if kind == "script.create":
        return take(State.empty(), data.draw(command_at(kind, [State.empty()])))
    states = [step.after for step in data.draw(st.sampled_from(scripts))]
    if kind == "script.unarchive" and data.draw(st.booleans()):
        states.append(take(states[-1], ScriptArchive()).after)  # few of them are archived
    command = data.draw(command_at(kind, states))
    try:
        return take(states[-1], command)
    except Rejected:
        reject()
