"""Decisions of a mapping that cannot be carried out: they are refused before the move."""

from __future__ import annotations

from collections.abc import Iterator

from backfill.mapping.decisions.allowed_decisions import allowed_actions
from backfill.mapping.model import RowAction, RowDecision, TableRule
from backfill.mapping.row_names import names

# Rows with these findings do not come over as they are, whatever is decided about all of them.
ROW_BY_ROW = ("L14", "L30", "L44")


def decision_problems(rule: TableRule) -> Iterator[str]:
    """A sentence for each decision on a row that could not be carried out."""
    for decision in rule.decisions:
        allowed = allowed_actions(str(rule.becomes), decision.code)
        if decision.do not in allowed:
            yield _sentence(rule, decision, allowed)
        elif decision.do == "assign" and rule.becomes == "users" and not _is_new_number(decision.to):
            yield f"User 0 gets a number of ours with 'assign', 1 or more, and {decision.to!r} is none."


def _is_new_number(to: str | int | None) -> bool:
    text = str(to)
    return text.isascii() and text.isdigit() and int(text[:20]) > 0


def merge_problems(rule: TableRule, key: tuple[str, ...]) -> Iterator[str]:
    """A sentence for each account that cannot be merged into another; `key` is that of the source's table."""
    merges = [each for each in rule.decisions if each.do == "merge"]
    if merges and key != (id_column := rule.field_columns().get("id"),):
        yield f"Accounts can be merged if the key of their table is its id, {id_column}: decide otherwise."
        return
    decided = {(each.code, *map(str, each.key)): each for each in reversed(rule.decisions)}
    for decision in merges:
        kept = decision.to if decision.to is not None else ""
        other = decided.get((decision.code, str(kept)))
        if names(decision.key, (kept,)):
            yield f"The row {list(decision.key)} cannot be merged into itself: `to` is the user that is kept."
        elif other is not None and other.do != "accept":
            yield (
                f"The row {list(decision.key)} cannot be merged into {kept!r}, about which the mapping decides "
                f"{other.do!r}: name the user that is kept."
            )


def _sentence(rule: TableRule, decision: RowDecision, allowed: tuple[RowAction, ...]) -> str:
    others = f"but {' or '.join(allowed)}" if allowed else "nor another decision"
    return (
        f"The decision on the row {list(decision.key)} cannot be carried out: a row that becomes {rule.becomes} has "
        f"no {decision.do!r} for {decision.code}, {others}."
    )
