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
from tests.materialization.write_path.script_editor import (
    A,
    B,
    C,
    ScriptEditor,
    create,
    edit,
    insert,
    keystrokes,
    splice,
)


def test_pending_submissions_are_answered_in_the_order_of_arrival(editor: ScriptEditor):
    editor.begin()
    editor.enqueue(*keystrokes(editor, 40))

    assert editor.drain() == 40

    assert editor.texts()[0] == "Line a." + "0123456789" * 4
    assert [entry.submission_id for entry in editor.log()[1:]] == [f"k{number}" for number in range(40)]
    assert (editor.waiting(), editor.dead()) == (0, [])


def test_order_holds_per_producer_among_several_producers(editor: ScriptEditor):
    editor.begin(A, B)
    typed_into_b = [
        editor.submission(splice(Line("b", "action", "x" * n + "Line b."), 0, "x"), id=f"b{n}", base=1)
        for n in range(20)
    ]
    for pair in zip(keystrokes(editor, 20), typed_into_b, strict=True):
        editor.enqueue(*pair)

    editor.drain()

    assert editor.texts() == ["Line a." + "0123456789" * 2, "x" * 20 + "Line b."]


def test_several_batches_are_answered_in_order(editor: ScriptEditor):
    editor.begin()
    many = MAX_INBOX_BATCH * 2 + 30
    editor.enqueue(*keystrokes(editor, many))

    assert editor.drain() == many
    assert editor.texts()[0] == "Line a." + "".join(str(number % 10) for number in range(many))


def test_a_drain_ends_after_three_batches_and_reports_pending_submissions(editor: ScriptEditor):
    editor.begin()
    editor.enqueue(*keystrokes(editor, MAX_INBOX_BATCH * MAX_BATCHES_PER_DRAIN + 1))

    first = editor.ledger.drain(editor.script_id)
    second = editor.ledger.drain(editor.script_id)

    assert (first.answered, first.more) == (MAX_INBOX_BATCH * MAX_BATCHES_PER_DRAIN, True)
    assert (second.answered, second.more) == (1, False)


