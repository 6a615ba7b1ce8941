"""The table: what was done, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from domain.submissions.answer import decode_answer
from tests.processes.history_checker import RULES, Violation
from tests.processes.journal import ProducerRecord

COLUMNS = {
    "lost": ("acknowledged_is_answered", "no_update_is_lost", "effects_are_as_sent"),
    "duplicated": ("effects_are_as_answered", "every_answer_is_the_same"),
    "out of order": ("producers_keep_their_order",),
    "gaps": ("numbers_are_dense",),
    "mismatched hashes": (
        "chain_hashes_follow",
        "commands_fold_to_their_versions",
        "deltas_lead_to_their_versions",
        "answers_say_what_their_columns_say",
        "script_is_in_service",
    ),
}
"""Which rules of the history checker a column counts: each rule in one."""
assert sorted(rule for rules in COLUMNS.values() for rule in rules) == sorted(RULES)


class Row(NamedTuple):
    """A fault, how often it happened, the submissions written at the same time, and the violations by column."""

    fault: str
    cases: int
    submissions: int
    refused: int
    wrong: tuple[int, ...]
    seconds: float
    violations: tuple[Violation, ...] = ()


def row_of(
    fault: str, cases: int, records: Sequence[ProducerRecord], violations: Sequence[Violation], *, seconds: float
) -> Row:
    """The row for a load that was judged."""
    wrong = tuple(sum(each.rule in rules for each in violations) for rules in COLUMNS.values())
    refused = sum(decode_answer(one.answers[-1]).outcome == "refused" for one in records if one.answers)
    return Row(fault, cases, len(records), refused, wrong, seconds, tuple(violations))


def table(rows: Iterable[Row]) -> str:
    """The rows with a head and their sum, in columns."""
    rows = list(rows)
    width = max(len(row.fault) for row in rows)
    names = ("cases", "submissions", "refused", *COLUMNS, "seconds")
    lines = [f"{'fault':{width}}  " + "  ".join(names)]
    total = Row(
        "all",
        sum(row.cases for row in rows),
        sum(row.submissions for row in rows),
        sum(row.refused for row in rows),
        tuple(map(sum, zip(*(row.wrong for row in rows), strict=True))),
        sum(row.seconds for row in rows),
    )
    for row in (*rows, total):
        cells = (row.cases, row.submissions, row.refused, *row.wrong, f"{row.seconds:.1f}")
        texts = [f"{cell!s:>{len(name)}}" for cell, name in zip(cells, names, strict=True)]
        lines.append(f"{row.fault:{width}}  " + "  ".join(texts))
    return "\n".join(lines)


def injected(faults: Counter[tuple[str, str]], boundaries: Sequence[str], actions: Sequence[str]) -> str:
    """How often each action happened at each boundary."""
    width = max(map(len, boundaries))
    lines = [f"{'boundary':{width}}  " + "  ".join(actions)]
    for boundary in boundaries:
        cells = [f"{faults[boundary, action]:>{len(action)}}" for action in actions]
        lines.append(f"{boundary:{width}}  " + "  ".join(cells))
    return "\n".join(lines)
