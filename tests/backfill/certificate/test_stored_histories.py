"""Revision histories in each content shape and history form come back equal, version by version, and are certified."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from backfill.content.recognise import decode
from backfill.translate.row_keys import row_key
from backfill.translate.script_lines import script_lines
from domain.script.line import Line
from materialization.clock import system_clock
from materialization.history.state_at import state_at
from repos.database.engine import open_engine
from repos.unit_of_work import RecordsTransaction, UnitOfWork
from tests.backfill.certificate.certifying import certified, sentences
from tests.backfill.runs.backfill_setup import Backfill, copied_ledger
from tests.histories.history import OURS, RECORDED, SAMPLES, read_history
from tests.legacy.stored_histories import FORMS, SHAPES, branch_of, store


def compared(lines: Sequence[Line]) -> list[tuple[str, str, str]]:
    return [(line.format, line.text, line.sep) for line in lines]


def script_ids(tx: RecordsTransaction, script: int, form: str, saves: int) -> list[int]:
    """Our ids of a legacy script and of its branches, which are scripts of their own."""
    if form != "several_branches":
        return [script]
    branches = dict.fromkeys(branch_of(script, number) for number in range(1, saves + 1))
    keys = [row_key([script, branch]) for branch in [*branches][1:]]
    found = tx.legacy_keys.find("scripts", keys)
    assert sorted(found) == sorted(keys)
    return [script, *(found[key].our_id for key in keys)]


def come_back(folder: Path, empty_ledger: Path, form: str, histories: Sequence[Sequence[str]]) -> None:
    """Bring histories over in every shape, and compare each version."""
    shapes = ["json"] if form == "linked_lines" else list(SHAPES)
    scripts = [[SHAPES[shape](text) for text in texts] for texts in histories for shape in shapes]
    store(folder / "legacy.db", form, scripts)
    with open_engine(copied_ledger(empty_ledger, folder / "ledger.db")) as engine:
        backfill = Backfill(folder, UnitOfWork(engine), system_clock)  # type: ignore[arg-type]
        drafted = backfill.mapping()
        backfill.run(
            mapping=drafted.replace('history = "branches"\n', 'history = "branches"\nbranches = "own_script"\n')
        )

        certificate = certified(backfill)
        assert sentences(certificate) == []
        assert sum(table.quarantined for table in certificate.tables) == 0
        with backfill.unit_of_work.reading() as tx:
            for script, contents in enumerate(scripts, 1):
                saves = {
                    save.number: (our_id, save.version_number)
                    for our_id in script_ids(tx, script, form, len(contents))
                    for _, save in tx.legacy_versions.read(our_id)
                }
                # A revision without lines has no rows of lines.
                kept = {n: text for n, text in enumerate(contents, 1) if form != "linked_lines" or '"id"' in text}
                assert sorted(saves) == list(kept)
                for number, content in kept.items():
                    found = tuple(state_at(tx, *saves[number]).lines())
                    assert compared(found) == compared(script_lines(decode(content.encode())))


@pytest.mark.parametrize("form", ["patches", "hashes", "linked_lines", "several_branches"])
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
