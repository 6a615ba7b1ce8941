"""Any row that a producer in another language inserts into the inbox is answered, and so are the rows after it."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import Engine, text

from domain.submissions.submission import MAX_SUBMISSION_BYTES
from materialization.submissions.resubmit import replayed
from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine
from repos.schema.upgrade import upgrade_if_outdated
from repos.unit_of_work import UnitOfWork
from tests.materialization.write_path.script_editor import A, Desk, create, edit
from tests.services.databases import DatabaseServer

MIB = 1 << 20
PACKETS = (MIB, 16 * MIB, 1 << 30)


def encoded(desk: Desk, *commands: dict[str, Any], submission_id: str = "row", **frame: Any) -> bytes:
    given = {"script_id": desk.script_id, "submission_id": submission_id, "author": "user", "base_version": 1}
    return json.dumps(given | frame | {"commands": commands}).encode()


def titled(desk: Desk, **frame: Any) -> bytes:
    return encoded(desk, {"kind": "script.set_metadata", "fields": {"title": "Another"}}, **frame)


def long_lines(desk: Desk, mib: int, commands: int = 1) -> bytes:
    lines = [{"id": f"l{number}", "format": "action", "text": "x" * 900_000} for number in range(mib)]
    each = [lines[number::commands] for number in range(commands)]
    return encoded(desk, *[{"kind": "lines.insert", "after": None, "before": None, "lines": part} for part in each])


def put(desk: Desk, payload: bytes | str, submission_id: str = "row", **columns: Any) -> None:
    """Insert a row as any program can."""
    values = {
        "script_id": desk.script_id,
        "submission_id": submission_id,
        "payload": payload,
        "enqueued_at": 1,
    } | columns
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    with desk.unit_of_work._engine.begin() as connection:
        connection.execute(text(f"INSERT INTO submission_inbox ({names}) VALUES ({marks})"), values)


def drained(desk: Desk) -> None:
    for _ in range(12):
        if not desk.waiting():
            return
        desk.ledger.drain(desk.script_id)
    raise AssertionError("something waits still")


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
def test_odd_payloads_are_refused_and_the_next_is_applied(desk: Desk, name: str) -> None:
    desk.begin()
    put(desk, ODD[name])
    put(desk, titled(desk, submission_id="next"), "next")

    drained(desk)

    assert desk.outcomes(["row", "next"]) == ["refused", "applied"]


@pytest.mark.parametrize("submission_id", ["", "a'\"\\; DROP TABLE users; --", "a\0b\x1b[31m", "%s%d%(x)s", "a" * 64])
def test_odd_ids_are_answered(desk: Desk, submission_id: str) -> None:
    desk.begin()
    put(desk, titled(desk, submission_id="another"), submission_id)

    drained(desk)

    answer = desk.answer(submission_id)
    assert answer
    assert answer.refusal
    assert answer.refusal.code == "misaddressed"


@pytest.mark.parametrize(
    ("attempts", "outcome"),
    [(32_767, "refused"), (32_766, "refused"), (6, "refused"), (4, "applied"), (-32_768, "applied")],
)
def test_a_row_with_any_count_of_attempts_is_answered(desk: Desk, attempts: int, outcome: str) -> None:
    desk.begin()
    put(desk, titled(desk), attempts=attempts)
    put(desk, titled(desk, submission_id="next"), "next")

    drained(desk)

    assert desk.outcomes(["row"]) == [outcome]
    assert desk.answer("next")


@pytest.mark.parametrize("attempts", [-32_768, 0, 5, 6, 32_767])
def test_an_attempt_is_counted_from_any_number(desk: Desk, attempts: int) -> None:
    desk.begin()
    put(desk, titled(desk), attempts=attempts)
    with desk.unit_of_work.records() as tx:
        [arrival] = tx.inbox.arrivals(desk.script_id)
        for _ in range(6):
            tx.inbox.count_attempt(arrival)

    drained(desk)

    answer = desk.answer("row")
    assert answer
    assert answer.refusal
    assert (answer.refusal.code, answer.refusal.facts) == ("poison", {"attempts": 5})


@pytest.mark.parametrize("moment", [-(1 << 63), (1 << 63) - 1, 0])
def test_times_of_arrival_do_not_matter(desk: Desk, moment: int) -> None:
    desk.begin()
    put(desk, titled(desk), enqueued_at=moment)

    drained(desk)

    assert desk.outcomes(["row"]) == ["applied"]


def test_a_text_payload_is_read_as_bytes(desk: Desk) -> None:
    """SQLite stores it as text regardless of the column type."""
    desk.begin()
    large = encoded(
        desk,
        {
            "kind": "lines.insert",
            "after": None,
            "before": None,
            "lines": [{"id": "x", "format": "action", "text": "é" * 40_000}],
        },
    )
    put(desk, large.decode())
    put(desk, titled(desk, submission_id="small").decode(), "small")

    drained(desk)

    assert desk.outcomes(["row", "small"]) == ["applied", "applied"]


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
    desk = sqlite_desk(sqlite_url).begin()
    values = {
        "script_id": str(desk.script_id),
        "submission_id": "'row'",
        "payload": f"x'{titled(desk, submission_id='another').hex()}'",
        "enqueued_at": "1",
    } | {column: value}
    with desk.unit_of_work._engine.begin() as connection:
        connection.execute(
            text(f"INSERT INTO submission_inbox ({', '.join(values)}) VALUES ({', '.join(values.values())})")
        )
    put(desk, titled(desk, submission_id="next"), "next")
    with desk.unit_of_work.reading() as tx:
        assert [each.script_id for each in tx.inbox.waiting(before=9, after=9, limit=9)] == [desk.script_id]

    drained(desk)

    assert desk.outcomes(["next"]) == ["applied"]
    [dead] = desk.dead()
    assert (dead.code == "bad_id") == (column == "submission_id")
    dead.submission_id.encode()
    assert desk.verified().finding is None


def test_a_row_of_a_user_with_no_number_is_not_a_programs(sqlite_url: str) -> None:
    """SQLite takes any text for the user; a script that has an owner is closed to it."""
    desk = sqlite_desk(sqlite_url)
    with desk.unit_of_work.records() as tx:
        owner = tx.users.add("ann@example.org", 1)
    desk.send(create(A, owner=owner), base=0)
    put(desk, titled(desk), user_id="abc")

    drained(desk)

    answer = desk.answer("row")
    assert answer
    assert answer.refusal
    assert answer.refusal.code == "not_your_script"


def test_a_poisoned_row_is_refused_without_its_payload_being_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.begin()
    payload = titled(desk)
    put(desk, payload, attempts=6)

    def never(_: bytes) -> None:
        raise AssertionError("it was decoded")

    monkeypatch.setattr("materialization.write_path.settlement.decode_submission", never)
    drained(desk)

    with desk.unit_of_work.reading() as tx:
        found = tx.submissions.get(desk.script_id, "row")
    assert found
    assert found.answer.refusal
    assert found.answer.refusal.code == "poison"
    assert found.content_hash == sha256(payload).digest()
    # A second delivery is recognized by its bytes: it is not decoded, and makes no second dead letter.
    put(desk, payload)
    drained(desk)
    assert [row.code for row in desk.dead()] == ["poison"]


@pytest.mark.services
@pytest.mark.slow
@pytest.mark.parametrize("packet", PACKETS)
def test_rows_of_any_size_are_answered(mariadb: DatabaseServer, mariadb_engine: Engine, packet: int) -> None:
    """Payloads are sent as raw bytes, as prepared statements do; they are read and stored in hex, or in part."""
    size = 32 * MIB if packet > 32 * MIB else packet - 8_192  # a server rounds up
    with packets_of(mariadb, packet):
        desk = new_desk(mariadb_engine).begin()
        cases = {
            "half": b"x" * min(packet // 2, 8 * MIB),
            "nearly": b"x" * (min(size, 16 * MIB) - 200),
            "whole": b"x" * (size - 200),
            "valid": long_lines(desk, max(1, min(size, 16 * MIB) // MIB)).replace(b'"row"', b'"valid"')[: size - 200],
        }
        raw_insert(mariadb, mariadb_engine, desk, cases)
        put(desk, titled(desk, submission_id="next"), "next")

        drained(desk)

        assert "none" not in desk.outcomes(cases)
        assert desk.outcomes(["next"]) == ["applied"]
        for row in desk.dead():
            payload = cases[row.submission_id]
            if row.whole_bytes is None:
                assert row.payload == payload
            else:
                assert payload.startswith(row.payload)
                assert len(row.payload) >= min(4 * MIB, packet // 4)
                assert (row.whole_bytes, row.whole_sha256) == (len(payload), sha256(payload).digest())
                with pytest.raises(Exception, match="cannot be sent again"), desk.unit_of_work.reading() as tx:
                    replayed(tx, row, "again")
        assert desk.verified().finding is None


@pytest.mark.services
@pytest.mark.slow
def test_many_large_rows_are_answered_in_units_of_bounded_size(mariadb: DatabaseServer, mariadb_engine: Engine) -> None:
    desk = new_desk(mariadb_engine).begin()
    cases = {f"garbage-{number}": b"x" * (7 * MIB) for number in range(4)}
    raw_insert(mariadb, mariadb_engine, desk, cases)

    assert desk.ledger.drain(desk.script_id, rounds=1).answered == 1

    drained(desk)
    assert set(desk.outcomes(cases)) == {"refused"}


@pytest.mark.services
def test_an_answer_too_large_for_the_server_omits_the_line_s_text(
    mariadb: DatabaseServer, mariadb_engine: Engine
) -> None:
    """A stale edit is answered with the line's text, which in hex is too large for this server."""
    desk = new_desk(mariadb_engine).begin(A)
    desk.send(edit(A, "x" * MIB))
    with packets_of(mariadb, MIB):
        late = new_desk(mariadb_engine, desk.script_id)
        late.enqueue(late.submission(edit(A, "mine"), id="late", base=1))

        drained(late)

        answer = late.answer("late")
    assert answer
    assert answer.refusal
    assert (answer.refusal.code, answer.refusal.facts) == ("stale_line", {})


