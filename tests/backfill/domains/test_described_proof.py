"""Every kind of change to what was brought over of a story element is found and named."""

from __future__ import annotations

from pathlib import Path

import pytest

from backfill.domains.elements import Elements
from tests.backfill.domains.described_source import ELEMENTS, DescribedSource

ROWS = """
INSERT INTO story_elements VALUES
  (1, 1, 'premise', 'A ferry pilot.', '2019-05-02 09:25:00'),
  (2, 1, 'theme', 'What the tide keeps', '2019-05-02 09:27:00'),
  (3, 9, 'theme', 'Of a script that was deleted.', '2019-05-06 08:00:00');
"""
OF_2 = "WHERE script_id = 1 AND version_number = 3"
LEDGER = {
    "another text": (
        f"UPDATE script_commands SET payload = replace(payload, 'tide', 'Tide') {OF_2}",
        ("[2]", "the log has it with other content"),
    ),
    "another time": (
        f"UPDATE script_commands SET occurred_at = occurred_at + 1 {OF_2}",
        ("[2]", "its command has another time"),
    ),
    "another writer": (
        f'UPDATE script_commands SET cause = replace(cause, \'"key":"2"\', \'"key":"2","author":"ai"\') {OF_2}',
        ("[2]", "its command has another writer"),
    ),
    "another row": (
        f'UPDATE script_commands SET cause = replace(cause, \'"key":"2"\', \'"key":"8"\') {OF_2}',
        ("[2]", "the log does not have it"),
    ),
    "a key that is not in the map": (
        "DELETE FROM legacy_keys WHERE source_table = 'story_elements'",
        ("[2]", "the row was not brought over"),
    ),
}
SOURCE = {
    "changed": (
        "UPDATE story_elements SET content = 'Another.' WHERE id = 2",
        ("[2]", "the row changed in the source since it was brought over"),
    ),
    "shifted": (
        "UPDATE story_elements SET created_at = '2019-05-02 10:27:00' WHERE id = 2",
        ("[2]", "the row changed in the source since it was brought over"),
    ),
    "deleted": ("DELETE FROM story_elements WHERE id = 2", ("2", "the ledger has a row that the source does not have")),
    "added": (
        "INSERT INTO story_elements VALUES (4, 1, 'beat', 'Late.', '2019-05-02 09:27:00')",
        ("[4]", "the row was not brought over"),
    ),
}


@pytest.fixture
def legacy(tmp_path: Path) -> DescribedSource:
    source = DescribedSource(tmp_path, ELEMENTS + ROWS)
    source.script(1)
    source.migrate(Elements())
    return source


@pytest.mark.parametrize(("sql", "found"), LEDGER.values(), ids=LEDGER)
def test_a_change_of_the_ledger_is_found(legacy: DescribedSource, sql: str, found: tuple[str, str]) -> None:
    legacy.forge(sql)

    assert found in [(each.source_key, each.problem) for each in legacy.prove(Elements())]


@pytest.mark.parametrize(("sql", "found"), SOURCE.values(), ids=SOURCE)
def test_a_change_of_the_source_is_found(legacy: DescribedSource, sql: str, found: tuple[str, str]) -> None:
    legacy.execute(sql)

    assert found in [(each.source_key, each.problem) for each in legacy.prove(Elements())]
