"""A real editing session, projected at uneven intervals while it is typed."""

from __future__ import annotations

from itertools import cycle, islice
from pathlib import Path

from materialization.integrity.rebuild import rebuild
from materialization.projections.reader import read_projection
from materialization.projections.updater import project
from tests.materialization.writer import Writer
from tests.traces.replay import commands_of
from tests.traces.session import read_session

KEYSTROKES = 4_000
STRIDES = (1, 7, 90, 3, 400, 256)


def test_a_typed_session_is_projected_while_it_is_typed(writer: Writer, traces: Path) -> None:
    session = read_session(traces / "sveltecomponent.json.gz")
    commands = (command for command, _ in islice(commands_of(session), KEYSTROKES))
    for stride in cycle(STRIDES):
        kept = list(islice(commands, stride))
        if not kept:
            break
        writer.send(*kept)
        done = project(writer.unit_of_work, writer.script_id)
        assert done.whole == (done.before == 0 or done.version - done.before > max(256, writer.state().line_count))
        with writer.unit_of_work.reading() as tx:
            assert read_projection(tx, writer.script_id).shows(writer.state())

    assert writer.version == KEYSTROKES
    assert rebuild(writer.unit_of_work, writer.script_id).differences == 0
