"""Inbox rows of every size are answered, whatever packets the server takes."""

from __future__ import annotations

from hashlib import sha256

import pytest
from sqlalchemy import Engine

from domain.submissions.submission import MAX_SUBMISSION_BYTES
from materialization.submissions.resubmit import replayed
from tests.materialization.write_path.inbox_rows import (
    MIB,
    PACKETS,
    drained,
    long_lines,
    new_editor,
    packets_of,
    put,
    raw_insert,
    sqlite_editor,
    titled,
)
from tests.materialization.write_path.script_editor import A, edit
from tests.services.databases import DatabaseServer


@pytest.mark.services
@pytest.mark.slow
@pytest.mark.parametrize("packet", PACKETS)
def test_rows_of_any_size_are_answered(mariadb: DatabaseServer, mariadb_engine: Engine, packet: int) -> None:
    """Payloads are sent as raw bytes, as prepared statements do; they are read and stored in hex, or in part."""
    size = 32 * MIB if packet > 32 * MIB else packet - 8_192  # a server rounds up
    with packets_of(mariadb, packet):
        editor = new_editor(mariadb_engine).begin()
        cases = {
            "half": b"x" * min(packet // 2, 8 * MIB),
            "nearly": b"x" * (min(size, 16 * MIB) - 200),
            "whole": b"x" * (size - 200),
            "valid": long_lines(editor, max(1, min(size, 16 * MIB) // MIB)).replace(b'"row"', b'"valid"')[: size - 200],
        }
        raw_insert(mariadb, mariadb_engine, editor, cases)
        put(editor, titled(editor, submission_id="next"), "next")

        drained(editor)

        assert "none" not in editor.outcomes(cases)
        assert editor.outcomes(["next"]) == ["applied"]
        for row in editor.dead():
            payload = cases[row.submission_id]
            if row.whole_bytes is None:
                assert row.payload == payload
            else:
                assert payload.startswith(row.payload)
                assert len(row.payload) >= min(4 * MIB, packet // 4)
                assert (row.whole_bytes, row.whole_sha256) == (len(payload), sha256(payload).digest())
                with pytest.raises(Exception, match="cannot be sent again"), editor.unit_of_work.reading() as tx:
                    replayed(tx, row, "again")
        assert editor.verified().finding is None


@pytest.mark.services
@pytest.mark.slow
def test_many_large_rows_are_answered_in_units_of_bounded_size(mariadb: DatabaseServer, mariadb_engine: Engine) -> None:
    editor = new_editor(mariadb_engine).begin()
    cases = {f"garbage-{number}": b"x" * (7 * MIB) for number in range(4)}
    raw_insert(mariadb, mariadb_engine, editor, cases)

    assert editor.ledger.drain(editor.script_id, batches=1).answered == 1

    drained(editor)
    assert set(editor.outcomes(cases)) == {"refused"}


@pytest.mark.services
def test_an_answer_too_large_for_the_server_omits_the_line_s_text(
    mariadb: DatabaseServer, mariadb_engine: Engine
) -> None:
    """A stale edit is answered with the line's text, which in hex is too large for this server."""
    editor = new_editor(mariadb_engine).begin(A)
    editor.send(edit(A, "x" * MIB))
    with packets_of(mariadb, MIB):
        late = new_editor(mariadb_engine, editor.script_id)
        late.enqueue(late.submission(edit(A, "mine"), id="late", base=1))

        drained(late)

        answer = late.answer("late")
    assert answer
    assert answer.refusal
    assert (answer.refusal.code, answer.refusal.facts) == ("stale_line", {})


def test_the_largest_submission_and_one_byte_more(sqlite_url: str) -> None:
    editor = sqlite_editor(sqlite_url).begin()
    whole = titled(editor)
    put(editor, whole + b" " * (MAX_SUBMISSION_BYTES - len(whole)))
    put(editor, b" " * (MAX_SUBMISSION_BYTES + 1), "more")

    drained(editor)

    assert editor.outcomes(["row", "more"]) == ["applied", "refused"]
    [row] = editor.dead()
    assert row.whole_bytes == MAX_SUBMISSION_BYTES + 1
    assert row.whole_sha256 == sha256(b" " * (MAX_SUBMISSION_BYTES + 1)).digest()
