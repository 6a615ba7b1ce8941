"""Pending submissions are answered in order, in bounded batches, and no submission harms another."""

from __future__ import annotations

import itertools
import random

import pytest

from domain.commands.base import Target
from domain.commands.kinds.lines_insert_and_delete import LinesDelete
from domain.script.hashing import expect_hash
from domain.script.line import Line
from domain.submissions.submission import MAX_COMMANDS, MAX_SUBMISSION_BYTES, encode_submission
from materialization.write_path import settlement
from materialization.write_path.submit import MAX_BATCHES_PER_DRAIN, Ledger
from repos.database.driver_errors import TooLargeForDatabase
from repos.log.head_lock_statements import INLINE_PAYLOAD_BYTES, MAX_INBOX_BATCH
from tests.materialization.write_path.script_editor import A, B, C, Desk, create, edit, insert, keystrokes, splice


def test_pending_submissions_are_answered_in_the_order_of_arrival(desk: Desk):
    desk.begin()
    desk.enqueue(*keystrokes(desk, 40))

    assert desk.drain() == 40

    assert desk.texts()[0] == "Line a." + "0123456789" * 4
    assert [entry.submission_id for entry in desk.log()[1:]] == [f"k{number}" for number in range(40)]
    assert (desk.waiting(), desk.dead()) == (0, [])


def test_order_holds_per_producer_among_several_producers(desk: Desk):
    desk.begin(A, B)
    typed_into_b = [
        desk.submission(splice(Line("b", "action", "x" * n + "Line b."), 0, "x"), id=f"b{n}", base=1) for n in range(20)
    ]
    for pair in zip(keystrokes(desk, 20), typed_into_b, strict=True):
        desk.enqueue(*pair)

    desk.drain()

    assert desk.texts() == ["Line a." + "0123456789" * 2, "x" * 20 + "Line b."]


def test_several_batches_are_answered_in_order(desk: Desk):
    desk.begin()
    many = MAX_INBOX_BATCH * 2 + 30
    desk.enqueue(*keystrokes(desk, many))

    assert desk.drain() == many
    assert desk.texts()[0] == "Line a." + "".join(str(number % 10) for number in range(many))


def test_a_drain_ends_after_three_batches_and_reports_pending_submissions(desk: Desk):
    desk.begin()
    desk.enqueue(*keystrokes(desk, MAX_INBOX_BATCH * MAX_BATCHES_PER_DRAIN + 1))

    first = desk.ledger.drain(desk.script_id)
    second = desk.ledger.drain(desk.script_id)

    assert (first.answered, first.more) == (MAX_INBOX_BATCH * MAX_BATCHES_PER_DRAIN, True)
    assert (second.answered, second.more) == (1, False)


