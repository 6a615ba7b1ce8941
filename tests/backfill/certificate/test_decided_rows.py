"""What decides that quarantined rows stay behind: the mapping, the default of the code, or that they cannot come."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from backfill.certificate.law import BY_DEFAULT, BY_MAPPING, NO_WAY, decided_by
from backfill.mapping.model import FORMAT, Mapping, RowDecision, SourceRule, TableRule

CHATS = TableRule(becomes="chat_messages", schema="", decisions=(RowDecision(code="L06", key=(7,), do="quarantine"),))


def decided(decisions: dict[str, Any], code: str, key: str = "[7]") -> str:
    mapping = Mapping(format=FORMAT, source=SourceRule(name=""), tables={"chats": CHATS}, decisions=decisions)
    return decided_by(mapping, "chats", code, key)


@pytest.mark.parametrize(
    ("decisions", "code", "by"),
    [
        ({}, "L05", BY_DEFAULT),
        ({"L05": "quarantine"}, "L05", BY_MAPPING),
        ({}, "L06", BY_MAPPING),
        # Of other tables such rows are kept as JSON; those of this one cannot come over, and are no open question.
        ({"L05": "report"}, "L05", NO_WAY),
        ({"L15": "repair"}, "L15", NO_WAY),
        ({"L05": "block"}, "L05", ""),
        ({}, "L44", ""),
        ({"L44": "block"}, "L44", ""),
        ({"L44": "report"}, "L44", ""),
        ({}, "refused_by_database", ""),
    ],
)
def test_a_quarantined_row_is_decided_by(decisions: dict[str, Any], code: str, by: str) -> None:
    assert decided(decisions, code) == by


def test_a_decision_holds_for_its_row_alone() -> None:
    assert decided({"L06": "block"}, "L06", "[8]") == ""
    assert decided({"L06": "block"}, "L06", "[7]") == BY_MAPPING


def test_a_decision_holds_for_a_row_whose_key_is_bytes() -> None:
    chats = replace(CHATS, decisions=(RowDecision(code="L06", key=("00ffab", 3), do="quarantine"),))
    mapping = Mapping(format=FORMAT, source=SourceRule(name=""), tables={"chats": chats}, decisions={"L06": "block"})

    assert decided_by(mapping, "chats", "L06", '[{"hex":"00ffab"},3]') == BY_MAPPING
    assert decided_by(mapping, "chats", "L06", '[{"hex":"00ffac"},3]') == ""
