"""Story elements become commands in the logs of their scripts."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from backfill.domains.base import Counts
from backfill.domains.described.saves import DescribedSaves
from backfill.domains.elements import Elements
from backfill.mapping.fit import problems
from backfill.mapping.model import ColumnRule
from backfill.runs.scan.scan import Scan
from domain.submissions.submission import decode_cause
from materialization.integrity.audit import audit
from materialization.write_path import backfill_slice
from materialization.write_path.backfill_slice import Slice
from repos.legacy.catalog import read_catalog
from repos.locked_scripts import LockedScript
from tests.backfill.domains.described_source import ELEMENTS, FIRST_SAVE, GROWING, ROWS, DescribedSource
from tests.materialization.writer import SECOND


def test_each_row_becomes_a_command_with_its_time_and_origin(tmp_path: Path) -> None:
    legacy = DescribedSource(tmp_path, ELEMENTS + ROWS)
    legacy.script(1)

    assert legacy.migrate(Elements()) == {"story_elements": Counts(migrated=2, quarantined=1)}

    elements = legacy.state(1).elements
    assert {(each.type, each.payload["created_at"]) for each in elements.values()} == {
        ("premise", "2019-05-02T09:25:00Z"),
        ("theme", "2019-05-02T09:27:00Z"),
    }
    assert elements["2"].payload["text"] == "What the tide keeps 🌫️"
    last = legacy.log(1)[-1]
    assert (last.kind, last.author, last.occurred_at) == ("element.add", "backfill", 1_556_789_220 * SECOND)
    origin = decode_cause(last.cause).origin
    assert origin is not None
    assert (origin.table, origin.key) == ("story_elements", "2")
    assert [(row.code, row.source_key) for row in legacy.quarantined()] == [("L05", "[3]")]
    assert legacy.prove(Elements()) == []
    assert audit(legacy.unit_of_work, 1).finding is None


def test_a_second_run_writes_nothing(tmp_path: Path) -> None:
    legacy = DescribedSource(tmp_path, ELEMENTS + ROWS)
    legacy.script(1)
    counts = legacy.migrate(Elements())
    log = legacy.log(1)

    assert legacy.migrate(Elements()) == counts

    assert legacy.log(1) == log
    assert len(legacy.quarantined()) == 1


def test_an_element_that_was_saved_again_and_again_is_one_with_updates(tmp_path: Path) -> None:
    legacy = DescribedSource(tmp_path, ELEMENTS + GROWING)
    legacy.script(1)

    assert legacy.migrate(Elements()) == {"story_elements": Counts(migrated=4)}

    assert [entry.kind for entry in legacy.log(1)[1:]] == [
        "element.add",
        "element.update",
        "element.update",
        "element.add",
    ]
    assert {name: each.payload["content"] for name, each in legacy.state(1).elements.items()} == {
        "1": "A ferry pilot. Alone. At noon.",
        "4": "What the tide keeps.",
    }
    assert legacy.state(1, 3).elements["1"].payload["content"] == "A ferry pilot. Alone."
    assert legacy.prove(Elements()) == []


def test_saves_of_one_element_are_collapsed_by_decision_and_counted(tmp_path: Path) -> None:
    legacy = DescribedSource(tmp_path, ELEMENTS + GROWING, decisions='L31 = "repair"\n')
    legacy.script(1)

    assert legacy.migrate(Elements()) == {"story_elements": Counts(migrated=2, merged=2)}

    assert [entry.kind for entry in legacy.log(1)[1:]] == ["element.add", "element.add"]
    assert legacy.state(1).elements["1"].payload["content"] == "A ferry pilot. Alone. At noon."
    assert legacy.prove(Elements()) == []


def test_an_archived_script_stays_archived_since_the_same_moment(tmp_path: Path) -> None:
    archived_at = FIRST_SAVE + 100_000_000 * SECOND
    legacy = DescribedSource(tmp_path, ELEMENTS + ROWS)
    legacy.script(1, archived_at=archived_at)

    legacy.migrate(Elements())

    log = legacy.log(1)
    assert [entry.kind for entry in log[1:]] == [
        "script.archive",
        "script.unarchive",
        "element.add",
        "element.add",
        "script.archive",
    ]
    assert {entry.occurred_at for entry in log[1:]} == {archived_at}
    assert legacy.state(1).archived
    assert legacy.prove(Elements()) == []


def test_times_never_go_back_and_a_row_without_one_takes_that_of_the_row_before(tmp_path: Path) -> None:
    rows = """
