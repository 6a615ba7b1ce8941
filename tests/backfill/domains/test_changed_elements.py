"""Story elements that come over in slices, or change after they came over."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from backfill.domains.base import Counts, Difference
from backfill.domains.elements import Elements
from domain.commands.kinds.element import ElementUpdate
from domain.submissions.submission import Submission
from tests.backfill.domains.described_source import ELEMENTS, FIRST_SAVE, GROWING, ROWS, DescribedSource
from tests.materialization.writer import SECOND, Writer


def test_an_item_that_ends_after_each_slice_has_the_same_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    legacy = DescribedSource(tmp_path, ELEMENTS + GROWING)
    legacy.script(1, archived_at=FIRST_SAVE + 100_000_000 * SECOND)
    # A slice ends after the first submission.
    monkeypatch.setattr("materialization.write_path.backfill_slice.MAX_SLICE_VERSIONS", 1)

    assert legacy.migrate(Elements(), seconds=-1) == {"story_elements": Counts(migrated=4)}

    kinds = [entry.kind for entry in legacy.log(1)[2:]]
    assert kinds == [
        "script.unarchive",
        "element.add",
        "element.update",
        "element.update",
        "element.add",
        "script.archive",
    ]
    assert legacy.prove(Elements()) == []


def test_a_row_that_changed_updates_its_element(tmp_path: Path) -> None:
    legacy = DescribedSource(tmp_path, ELEMENTS + ROWS)
    legacy.script(1)
    legacy.migrate(Elements())
    legacy.execute("UPDATE story_elements SET content = 'A ferry master.' WHERE id = 1")

    assert legacy.prove(Elements()) == [
        Difference("story_elements", "[1]", "the row changed in the source since it was brought over")
    ]
    assert legacy.migrate(Elements()) == {"story_elements": Counts(migrated=2, quarantined=1)}

    assert legacy.log(1)[-1].kind == "element.update"
    assert legacy.state(1).elements["1"].payload["content"] == "A ferry master."
    assert legacy.prove(Elements()) == []


def test_a_row_that_changed_does_not_overwrite_an_edit_of_a_person(tmp_path: Path) -> None:
    legacy = DescribedSource(tmp_path, ELEMENTS + ROWS)
    legacy.script(1)
    legacy.migrate(Elements())
    writer = Writer(legacy.unit_of_work, clock=legacy.clock)
    element = replace(legacy.state(1).elements["1"], payload={"content": "Mine."})
    hashed = legacy.state(1).content_hash("element", "1")
    writer.script_id = 1
    writer.ledger.submit(
        Submission(
            script_id=1,
            submission_id="by-hand",
            author="user",
            base_version=len(legacy.log(1)),
            commands=(ElementUpdate(element=element, expect=hashed),),
        )
    )
    assert legacy.prove(Elements()) == []
    legacy.execute("UPDATE story_elements SET content = 'A ferry master.' WHERE id = 1")

    legacy.migrate(Elements())

    assert legacy.state(1).elements["1"].payload == {"content": "Mine."}
    assert ("script_edited", "[1]") in [(row.code, row.source_key) for row in legacy.quarantined()]
