"""A small session of our own, with every kind of edit of the recorded ones, on every database."""

from __future__ import annotations

from collections import Counter

from tests.traces.compare import replayed
from tests.traces.replay import commands_of
from tests.traces.session import Session


def test_the_text_comes_out_as_it_was_typed(sample: Session, database_url: str) -> None:
    played, stored = replayed(sample, database_url)

    assert stored.keyframes > 0
    assert stored.deltas * 2 < stored.payloads < played.snapshots


def test_its_commands_are_of_every_kind_an_editor_sends(sample: Session) -> None:
    found = Counter(command.kind() for command, _ in commands_of(sample))

    assert found["line.splice"] > 0.8 * found.total()
    assert found.keys() == {
        "script.create",
        "line.splice",
        "line.split",
        "line.merge",
        "lines.insert",
        "lines.delete",
    }
