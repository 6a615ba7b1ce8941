"""A rebuild requests all pages of a chunk at once, so that the server reads one while another is folded."""

from __future__ import annotations

import pytest

from materialization.integrity import rebuild as rebuild_module
from materialization.integrity import rebuild_chunks
from materialization.integrity.rebuild import rebuild
from repos.database import packed_pages
from repos.database.engine import make_engine
from repos.log import commands
from repos.unit_of_work import UnitOfWork
from tests.materialization.integrity.rebuild_setup import write_much
from tests.materialization.write_path.wire_tap import Tap
from tests.materialization.writer import Writer, close_databases, open_database


@pytest.mark.services
def test_the_pages_of_a_chunk_are_requested_in_one_packet(mariadb_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_pages, "MIN_PACKED_ROWS", 1)
    monkeypatch.setattr(commands, "COMMANDS_PER_PAGE", 10)
    monkeypatch.setattr(rebuild_chunks, "VERSIONS_PER_TRANSACTION", 40)
    monkeypatch.setattr(rebuild_module, "LOCKED_TAIL_VERSIONS", 40)
    writer = Writer(open_database(mariadb_url))
    write_much(writer, 100)
    engine = make_engine(mariadb_url, pool_size=2)
    tap = Tap(engine)

    rebuilt = rebuild(UnitOfWork(engine), writer.script_id)

    pages = [text.count("FROM script_commands") for text in tap.sent if "FROM script_commands" in text]
    assert [sum(pages), max(pages)] == [-(-rebuilt.versions // 10), 4]
    assert len(pages) == 3
    tap.remove()
    engine.dispose()
    close_databases()