def test_the_largest_submission_and_one_byte_more(sqlite_url: str) -> None:
    desk = sqlite_desk(sqlite_url).begin()
    whole = titled(desk)
    put(desk, whole + b" " * (MAX_SUBMISSION_BYTES - len(whole)))
    put(desk, b" " * (MAX_SUBMISSION_BYTES + 1), "more")

    drained(desk)

    assert desk.outcomes(["row", "more"]) == ["applied", "refused"]
    [row] = desk.dead()
    assert row.whole_bytes == MAX_SUBMISSION_BYTES + 1
    assert row.whole_sha256 == sha256(b" " * (MAX_SUBMISSION_BYTES + 1)).digest()


class packets_of:  # noqa: N801 - reads as a function
    """Sets a server's packet limit for the duration of a block; it applies to new connections."""

    def __init__(self, server: DatabaseServer, size: int) -> None:
        self._server = server
        self._size = size

    def __enter__(self) -> None:
        with self._server.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT @@GLOBAL.max_allowed_packet")
            self._before = cursor.fetchone()[0]
            cursor.execute(f"SET GLOBAL max_allowed_packet = {self._size}")

    def __exit__(self, *_: object) -> None:
        with self._server.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"SET GLOBAL max_allowed_packet = {self._before}")


def new_desk(engine: Engine, script_id: int | None = None) -> Desk:
    """A script editor with new connections."""
    engine.dispose()
    unit_of_work = UnitOfWork(engine)
    return Desk(unit_of_work, Ledger(unit_of_work), script_id)


def sqlite_desk(sqlite_url: str) -> Desk:
    engine = make_engine(sqlite_url)
    upgrade_if_outdated(engine)
    return new_desk(engine)


def raw_insert(server: DatabaseServer, engine: Engine, desk: Desk, payloads: dict[str, bytes]) -> None:
    """Insert rows whose payloads are sent as raw bytes, not in hex."""
    with server.connect(database=engine.url.database) as connection, connection.cursor() as cursor:
        for submission_id, payload in payloads.items():
            plain = payload.decode("ascii")
            assert "'" not in plain
            assert "\\" not in plain
            cursor.execute(
                "INSERT INTO submission_inbox (script_id, submission_id, payload, enqueued_at) "
                f"VALUES ({desk.script_id}, '{submission_id}', '{plain}', 1)"
            )
        connection.commit()