INSERT INTO story_elements VALUES
  (1, 1, 'a', 'One', '2019-05-02 09:25:00'), (2, 1, 'b', 'Two', '0000-00-00 00:00:00'),
  (3, 1, 'c', 'Three', '2018-01-01 00:00:00'), (4, 1, 'd', 'Four', '2999-01-01 00:00:00'), (5, 1, 'e', 'Five', NULL);
"""
    legacy = DescribedSource(tmp_path, ELEMENTS + rows)
    legacy.script(1)

    assert legacy.migrate(Elements()) == {"story_elements": Counts(migrated=5)}

    log = legacy.log(1)[1:]
    assert [decode_cause(entry.cause).origin.key for entry in log] == ["3", "1", "2", "4", "5"]  # type: ignore[union-attr]
    assert [entry.occurred_at for entry in log] == sorted(entry.occurred_at for entry in log)
    assert "created_at" not in legacy.state(1).elements["2"].payload
    assert legacy.prove(Elements()) == []


def test_types_and_sources_that_we_do_not_have_are_kept_in_words(tmp_path: Path) -> None:
    rows = """
CREATE TABLE script_elements (id INTEGER NOT NULL PRIMARY KEY, script_id INTEGER, type VARCHAR(40), content TEXT,
  source VARCHAR(20), created_at DATETIME);
INSERT INTO script_elements VALUES
  (1, 1, 'Act Break!', 'One', 'ai', '2019-05-02 09:25:00'), (2, 1, '', 'Two', 'robot', '2019-05-02 09:26:00');
"""
    legacy = DescribedSource(tmp_path, rows)
    legacy.script(1)

    legacy.migrate(Elements())

    one, two = legacy.state(1).elements["1"], legacy.state(1).elements["2"]
    assert (one.type, one.payload["legacy_type"], one.source) == ("act_break", "Act Break!", "ai")
    assert (two.type, two.source, two.payload["legacy_source"]) == ("unknown", "user", "robot")
    origin = decode_cause(legacy.log(1)[1].cause).origin
    assert origin is not None
    assert origin.author == "ai"
    assert legacy.prove(Elements()) == []


def test_types_are_the_words_of_the_mapping(tmp_path: Path) -> None:
    rows = """
CREATE TABLE script_elements (id INTEGER NOT NULL PRIMARY KEY, script_id INTEGER, type VARCHAR(40), content TEXT,
  created_at DATETIME);
INSERT INTO script_elements VALUES
  (1, 1, 'Ort', 'Wien', '2019-05-02 09:25:00'), (2, 1, 'Thema', 'Schuld', '2019-05-02 09:26:00');
"""
    legacy = DescribedSource(tmp_path, rows)
    legacy.script(1)
    table = legacy.mapping.tables["script_elements"]
    kind = ColumnRule(to="type", values={"Ort": "location"})
    rule = replace(table, columns={**table.columns, "type": kind})
    legacy.mapping = replace(legacy.mapping, tables={**legacy.mapping.tables, "script_elements": rule})
    with legacy.source() as source:
        assert problems(legacy.mapping, read_catalog(source)) == []

    legacy.migrate(Elements())

    one, two = legacy.state(1).elements["1"], legacy.state(1).elements["2"]
    assert (one.type, one.payload["legacy_type"], two.type) == ("location", "Ort", "thema")
    assert legacy.prove(Elements()) == []


def test_one_bad_row_is_set_aside_and_its_neighbours_come_over(tmp_path: Path) -> None:
    legacy = DescribedSource(tmp_path, ELEMENTS)
    legacy.script(1)
    bad = '{"text": "a secret", "text": "another"}'
    values = ", ".join(f"({number}, 1, 'beat', '{bad if number == 40 else number}', NULL)" for number in range(1, 101))
    legacy.execute(f"INSERT INTO story_elements VALUES {values};")

    assert legacy.migrate(Elements()) == {"story_elements": Counts(migrated=99, quarantined=1)}

    [row] = legacy.quarantined()
    assert (row.code, row.source_key, row.column, row.length) == ("L15", "[40]", "content", len(bad))
    with legacy.source() as source:
        findings = Scan(source, read_catalog(source), legacy.mapping).run().findings.kept()
    assert [(each.key, each.decision) for each in findings if each.code == "L15"] == [("40", "quarantine")]
    assert "secret" not in str(row)
    assert legacy.prove(Elements()) == []


def test_deleted_rows_are_in_the_history_and_not_in_the_script(tmp_path: Path) -> None:
    rows = """
