"""What a mapping may decide about a finding in one row, by what the row becomes: what the move then carries out.

A decision that would change nothing is not allowed. The reference page of findings is made from this.
"""

from __future__ import annotations

from backfill.mapping.model import RowAction

Actions = frozenset[RowAction]

ASIDE: Actions = frozenset({"quarantine"})
LEAVE: Actions = ASIDE | {"skip"}
OWNED: Actions = LEAVE | {"assign"}
ACCEPT: Actions = ASIDE | {"accept"}
KEEP: Actions = frozenset({"accept"})
ANY: Actions = LEAVE | {"accept", "repair"}

# A save is a step of a history: one that cannot be read cannot be accepted, and one that can is not left out. Some of
# these are findings in its script, with which it is set aside.
_SAVES: dict[str, Actions] = {
    "L05": LEAVE,
    "L10": ACCEPT,
    "L12": ACCEPT,
    "L22": ACCEPT,
    **dict.fromkeys(("L06", "L15", "L29", "L30", "L40", "L43", "L44"), ASIDE),
}
_DESCRIBED: dict[str, Actions] = {
    **dict.fromkeys(("L05", "L06", "L12", "L15", "L29", "L30"), ANY),
    "L40": ASIDE | {"repair"},
    "L45": KEEP,
}
ALLOWED: dict[str, dict[str, Actions]] = {
    "users": {"L12": ANY, "L14": ANY | {"merge"}, "L29": LEAVE | {"repair"}, "L30": OWNED, "L40": ASIDE},
    "sessions": {"L05": OWNED, "L30": OWNED, "L32": ANY, "L40": ASIDE},
    "chat_messages": {
        "L05": OWNED,
        "L06": OWNED | ANY,
        "L12": ANY,
        "L30": OWNED,
        "L33": frozenset({"accept", "repair"}),
        "L34": ANY,
        "L40": ASIDE,
        "L45": KEEP,
    },
    "scripts": {
        "L05": OWNED,
        "L06": OWNED | ACCEPT,
        "L10": ACCEPT,
        "L12": ANY,
        "L15": ASIDE,
        "L29": ASIDE | {"repair"},
        "L30": OWNED,
        "L40": ASIDE,
        "L45": ACCEPT,
    },
    "versions": _SAVES | {"L45": ACCEPT},
    "lines": _SAVES | {"L45": KEEP},
    "commands": {"L05": LEAVE, "L06": ASIDE, "L30": ASIDE, "L40": ASIDE},
    "contents": {"L05": LEAVE, "L10": ACCEPT, "L12": ACCEPT, "L44": LEAVE, "L40": ASIDE, "L45": KEEP},
    "elements": _DESCRIBED | {"L31": frozenset({"accept", "repair"})},
    "personas": _DESCRIBED,
}
# Rows that are kept as they are may be left out for any reason.
KEPT_AS_JSON = "legacy_rows"
# Other findings: the row comes over as it is, or repaired, and a decision can only say so.
ACCEPTED = ("L01", "L11", "L21", "L22", "L23", "L25", "L26", "L27", "L28", "L31", "L36", "L37", "L39")
REPAIRED = (
    *("L02", "L03", "L04", "L07", "L08", "L09", "L16", "L18", "L19", "L24"),
    *("L29", "L33", "L34", "L35", "L38", "L40", "L41", "L42"),
)
ORDER: tuple[RowAction, ...] = ("quarantine", "accept", "assign", "merge", "repair", "skip")


def allowed_actions(target: str, code: str) -> tuple[RowAction, ...]:
    """What can be decided about a finding in a row of a target; empty if nothing can."""
    if target == KEPT_AS_JSON:
        found = LEAVE
    elif code in (of_target := ALLOWED.get(target, {})):
        found = of_target[code]
    else:
        found = frozenset({"accept"} if code in ACCEPTED else {"repair"} if code in REPAIRED else ())
    return tuple(action for action in ORDER if action in found)


def may_be_set_aside(code: str) -> bool:
    """Whether rows with a finding can be quarantined, in any table; one of a whole source is left to the scan."""
    return code not in (*ACCEPTED, *REPAIRED) or any("quarantine" in codes.get(code, ()) for codes in ALLOWED.values())
