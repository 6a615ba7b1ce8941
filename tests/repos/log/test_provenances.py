"""The provenance of versions is that of their commands, packed by a server or row by row."""

from __future__ import annotations

import pytest

from domain.commands.kinds.script_set_metadata import ScriptSetMetadata
from domain.log.entry import LogEntry
from repos.log import commands
from repos.unit_of_work import UnitOfWork
from tests.materialization.writer import Writer

VERSIONS = 70


@pytest.mark.parametrize("page", [64, 1_000])
def test_provenances_are_those_of_the_commands(
    unit_of_work: UnitOfWork, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(unit_of_work)
    writer.create(["One.", "Two."])
    # Several in a transaction, and some of an AI.
    for _ in range(3):
        writer.send(*(ScriptSetMetadata(fields={"number": writer.version + step}) for step in range(20)))
        writer.clock.pass_seconds(1)
    writer.send(*(ScriptSetMetadata(fields={"word": f"w{step}"}) for step in range(VERSIONS - 61)), author="ai")
    monkeypatch.setattr(commands, "COMMANDS_PER_PAGE", page)

    with unit_of_work.reading() as tx:
        entries = list(tx.commands.read(writer.script_id, upto=VERSIONS))
        found = list(tx.commands.provenances(writer.script_id, upto=VERSIONS + 5))
        last = list(tx.commands.provenances(writer.script_id, after=VERSIONS - 2, upto=VERSIONS))

    assert len(entries) == VERSIONS
    assert found == [_of(entry) for entry in entries]
    assert last == found[-2:]


def _of(entry: LogEntry) -> commands.Provenance:
    return commands.Provenance(entry.version, entry.cause, entry.occurred_at, entry.recorded_at)