CREATE TABLE script_elements (id INTEGER NOT NULL PRIMARY KEY, script_id INTEGER, type VARCHAR(40), content TEXT,
  created_at DATETIME, deleted_at DATETIME);
INSERT INTO script_elements VALUES
  (1, 1, 'beat', 'One', '2019-05-02 09:25:00', '2019-06-02 09:25:00'),
  (2, 1, 'beat', 'Two', '2019-05-03 09:26:00', NULL);
"""
    legacy = DescribedSource(tmp_path, rows)
    legacy.script(1)

    legacy.migrate(Elements())

    assert set(legacy.state(1).elements) == {"2"}
    assert [entry.kind for entry in legacy.log(1)[1:]] == ["element.add", "element.remove", "element.add"]
    assert legacy.prove(Elements()) == []


@pytest.mark.parametrize(
    ("decision", "counts"),
    [
        ("quarantine", Counts(quarantined=2)),
        ("report", Counts(migrated=2)),
    ],
)
def test_rows_of_a_script_that_is_not_there_are_kept_or_quarantined(
    tmp_path: Path, decision: str, counts: Counts
) -> None:
    rows = "INSERT INTO story_elements VALUES (1, 9, 'a', 'One', NULL), (2, NULL, 'a', 'Two', NULL);"
    legacy = DescribedSource(tmp_path, ELEMENTS + rows, decisions=f'L05 = "{decision}"\n')

    assert legacy.migrate(Elements()) == {"story_elements": counts}
    assert legacy.migrate(Elements()) == {"story_elements": counts}

    with legacy.unit_of_work.reading() as tx:
        assert len(tx.legacy_rows.read("story_elements")) == counts.migrated
    assert legacy.prove(Elements()) == []


def test_further_columns_are_in_the_payload(tmp_path: Path) -> None:
    rows = """
CREATE TABLE script_elements (id INTEGER NOT NULL PRIMARY KEY, script_id INTEGER, type VARCHAR(40), content TEXT,
  subtype VARCHAR(20), weight DECIMAL(8,2), picture BLOB, created_at DATETIME);
INSERT INTO script_elements VALUES (1, 1, 'beat', 'One', 'lead', 2, x'00ff', '2019-05-02 09:25:00');
"""
    legacy = DescribedSource(tmp_path, rows)
    legacy.script(1)

    legacy.migrate(Elements())

    payload = legacy.state(1).elements["1"].payload
    assert (payload["subtype"], payload["weight"]) == ("lead", 2)
    assert legacy.prove(Elements()) == []


def test_tables_whose_ids_are_equal_do_not_collide(tmp_path: Path) -> None:
    more = """
CREATE TABLE script_elements (id INTEGER NOT NULL PRIMARY KEY, script_id INTEGER, type VARCHAR(40), content TEXT,
  created_at DATETIME);
INSERT INTO script_elements VALUES (1, 1, 'beat', 'A beat.', '2019-05-02 09:25:00');
"""
    legacy = DescribedSource(tmp_path, ELEMENTS + ROWS + more)
    legacy.script(1)

    counts = legacy.migrate(Elements())

    assert counts["script_elements"] == Counts(migrated=1)
    assert set(legacy.state(1).elements) == {"story_elements.1", "story_elements.2", "script_elements.1"}
    assert legacy.prove(Elements()) == []


def test_rows_that_are_kept_as_json_are_written_in_slices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill_slice, "MAX_SLICE_BYTES", 1 << 20)
    slices: list[int] = []
    record = DescribedSaves.record

    def counted(saves: DescribedSaves, tx: LockedScript, written: Slice) -> None:
        slices.append(saves.weight)
        record(saves, tx, written)

    monkeypatch.setattr(DescribedSaves, "record", counted)
    rows = ", ".join(f"({number}, 1, 'a', '{'x' * 1_100_000}', NULL)" for number in range(1, 3))
    more = f"INSERT INTO story_elements VALUES {rows}, (3, 1, 'a', 'Short.', NULL);"
    legacy = DescribedSource(tmp_path, ELEMENTS + more, decisions='L29 = "report"\n')
    legacy.script(1)

    assert legacy.migrate(Elements()) == {"story_elements": Counts(migrated=3)}

    assert [weight >> 20 for weight in slices] == [1, 1, 0]
    assert legacy.prove(Elements()) == []
