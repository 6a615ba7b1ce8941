"""Revision histories in each content shape and history form come back equal, version by version, and are certified."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from backfill.content.recognise import decode
from backfill.translate.script_lines import script_lines
from domain.script.line import Line
from materialization.clock import system_clock
from materialization.history.state_at import state_at
from repos.database.engine import open_engine
from repos.unit_of_work import UnitOfWork
from tests.backfill.certificate.certifying import certified, sentences
from tests.backfill.runs.backfill_setup import Backfill, copied_ledger
from tests.histories.history import OURS, RECORDED, SAMPLES, read_history
from tests.legacy.stored_histories import FORMS, SHAPES, store


def compared(lines: Sequence[Line]) -> list[tuple[str, str, str]]:
    return [(line.format, line.text, line.sep) for line in lines]


def come_back(folder: Path, empty_ledger: Path, form: str, histories: Sequence[Sequence[str]]) -> None:
    """Bring histories over in every shape, and compare each version."""
    shapes = ["json"] if form == "linked_lines" else list(SHAPES)
    scripts = [[SHAPES[shape](text) for text in texts] for texts in histories for shape in shapes]
    store(folder / "legacy.db", form, scripts)
    with open_engine(copied_ledger(empty_ledger, folder / "ledger.db")) as engine:
        backfill = Backfill(folder, UnitOfWork(engine), system_clock)  # type: ignore[arg-type]
        backfill.run()

        certificate = certified(backfill)
        assert sentences(certificate) == []
        assert sum(table.quarantined for table in certificate.tables) == 0
        with backfill.unit_of_work.reading() as tx:
            for script, contents in enumerate(scripts, 1):
                saves = {save.number: save.version_number for _, save in tx.legacy_versions.read(script)}
                # A revision without lines has no rows of lines.
                kept = {n: text for n, text in enumerate(contents, 1) if form != "linked_lines" or '"id"' in text}
                assert list(saves) == list(kept)
                for number, content in kept.items():
                    found = tuple(state_at(tx, script, saves[number]).lines())
                    assert compared(found) == compared(script_lines(decode(content.encode())))


@pytest.mark.parametrize("form", ["patches", "hashes", "linked_lines"])
def test_our_history_comes_back_in_each_shape(tmp_path: Path, empty_ledger: Path, form: str) -> None:
    texts = [revision.decode() for revision in read_history(SAMPLES / OURS).revisions]

    come_back(tmp_path, empty_ledger, form, [texts])


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_real_histories_come_back_in_each_shape_and_form(
    tmp_path: Path, empty_ledger: Path, form: str, screenplays: Path
) -> None:
    folders = [SAMPLES / OURS, *(screenplays / "histories" / name for name in RECORDED)]
    histories = [[revision.decode() for revision in read_history(folder).revisions] for folder in folders]

    come_back(tmp_path, empty_ledger, form, histories)
