"""Several scripts share one transaction, and a problem of one script does not affect the others."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from domain.errors import Conflict, Corrupt
from domain.script.line import Line
from materialization.write_path.submit import DrainedAll, Ledger
from repos.log.head_lock_statements import MAX_INBOX_BATCH, free_of
from repos.unit_of_work import UnitOfWork
from tests.materialization.write_path.script_editor import A, B, ScriptEditor, create, edit, keystrokes
from tests.materialization.write_path.wire_tap import Tap


@pytest.fixture
def editors(unit_of_work: UnitOfWork, ledger: Ledger) -> list[ScriptEditor]:
    """Five scripts, each with a pending edit of its line a."""
    editors = [ScriptEditor(unit_of_work, ledger).begin() for _ in range(5)]
    for editor in editors:
        editor.enqueue(editor.submission(edit(A, f"of {editor.script_id}"), id="waits", base=1))
    return editors


def ids(editors: list[ScriptEditor]) -> list[int]:
    return [editor.script_id for editor in editors]


def assert_edited(*editors: ScriptEditor) -> None:
    for editor in editors:
        assert editor.texts()[0] == f"of {editor.script_id}"
        assert (editor.version, editor.waiting(), editor.outcomes(["waits"])) == (2, 0, ["applied"])
        assert editor.verified().finding is None


def recorded_at(unit_of_work: UnitOfWork, editor: ScriptEditor) -> int:
    with unit_of_work.reading() as tx:
        answered = tx.submissions.get(editor.script_id, "waits")
    assert answered
    return answered.recorded_at


def test_every_script_has_its_edit(editors: list[ScriptEditor], ledger: Ledger):
    assert ledger.drain_all(ids(editors)) == DrainedAll(5, ())
    assert_edited(*editors)


def test_a_script_named_twice_is_drained_once(editors: list[ScriptEditor], ledger: Ledger):
    assert ledger.drain_all(ids(editors) * 2) == DrainedAll(5, ())
    assert_edited(*editors)


def test_a_ledger_without_warm_states_reads_the_states(editors: list[ScriptEditor], unit_of_work: UnitOfWork):
    assert Ledger(unit_of_work).drain_all(ids(editors)) == DrainedAll(5, ())
    assert_edited(*editors)


def test_a_ledger_that_fell_behind_catches_up(editors: list[ScriptEditor], ledger: Ledger, unit_of_work: UnitOfWork):
    for editor in editors:
        Ledger(unit_of_work).submit(editor.submission(edit(B, "by another"), id="other", base=1))
        editor.enqueue(editor.submission(edit(Line("b", "action", "by another"), "again"), id="again", base=3))

    assert ledger.drain_all(ids(editors)) == DrainedAll(5, ())

    assert [editor.texts()[:2] for editor in editors] == [[f"of {editor.script_id}", "again"] for editor in editors]
    assert all(editor.verified().finding is None for editor in editors)


# MariaDB only: SQLite has one lock for everything.
@pytest.mark.parametrize("database_url", [pytest.param("mariadb", marks=pytest.mark.services)], indirect=True)
def test_a_locked_head_is_left_to_its_holder(editors: list[ScriptEditor], ledger: Ledger, unit_of_work: UnitOfWork):
    with unit_of_work.script(editors[2].script_id, wait=True):
        assert ledger.drain_all(ids(editors)) == DrainedAll(4, ())
    assert editors[2].waiting() == 1
    assert_edited(*editors[:2], *editors[3:])


def test_a_script_with_a_pending_creation_is_created(
    editors: list[ScriptEditor], ledger: Ledger, unit_of_work: UnitOfWork
):
    new = ScriptEditor(unit_of_work, ledger)
    new.enqueue(new.submission(create(A), id="begin", base=0))

    assert ledger.drain_all([*ids(editors), new.script_id]) == DrainedAll(6, ())

    assert new.version == 1
    assert_edited(*editors)


def test_a_refusal_stays_with_its_script(editors: list[ScriptEditor], ledger: Ledger):
    editors[1].enqueue(editors[1].submission(edit(Line("b", "action", "Never."), "x"), id="stale", base=1))

    assert ledger.drain_all(ids(editors)) == DrainedAll(6, ())

    assert editors[1].outcomes(["stale"]) == ["refused"]
    assert [row.submission_id for row in editors[1].dead()] == ["stale"]
    assert_edited(*editors)


def test_an_inconsistent_script_is_quarantined_and_the_others_are_drained(
    editors: list[ScriptEditor], engine: Engine, unit_of_work: UnitOfWork
):
    with engine.begin() as connection:
        wrong = {"script": editors[3].script_id, "hash": b"x" * 16}
        connection.execute(text("UPDATE script_heads SET state_hash = :hash WHERE script_id = :script"), wrong)

    deep = ScriptEditor(unit_of_work, editors[3].ledger).begin()
    deep.enqueue(*keystrokes(deep, MAX_INBOX_BATCH + 1))

    done = Ledger(unit_of_work).drain_all([*ids(editors), deep.script_id])

    assert isinstance(done.failed, Corrupt)
    assert done.more == (deep.script_id,), "its producer need not ring again"
    head = editors[3].head
    assert head
    assert (head.health, editors[3].waiting()) == ("quarantined", 1)
    assert_edited(*editors[:3], editors[4])


def test_a_damaged_keyframe_delays_no_other_script(
    editors: list[ScriptEditor], engine: Engine, unit_of_work: UnitOfWork
):
    with engine.begin() as connection:
        wrong = {"script": editors[3].script_id}
        damaged = (
            "INSERT INTO script_keyframes (script_id, version_number, generation, state, state_hash) "
            "SELECT script_id, version_number, generation, X'3F', state_hash FROM script_versions "
            "WHERE script_id = :script"
        )
        connection.execute(text(damaged), wrong)
        connection.execute(text("UPDATE script_heads SET keyframe_version = 1 WHERE script_id = :script"), wrong)

    assert Ledger(unit_of_work).drain_all(ids(editors)) == DrainedAll(5, ())

    assert_edited(*editors[:3], editors[4])
    assert (editors[3].version, editors[3].texts()[0]) == (2, f"of {editors[3].script_id}")
    assert len({recorded_at(unit_of_work, editor) for editor in [*editors[:3], editors[4]]}) == 1


def test_a_submission_tried_before_is_counted_and_tried_alone(
    editors: list[ScriptEditor], ledger: Ledger, engine: Engine
):
    with engine.begin() as connection:
        tried = {"script": editors[0].script_id}
        connection.execute(text("UPDATE submission_inbox SET attempts = 5 WHERE script_id = :script"), tried)

    assert ledger.drain_all(ids(editors)) == DrainedAll(5, ())

    assert editors[0].outcomes(["waits"]) == ["refused"]
    assert_edited(*editors[1:])


def test_a_script_with_a_deep_inbox_is_drained_after_the_others(
    editors: list[ScriptEditor], ledger: Ledger, unit_of_work: UnitOfWork
):
    for number in range(300):
        editors[0].enqueue(editors[0].submission(edit(B, f"{number}"), id=f"more-{number}", base=1))

    # One batch of the deep inbox: the others do not wait for all of it.
    assert ledger.drain_all(ids(editors)) == DrainedAll(MAX_INBOX_BATCH + 4, (editors[0].script_id,))
    assert_edited(*editors[1:])
    deep, *others = [recorded_at(unit_of_work, editor) for editor in editors]
    assert len(set(others)) == 1
    assert others[0] < deep

    assert ledger.drain_all([editors[0].script_id]) == DrainedAll(301 - MAX_INBOX_BATCH, ())
    assert editors[0].waiting() == 0


@pytest.fixture
def tapped(mariadb_engine: Engine, tap: Tap) -> list[ScriptEditor]:
    unit_of_work = UnitOfWork(mariadb_engine)
    ledger = Ledger(unit_of_work)
    editors = [ScriptEditor(unit_of_work, ledger).begin() for _ in range(5)]
    for editor in editors:
        editor.enqueue(editor.submission(edit(A, f"of {editor.script_id}"), id="waits", base=1))
    tap.clear()
    return editors


def test_five_scripts_are_three_round_trips(tapped: list[ScriptEditor], tap: Tap):
    tapped[0].ledger.drain_all(ids(tapped))

    assert len(tap.sent) == 3
    assert [each for each in tap.statements() if each != "UPDATE script_heads"] == [
        "SET autocommit=0",
        "SELECT json_array(head.version_number,",
        "INSERT INTO",  # script_commands
        "INSERT INTO",  # script_versions
        "INSERT INTO",  # submissions
        "DELETE FROM",
        "COMMIT",
        "SET autocommit=1",
        "SELECT DISTINCT",
    ]
    assert_edited(*tapped)


def test_five_cold_scripts_are_four_round_trips(tapped: list[ScriptEditor], tap: Tap):
    Ledger(tapped[0].unit_of_work).drain_all(ids(tapped))

    assert len(tap.sent) == 4


def test_after_a_lost_transaction_each_script_is_drained_alone(tapped: list[ScriptEditor], tap: Tap):
    def cut(number: int, _text: str, connection: object) -> None:
        if number == 1:
            connection._sock.close()  # type: ignore[attr-defined]
            raise Conflict("cut")

    tap.before = cut

    assert tapped[0].ledger.drain_all(ids(tapped)).answered == 5
    assert_edited(*tapped)


def test_only_the_named_heads_are_locked(mariadb_engine: Engine):
    # A scan of three rows would be cheaper than finding two of them by key, but would lock all three.
    compiled = free_of(2).packed.compile(dialect=mariadb_engine.dialect)
    with mariadb_engine.connect() as connection:
        rows = connection.exec_driver_sql(
            f"EXPLAIN FORMAT=TRADITIONAL {compiled}", tuple({**compiled.params, "script_0": 1, "script_1": 2}.values())
        )
        plan = {row.table: (row.type, row.key) for row in rows}
    assert plan["script_heads"] == ("range", "PRIMARY")
