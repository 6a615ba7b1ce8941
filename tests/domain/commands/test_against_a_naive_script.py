"""Model-based test: any commands in any order, valid and invalid, change the state as they change a list of lines."""

from __future__ import annotations

import copy

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.strategies import DataObject

from domain.commands.base import Command
from domain.commands.registry import KINDS
from domain.errors import Rejected
from domain.script.keyframe import decode_keyframe, encode_keyframe
from domain.script.state import State, hash_from_scratch
from tests.domain.folding import Step, backwards, take
from tests.domain.naive_script import DOERS, NaiveScript, Refused
from tests.domain.strategies import command_at


def test_the_naive_script_has_every_kind() -> None:
    assert sorted(DOERS) == sorted(KINDS)


class ScriptMachine(RuleBasedStateMachine):
    """One script in two implementations."""

    def __init__(self) -> None:
        super().__init__()
        self.states = [State.empty()]
        self.naive = NaiveScript()

    @property
    def state(self) -> State:
        return self.states[-1]

    @initialize(data=st.data())
    def a_script_begins(self, data: DataObject) -> None:
        self.both_apply(data.draw(command_at("script.create", self.states)))

    @rule(data=st.data(), kind=st.sampled_from(sorted(KINDS)))
    def a_command_arrives(self, data: DataObject, kind: str) -> None:
        self.both_apply(data.draw(command_at(kind, self.states)))

    @rule(data=st.data(), kind=st.sampled_from(sorted(KINDS)))
    def a_command_with_random_ids_arrives(self, data: DataObject, kind: str) -> None:
        self.both_apply(data.draw(command_at(kind, self.states, wild=True)))

    @precondition(lambda self: self.state.version)
    @rule()
    def the_worker_forgets_and_reads_a_keyframe(self) -> None:
        state = self.state
        self.states[-1] = decode_keyframe(encode_keyframe(state), state.version, state.hash)

    def both_apply(self, command: Command) -> None:
        try:
            command.check()
        except Rejected:
            return  # refused by validation: no script receives it
        naive = copy.deepcopy(self.naive)
        try:
            changed: bool | None = naive.do(command)
            self.naive = naive
        except Refused:
            changed = None
        step = step_of(self.state, command)
        assert changed == (None if step is None else bool(step.delta))
        if step and step.delta:
            self.states.append(step.after)

    @invariant()
    def both_are_equal(self) -> None:
        state, naive = self.state, self.naive
        assert list(state.lines()) == naive.lines
        assert dict(state.metadata) == naive.metadata
        assert dict(state.elements) == naive.things["element"]
        assert dict(state.personas) == naive.things["persona"]
        assert dict(state.labels) == naive.labels
        assert {name: (mark.color, mark.locked) for name, mark in state.marks.items()} == naive.marks
        assert state.version == naive.version
        assert dict(state.retired) == naive.removed["line"] | {
            f"{kind}/{name}": version
            for kind in ("element", "persona")
            for name, version in naive.removed[kind].items()
        }

    @invariant()
    def the_incremental_hash_is_right(self) -> None:
        assert hash_from_scratch(self.state) == self.state.hash
        assert backwards(self.state) == list(self.state.line_ids())[::-1]
        assert self.state.line_count == len(self.naive.lines)


def step_of(state: State, command: Command) -> Step | None:
    """The step of a command; None where it is refused, with a message whose facts are complete."""
    try:
        return take(state, command)
    except Rejected as refusal:
        return None if refusal.message else take(state, command)


TestScriptMachine = ScriptMachine.TestCase
TestScriptMachine.settings = settings(max_examples=2 * settings().max_examples)
