"""Submissions to mutate: for every kind a command that is valid on the first script of a small ledger."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from domain.commands.registry import KINDS
from domain.errors import Rejected
from domain.script.state import State
from domain.submissions.submission import encode_command
from tests.domain.folding import take
from tests.domain.strategies import command_at
from tests.fuzz.small_ledger import BEGINNING

# Placeholder for the script's id, which is known only when the input is fed.
SCRIPT = 7_777_777
AI = {"model": "m", "run_id": "r1", "prompt": "Shorter."}


def beginning() -> list[State]:
    """The states of a script during its first submission."""
    states = [State.empty()]
    for command in BEGINNING:
        states.append(take(states[-1], command).after)
    return states


STATES = beginning()


@st.composite
def submissions(draw: DrawFn) -> dict[str, Any]:
    """A submission as a JSON document, valid in itself; most are accepted at the head."""
    states, commands = list(STATES), []
    for kind in draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=4)):
        wild = draw(st.sampled_from([False, False, False, True]))
        command = draw(command_at(kind, states, wild=wild))
        commands.append(json.loads(encode_command(command)))
        try:
            states.append(take(states[-1], command).after)
        except Rejected:
            continue
    author = draw(st.sampled_from(["user", "user", "ai", "system", "import"]))
    return {
        "script_id": SCRIPT,
        "submission_id": draw(st.sampled_from(["s1", "s1", "begin", "x" * 64])),
        "author": author,
        "actor": draw(st.sampled_from(["", "Ann", "é"])),
        "base_version": draw(st.sampled_from([3, 3, 3, 2, 0, 99])),
        "cause": AI if author == "ai" else {},
        "commands": commands,
        "apply_rest": draw(st.booleans()),
        **draw(_frame),
    }


_frame: SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {}, optional={"after_submission": st.sampled_from(["begin", "s0"]), "occurred_at": st.integers(0, 1 << 53)}
)


def addressed(data: bytes, script_id: int) -> bytes:
    """An input with the placeholder replaced by the script's id."""
    return data.replace(str(SCRIPT).encode(), str(script_id).encode())
