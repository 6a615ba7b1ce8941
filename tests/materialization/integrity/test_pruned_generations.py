"""Generations that a rebuild has replaced are pruned later; the active one never is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from materialization.integrity.rebuild import prune_generations, rebuild
from repos.integrity.rebuilds import Generations, Rebuilds
from repos.log.heads import Heads
from tests.materialization.integrity.rebuild_setup import is_verified, stored, write_much
from tests.materialization.writer import SECOND, Clock, Writer

pytestmark = pytest.mark.usefixtures("small_pieces")


def test_an_old_generation_is_pruned_later_and_by_its_own_call(writer: Writer, clock: Clock, database_url: str) -> None:
    write_much(writer, 130)
    rebuild(writer.unit_of_work, writer.script_id, clock=clock)

    assert prune_generations(writer.unit_of_work, writer.script_id, before=clock()) == []
    assert prune_generations(writer.unit_of_work, writer.script_id, before=clock() + SECOND) == [1]
    assert prune_generations(writer.unit_of_work, writer.script_id, before=clock() + SECOND) == []
    assert stored(database_url, writer, 1) == [[], []]
    assert is_verified(writer)


def test_a_generation_that_becomes_active_during_a_pruning_stays(
    writer: Writer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_much(writer, 60)
    rebuild(writer.unit_of_work, writer.script_id, clock=clock)
    for step in (Heads.get, Rebuilds.read, Generations.found):
        clock.pass_seconds(3_600)
        interrupt_before(step, monkeypatch, lambda: rebuild(writer.unit_of_work, writer.script_id, clock=clock))
        prune_generations(writer.unit_of_work, writer.script_id, before=clock())
        assert is_verified(writer)


def interrupt_before(step: Any, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Act once before a statement, as another process might."""
    owner = {"get": Heads, "read": Rebuilds, "found": Generations}[step.__name__]

    def acting(self: Any, script_id: int) -> Any:
        monkeypatch.setattr(owner, step.__name__, step)
        act()
        return step(self, script_id)

    monkeypatch.setattr(owner, step.__name__, acting)