def test_a_unit_of_work_takes_a_bounded_number_of_commands(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(settlement, "MAX_COMMANDS_PER_TRANSACTION", 10)
    desk.begin()
    texts = itertools.accumulate("xyz" * 8, initial=A.text)
    pieces = [
        splice(Line("a", "action", before), len(before), letter)
        for before, letter in zip(texts, "xyz" * 8, strict=False)
    ]
    desk.enqueue(*[desk.submission(*pieces[at : at + 4], id=f"s{at}", base=1) for at in range(0, 24, 4)])

    assert desk.drain() == 6

    moments = [entry.recorded_at for entry in desk.log()[1:]]
    assert [len(list(group)) for _, group in itertools.groupby(moments)] == [12, 12]


def test_a_unit_of_work_takes_a_bounded_number_of_bytes(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(settlement, "MAX_BYTES_PER_TRANSACTION", 2_000)
    desk.begin()
    lines = [Line(f"n{number}", "action", "x" * 900) for number in range(6)]
    desk.enqueue(*[desk.submission(insert(line, after="a"), id=line.id, base=1) for line in lines])

    assert desk.ledger.drain(desk.script_id).more
    assert (desk.version, desk.waiting()) == (4, 3)
    assert desk.drain() == 3


def test_ten_thousand_commands_are_one_submission(desk: Desk):
    desk.begin()
    texts = [f"{number}" for number in range(MAX_COMMANDS)]
    before = [A.text, *texts]
    commands = [edit(Line("a", "action", old), new) for old, new in zip(before, texts, strict=False)]

    answer = desk.send(*commands)

    assert (answer.outcome, answer.last_version) == ("applied", MAX_COMMANDS + 1)
    assert desk.texts()[0] == texts[-1]
    assert desk.state(5_000).line("a").text == texts[4_998]


@pytest.mark.parametrize("size", [INLINE_PAYLOAD_BYTES - 400, INLINE_PAYLOAD_BYTES + 1, 3 << 20])
def test_a_payload_of_any_size_is_read(desk: Desk, size: int):
    desk.begin()
    lines = [Line(f"n{at}", "action", "x" * min(size, 1 << 19)) for at in range(max(1, size >> 19))]
    desk.enqueue(
        desk.submission(edit(A, "before"), id="small", base=1),
        desk.submission(insert(*lines, after="c"), id="large", base=1),
        desk.submission(edit(B, "behind"), id="behind", base=1),
    )

    while desk.waiting():
        desk.drain()

    assert desk.outcomes(["small", "large", "behind"]) == ["applied"] * 3
    assert desk.state().line_count == 3 + len(lines)
    assert desk.verified().finding is None


def test_a_submission_is_as_large_as_a_packet_allows(desk: Desk):
    desk.begin()
    with desk.unit_of_work.reading() as tx:
        limit = tx.inbox._session.room.for_bytes
    lines = [Line(f"n{at}", "action", "x" * (1 << 20)) for at in range(15)]
    submission = desk.submission(insert(*lines, after="c"), id="large", base=1)
    if limit > MAX_SUBMISSION_BYTES:
        assert desk.ledger.submit(submission).outcome == "applied"
        assert desk.state().line_count == 18
        return
    # MariaDB's default limit is 16 MiB, which is 8 MiB of payload in hex.
    with pytest.raises(TooLargeForDatabase):
        desk.ledger.submit(submission)
    with pytest.raises(TooLargeForDatabase):
        desk.enqueue(submission)
    assert (desk.version, desk.waiting()) == (1, 0)


def test_seven_mebibytes_go_into_the_default_packet(desk: Desk):
    desk.begin()
    lines = [Line(f"n{at}", "action", "x" * (1 << 20)) for at in range(7)]
    desk.enqueue(desk.submission(insert(*lines, after="c"), id="large", base=1))

    assert desk.drain() == 1
    assert desk.outcomes(["large"]) == ["applied"]
    assert Desk(desk.unit_of_work, Ledger(desk.unit_of_work), desk.script_id).state().line_count == 10


def test_a_script_too_large_for_a_keyframe_cannot_grow_but_can_be_cut(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    desk.begin()
    limit = 3_000

    def require_room(_room: object, what: str, size: int) -> None:
        if size > limit:
            raise TooLargeForDatabase(what=what, size=size, limit=limit)

    monkeypatch.setattr("repos.database.packet_text.PacketRoom.require", require_room)
    monkeypatch.setattr("domain.log.head.MIN_DELTA_BYTES", 100)
    noise = [Line(f"n{at}", "action", random.Random(at).randbytes(750).hex()) for at in range(8)]
    answers = [desk.send(insert(line, after="a")) for line in noise]

    refused = [answer.refusal for answer in answers if answer.refusal]
    assert refused
    assert {(refusal.code, refusal.facts["what"]) for refusal in refused} == {
        ("too_large_for_database", "whole script")
    }
    cut = LinesDelete(lines=tuple(Target(line.id, expect_hash(line)) for line in noise[:2]))
    assert desk.send(cut).outcome == "applied"
    assert desk.verified().finding is None


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "undecodable"),
        (b"\x00\xff not json", "undecodable"),
        (b'{"script_id":', "undecodable"),
        (b"[]", "wrong_type"),
        (b"{}", "missing_field"),
        (b"[" * 100_000, "wrong_type"),
    ],
    ids=["empty", "bytes", "cut off", "list", "object", "deep"],
)
def test_an_undecodable_submission_is_a_dead_letter_and_blocks_no_other(desk: Desk, payload: bytes, code: str):
    desk.begin()
    desk.enqueue(desk.submission(edit(A, "before"), id="before", base=1))
    desk.enqueue_bytes("broken", payload)
    desk.enqueue(desk.submission(edit(B, "behind"), id="behind", base=1))

    assert desk.drain() == 3

    assert desk.outcomes(["before", "broken", "behind"]) == ["applied", "refused", "applied"]
    assert [(row.submission_id, row.code, row.payload) for row in desk.dead()] == [("broken", code, payload)]

    desk.enqueue_bytes("broken", payload)
    assert desk.drain() == 1
    assert len(desk.dead()) == 1


def test_a_submission_for_another_script_is_a_dead_letter(desk: Desk):
    desk.begin()
    other = Desk(desk.unit_of_work, desk.ledger).begin()
    desk.enqueue_bytes("astray", encode_submission(other.submission(edit(A, "x"), id="astray", base=1)))
    desk.enqueue_bytes("renamed", encode_submission(desk.submission(edit(A, "x"), id="another", base=1)))
    desk.drain()

    assert [(row.submission_id, row.code) for row in desk.dead()] == [
        ("astray", "misaddressed"),
        ("renamed", "misaddressed"),
    ]
    assert other.version == desk.version == 1


def test_a_script_comes_out_of_the_inbox_whole(desk: Desk):
    desk.enqueue(
        desk.submission(create(A, B, C), id="begin", base=0),
        desk.submission(edit(A, "x"), id="edit", base=1),
        desk.submission(create(A), id="again", base=0),
    )

    assert desk.drain() == 3
    assert desk.outcomes(["begin", "edit", "again"]) == ["applied", "applied", "refused"]
    assert desk.texts()[0] == "x"


def test_edits_of_a_script_that_does_not_exist_leave_no_head(desk: Desk):
    desk.enqueue(desk.submission(edit(A, "x"), id="early", base=0))

    assert desk.drain() == 1
    assert desk.outcomes(["early"]) == ["refused"]
    assert desk.head is None
    assert desk.drain() == 0
    assert desk.begin().version == 1
