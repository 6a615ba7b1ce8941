"""Any row that a producer in another language inserts into the inbox is answered, and so are the rows after it."""

from __future__ import annotations

from hashlib import sha256

import pytest
from sqlalchemy import text

from tests.materialization.write_path.inbox_rows import MIB, drained, encoded, put, sqlite_editor, titled
from tests.materialization.write_path.script_editor import A, ScriptEditor, create

ODD = {
    "nothing": b"",
    "zeros": b"\0" * 100,
    "no text": b"\xff\xfe",
    "deep": b"[" * 1_000_000,
    "a number of 5,000 digits": b'{"script_id":' + b"9" * 5_000 + b"}",
    "a name of 1 MiB": b'{"' + b"n" * MIB + b'":1}',
    "a path in a name": b'{"' + b" - at `$.x" * 10_000 + b'":1}',
}


@pytest.mark.parametrize("name", ODD)
def test_odd_payloads_are_refused_and_the_next_is_applied(editor: ScriptEditor, name: str) -> None:
    editor.begin()
    put(editor, ODD[name])
    put(editor, titled(editor, submission_id="next"), "next")

    drained(editor)

    assert editor.outcomes(["row", "next"]) == ["refused", "applied"]


@pytest.mark.parametrize("submission_id", ["", "a'\"\\; DROP TABLE users; --", "a\0b\x1b[31m", "%s%d%(x)s", "a" * 64])
def test_odd_ids_are_answered(editor: ScriptEditor, submission_id: str) -> None:
    editor.begin()
    put(editor, titled(editor, submission_id="another"), submission_id)

    drained(editor)

    answer = editor.answer(submission_id)
    assert answer
    assert answer.refusal
    assert answer.refusal.code == "misaddressed"


@pytest.mark.parametrize(
    ("attempts", "outcome"),
    [(32_767, "refused"), (32_766, "refused"), (6, "refused"), (4, "applied"), (-32_768, "applied")],
)
def test_a_row_with_any_count_of_attempts_is_answered(editor: ScriptEditor, attempts: int, outcome: str) -> None:
    editor.begin()
    put(editor, titled(editor), attempts=attempts)
    put(editor, titled(editor, submission_id="next"), "next")

    drained(editor)

    assert editor.outcomes(["row"]) == [outcome]
    assert editor.answer("next")


@pytest.mark.parametrize("attempts", [-32_768, 0, 5, 6, 32_767])
def test_an_attempt_is_counted_from_any_number(editor: ScriptEditor, attempts: int) -> None:
    editor.begin()
    put(editor, titled(editor), attempts=attempts)
    with editor.unit_of_work.records() as tx:
        [arrival] = tx.inbox.arrivals(editor.script_id)
        for _ in range(6):
            tx.inbox.count_attempt(arrival)

    drained(editor)

    answer = editor.answer("row")
    assert answer
    assert answer.refusal
    assert (answer.refusal.code, answer.refusal.facts) == ("poison", {"attempts": 5})


@pytest.mark.parametrize("moment", [-(1 << 63), (1 << 63) - 1, 0])
def test_times_of_arrival_do_not_matter(editor: ScriptEditor, moment: int) -> None:
    editor.begin()
    put(editor, titled(editor), enqueued_at=moment)

    drained(editor)

    assert editor.outcomes(["row"]) == ["applied"]


def test_a_text_payload_is_read_as_bytes(editor: ScriptEditor) -> None:
    """SQLite stores it as text regardless of the column type."""
    editor.begin()
    large = encoded(
        editor,
        {
            "kind": "lines.insert",
            "after": None,
            "before": None,
            "lines": [{"id": "x", "format": "action", "text": "é" * 40_000}],
        },
    )
    put(editor, large.decode())
    put(editor, titled(editor, submission_id="small").decode(), "small")

    drained(editor)

    assert editor.outcomes(["row", "small"]) == ["applied", "applied"]


BROKEN = "CAST(x'ff41' AS TEXT)"
NUMBERS = ("12", "-5", "1.5", "9e999", "9223372036854775807")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *[(column, BROKEN) for column in ("submission_id", "payload", "attempts", "enqueued_at", "user_id")],
        *[("payload", number) for number in NUMBERS],
        ("submission_id", "x'ff41'"),
        ("user_id", "'abc'"),
    ],
)
def test_whatever_sqlite_takes_into_a_column_does_not_stop_the_next(sqlite_url: str, column: str, value: str) -> None:
    """Text that is not UTF-8 made every look at the inbox fail, and a number for a payload was tried for ever."""
    editor = sqlite_editor(sqlite_url).begin()
    values = {
        "script_id": str(editor.script_id),
        "submission_id": "'row'",
        "payload": f"x'{titled(editor, submission_id='another').hex()}'",
        "enqueued_at": "1",
    } | {column: value}
    with editor.unit_of_work._engine.begin() as connection:
        connection.execute(
            text(f"INSERT INTO submission_inbox ({', '.join(values)}) VALUES ({', '.join(values.values())})")
        )
    put(editor, titled(editor, submission_id="next"), "next")
    with editor.unit_of_work.reading() as tx:
        assert [each.script_id for each in tx.inbox.waiting(before=9, after=9, limit=9)] == [editor.script_id]

    drained(editor)

    assert editor.outcomes(["next"]) == ["applied"]
    [dead] = editor.dead()
    assert (dead.code == "bad_id") == (column == "submission_id")
    dead.submission_id.encode()
    assert editor.verified().finding is None


def test_a_row_of_a_user_with_no_number_is_not_a_programs(sqlite_url: str) -> None:
    """SQLite takes any text for the user; a script that has an owner is closed to it."""
    editor = sqlite_editor(sqlite_url)
    with editor.unit_of_work.records() as tx:
        owner = tx.users.add("ann@example.org", 1)
    editor.send(create(A, owner=owner), base=0)
    put(editor, titled(editor), user_id="abc")

    drained(editor)

    answer = editor.answer("row")
    assert answer
    assert answer.refusal
    assert answer.refusal.code == "not_your_script"


def test_a_poisoned_row_is_refused_without_its_payload_being_read(
    editor: ScriptEditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor.begin()
    payload = titled(editor)
    put(editor, payload, attempts=6)

    def never(_: bytes) -> None:
        raise AssertionError("it was decoded")

    monkeypatch.setattr("materialization.write_path.settlement.decode_submission", never)
    drained(editor)

    with editor.unit_of_work.reading() as tx:
        found = tx.submissions.get(editor.script_id, "row")
    assert found
    assert found.answer.refusal
    assert found.answer.refusal.code == "poison"
    assert found.content_hash == sha256(payload).digest()
    # A second delivery is recognized by its bytes: it is not decoded, and makes no second dead letter.
    put(editor, payload)
    drained(editor)
    assert [row.code for row in editor.dead()] == ["poison"]
