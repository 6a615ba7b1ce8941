"""What a mapping can decide about one row: a decision that would change nothing is refused before the move.

A row may always be quarantined. What else a finding allows depends on what the row becomes; where nothing is listed
here, it may be skipped, accepted or repaired.
"""

from __future__ import annotations

from collections.abc import Iterator

from backfill.mapping.model import RowAction, RowDecision, TableRule
from backfill.mapping.row_names import names

_OWNED: frozenset[RowAction] = frozenset({"skip", "assign"})
_NOTHING_ELSE: frozenset[RowAction] = frozenset()
# A save is a step of a history: one that cannot be read cannot be accepted, and one that can is not left out.
_OF_SAVES: dict[str, frozenset[RowAction]] = {
    "L05": frozenset({"skip"}),
    "L12": frozenset({"accept"}),
    **dict.fromkeys(("L15", "L22", "L29", "L43", "L44"), _NOTHING_ELSE),
}
# By target and code.
_ALLOWED: dict[str, dict[str, frozenset[RowAction]]] = {
    "users": {
        "L14": frozenset({"skip", "accept", "repair", "merge"}),
        "L29": frozenset({"skip", "repair"}),
        "L30": _OWNED,
    },
    "sessions": {"L05": _OWNED, "L30": _OWNED, "L32": frozenset({"skip", "accept", "repair"})},
    "chat_messages": {"L05": _OWNED, "L06": _OWNED | {"accept", "repair"}, "L30": _OWNED},
    "scripts": {"L05": _OWNED, "L06": _OWNED | {"accept"}, "L30": _OWNED},
    "versions": _OF_SAVES,
    "lines": _OF_SAVES,
}
# Rows with these findings do not come over as they are, whatever is decided about all of them.
ROW_BY_ROW = ("L14", "L30", "L44")
_OF_OTHERS: frozenset[RowAction] = frozenset({"skip", "accept", "repair"})
# Of a row whose key cannot be ours, or is that of another row, nothing can be written.
_OF_ANY: dict[str, frozenset[RowAction]] = {"L40": _NOTHING_ELSE}


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
    for decision in merges:
        kept = decision.to if decision.to is not None else ""
        other = rule.decision(decision.code, (kept,))
        if names(decision.key, (kept,)):
            yield f"The row {list(decision.key)} cannot be merged into itself: `to` is the user that is kept."
        elif other is not None and other.do != "accept":
            yield (
                f"The row {list(decision.key)} cannot be merged into {kept!r}, about which the mapping decides "
                f"{other.do!r}: name the user that is kept."
            )


def allowed_actions(target: str, code: str) -> tuple[RowAction, ...]:
    """What can be decided about a finding in a row of a target: to quarantine it is always one."""
    others = _OF_OTHERS - {"skip"} if target in ("versions", "lines") else _OF_OTHERS
    return ("quarantine", *sorted(_ALLOWED.get(target, {}).get(code, _OF_ANY.get(code, others))))


def _sentence(rule: TableRule, decision: RowDecision, allowed: tuple[RowAction, ...]) -> str:
    return (
        f"The decision on the row {list(decision.key)} cannot be carried out: a row that becomes {rule.becomes} has "
        f"no {decision.do!r} for {decision.code}, but {' or '.join(allowed)}."
    )
