"""Heads are extended, and keyframes fall due, the same way for edits, imports and rebuilds."""

from __future__ import annotations

from domain.log.head import MAX_DELTAS, MIN_DELTA_BYTES, Head, KeyframePace
from domain.log.version import KeyframeRow, VersionRow

START = Head(
    script_id=7, version=10, keyframe_version=8, keyframe_bytes=100, delta_bytes=30, generation=3, updated_at=1
)


def versions(*sizes: int, after: int = 10) -> list[VersionRow]:
    return [VersionRow(after + place, bytes(size), b"%016d" % place, 5) for place, size in enumerate(sizes, start=1)]


def test_a_head_counts_the_deltas_since_its_keyframe() -> None:
    head = START.extended_by(versions(5, 6, 7), [], b"chain", 99)

    assert (head.version, head.state_hash, head.chain_hash, head.updated_at) == (13, b"%016d" % 3, b"chain", 99)
    assert (head.keyframe_version, head.keyframe_bytes, head.delta_bytes) == (8, 100, 30 + 5 + 6 + 7)
    assert (head.script_id, head.generation, head.health) == (7, 3, "open")


def test_a_head_counts_only_the_deltas_after_its_last_new_keyframe() -> None:
    keyframes = [KeyframeRow(11, bytes(50), b"a"), KeyframeRow(12, bytes(60), b"b")]

    head = START.extended_by(versions(5, 6, 7), keyframes, b"chain", 99)

    assert (head.keyframe_version, head.keyframe_bytes, head.delta_bytes) == (12, 60, 7)


def test_extending_in_one_step_or_in_several_gives_the_same_head() -> None:
    rows = versions(5, 6, 7, 8)
    keyframe = KeyframeRow(12, bytes(60), b"b")

    stepwise = START
    for row in rows:
        stepwise = stepwise.extended_by([row], [keyframe] if row.version == 12 else [], b"chain", 99)

    assert stepwise == START.extended_by(rows, [keyframe], b"chain", 99)


def test_a_keyframe_is_due_after_so_many_deltas() -> None:
    pace = KeyframePace.after(Head(script_id=7))

    due = [row.version for row in versions(*[1] * 2 * MAX_DELTAS, after=0) if falls_due(pace, row)]

    assert due == [MAX_DELTAS, 2 * MAX_DELTAS]


def test_a_keyframe_is_due_when_the_deltas_outweigh_the_last_one() -> None:
    pace = KeyframePace(version=10, size=MIN_DELTA_BYTES + 10, delta_bytes=0)
    rows = versions(MIN_DELTA_BYTES, 9, 1, MIN_DELTA_BYTES - 1, 1)

    assert [row.version for row in rows if falls_due(pace, row)] == [13, 15]


def falls_due(pace: KeyframePace, row: VersionRow) -> bool:
    due = pace.is_due(row)
    if due:
        keyframe = KeyframeRow(row.version, b"small", row.state_hash)
        assert pace.restart(keyframe) is keyframe
    return due