def test_a_unit_of_work_takes_a_bounded_number_of_commands(editor: ScriptEditor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(settlement, "MAX_COMMANDS_PER_TRANSACTION", 10)
    editor.begin()
    texts = itertools.accumulate("xyz" * 8, initial=A.text)
    pieces = [
        splice(Line("a", "action", before), len(before), letter)
        for before, letter in zip(texts, "xyz" * 8, strict=False)
    ]
    editor.enqueue(*[editor.submission(*pieces[at : at + 4], id=f"s{at}", base=1) for at in range(0, 24, 4)])

    assert editor.drain() == 6

    moments = [entry.recorded_at for entry in editor.log()[1:]]
    assert [len(list(group)) for _, group in itertools.groupby(moments)] == [12, 12]


def test_a_unit_of_work_takes_a_bounded_number_of_bytes(editor: ScriptEditor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(settlement, "MAX_BYTES_PER_TRANSACTION", 2_000)
    editor.begin()
    lines = [Line(f"n{number}", "action", "x" * 900) for number in range(6)]
    editor.enqueue(*[editor.submission(insert(line, after="a"), id=line.id, base=1) for line in lines])

    assert editor.ledger.drain(editor.script_id).more
    assert (editor.version, editor.waiting()) == (4, 3)
    assert editor.drain() == 3


def test_ten_thousand_commands_are_one_submission(editor: ScriptEditor):
    editor.begin()
    texts = [f"{number}" for number in range(MAX_COMMANDS)]
    before = [A.text, *texts]
    commands = [edit(Line("a", "action", old), new) for old, new in zip(before, texts, strict=False)]

    answer = editor.send(*commands)

    assert (answer.outcome, answer.last_version) == ("applied", MAX_COMMANDS + 1)
    assert editor.texts()[0] == texts[-1]
    assert editor.state(5_000).line("a").text == texts[4_998]


@pytest.mark.parametrize("size", [INLINE_PAYLOAD_BYTES - 400, INLINE_PAYLOAD_BYTES + 1, 3 << 20])
def test_a_payload_of_any_size_is_read(editor: ScriptEditor, size: int):
    editor.begin()
    lines = [Line(f"n{at}", "action", "x" * min(size, 1 << 19)) for at in range(max(1, size >> 19))]
    editor.enqueue(
        editor.submission(edit(A, "before"), id="small", base=1),
        editor.submission(insert(*lines, after="c"), id="large", base=1),
        editor.submission(edit(B, "behind"), id="behind", base=1),
    )

    while editor.waiting():
        editor.drain()

    assert editor.outcomes(["small", "large", "behind"]) == ["applied"] * 3
    assert editor.state().line_count == 3 + len(lines)
    assert editor.verified().finding is None


def test_a_submission_is_as_large_as_a_packet_allows(editor: ScriptEditor):
    editor.begin()
    with editor.unit_of_work.reading() as tx:
        limit = tx.inbox._session.room.for_bytes
    lines = [Line(f"n{at}", "action", "x" * (1 << 20)) for at in range(15)]
    submission = editor.submission(insert(*lines, after="c"), id="large", base=1)
    if limit > MAX_SUBMISSION_BYTES:
        assert editor.ledger.submit(submission).outcome == "applied"
        assert editor.state().line_count == 18
        return
    # MariaDB's default limit is 16 MiB, which is 8 MiB of payload in hex.
    with pytest.raises(TooLargeForDatabase):
        editor.ledger.submit(submission)
    with pytest.raises(TooLargeForDatabase):
        editor.enqueue(submission)
    assert (editor.version, editor.waiting()) == (1, 0)


def test_seven_mebibytes_go_into_the_default_packet(editor: ScriptEditor):
    editor.begin()
    lines = [Line(f"n{at}", "action", "x" * (1 << 20)) for at in range(7)]
    editor.enqueue(editor.submission(insert(*lines, after="c"), id="large", base=1))

    assert editor.drain() == 1
    assert editor.outcomes(["large"]) == ["applied"]
    assert ScriptEditor(editor.unit_of_work, Ledger(editor.unit_of_work), editor.script_id).state().line_count == 10


def test_a_script_too_large_for_a_keyframe_cannot_grow_but_can_be_cut(
    editor: ScriptEditor, monkeypatch: pytest.MonkeyPatch
):
    editor.begin()
    limit = 3_000

    def require_room(_room: object, what: str, size: int) -> None:
        if size > limit:
            raise TooLargeForDatabase(what=what, size=size, limit=limit)

    monkeypatch.setattr("repos.database.packet_text.PacketRoom.require", require_room)
    monkeypatch.setattr("domain.log.head.MIN_DELTA_BYTES", 100)
    noise = [Line(f"n{at}", "action", random.Random(at).randbytes(750).hex()) for at in range(8)]
    answers = [editor.send(insert(line, after="a")) for line in noise]

    refused = [answer.refusal for answer in answers if answer.refusal]
    assert refused
    assert {(refusal.code, refusal.facts["what"]) for refusal in refused} == {
        ("too_large_for_database", "whole script")
    }
    cut = LinesDelete(lines=tuple(Target(line.id, expect_hash(line)) for line in noise[:2]))
    assert editor.send(cut).outcome == "applied"
    assert editor.verified().finding is None


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
def test_an_undecodable_submission_is_a_dead_letter_and_blocks_no_other(
    editor: ScriptEditor, payload: bytes, code: str
):
    editor.begin()
    editor.enqueue(editor.submission(edit(A, "before"), id="before", base=1))
    editor.enqueue_bytes("broken", payload)
    editor.enqueue(editor.submission(edit(B, "behind"), id="behind", base=1))

    assert editor.drain() == 3

    assert editor.outcomes(["before", "broken", "behind"]) == ["applied", "refused", "applied"]
    assert [(row.submission_id, row.code, row.payload) for row in editor.dead()] == [("broken", code, payload)]

    editor.enqueue_bytes("broken", payload)
    assert editor.drain() == 1
    assert len(editor.dead()) == 1


def test_a_submission_for_another_script_is_a_dead_letter(editor: ScriptEditor):
    editor.begin()
    other = ScriptEditor(editor.unit_of_work, editor.ledger).begin()
    editor.enqueue_bytes("astray", encode_submission(other.submission(edit(A, "x"), id="astray", base=1)))
    editor.enqueue_bytes("renamed", encode_submission(editor.submission(edit(A, "x"), id="another", base=1)))
    editor.drain()

    assert [(row.submission_id, row.code) for row in editor.dead()] == [
        ("astray", "misaddressed"),
        ("renamed", "misaddressed"),
    ]
    assert other.version == editor.version == 1


def test_a_script_comes_out_of_the_inbox_whole(editor: ScriptEditor):
    editor.enqueue(
        editor.submission(create(A, B, C), id="begin", base=0),
        editor.submission(edit(A, "x"), id="edit", base=1),
        editor.submission(create(A), id="again", base=0),
    )

    assert editor.drain() == 3
    assert editor.outcomes(["begin", "edit", "again"]) == ["applied", "applied", "refused"]
    assert editor.texts()[0] == "x"


def test_edits_of_a_script_that_does_not_exist_leave_no_head(editor: ScriptEditor):
    editor.enqueue(editor.submission(edit(A, "x"), id="early", base=0))

    assert editor.drain() == 1
    assert editor.outcomes(["early"]) == ["refused"]
    assert editor.head is None
    assert editor.drain() == 0
    assert editor.begin().version == 1
