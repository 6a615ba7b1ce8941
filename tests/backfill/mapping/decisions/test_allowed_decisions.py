"""What a mapping may decide about one row: no decision says what the move does not do."""

from __future__ import annotations

import pytest

from backfill.checks.registry import CHECKS
from backfill.mapping.decisions.allowed_decisions import (
    ACCEPTED,
    ALLOWED,
    ORDER,
    REPAIRED,
    allowed_actions,
    may_be_set_aside,
)
from backfill.mapping.targets import TARGETS


def test_each_target_and_code_is_known() -> None:
    assert ALLOWED.keys() <= TARGETS.keys()
    assert {code for codes in ALLOWED.values() for code in codes} <= CHECKS.keys()
    assert all(actions <= set(ORDER) for codes in ALLOWED.values() for actions in codes.values())


def test_findings_that_only_report_or_repair_are_those_of_the_checks() -> None:
    assert set(ACCEPTED) == {code for code, check in CHECKS.items() if check.decision == "report"}
    assert set(REPAIRED) == {code for code, check in CHECKS.items() if check.decision == "repair"}


@pytest.mark.parametrize("target", [name for name in TARGETS if name != "legacy_rows"])
def test_a_decision_about_a_row_that_comes_over_anyway_only_confirms_it(target: str) -> None:
    for code in (set(ACCEPTED) | set(REPAIRED)) - ALLOWED.get(target, {}).keys():
        assert allowed_actions(target, code) == (("accept",) if code in ACCEPTED else ("repair",))


@pytest.mark.parametrize(("code", "may"), [("L05", True), ("L44", True), ("L22", True), ("L07", False), ("L11", False)])
def test_rows_with_a_finding_are_set_aside_only_where_the_move_does(code: str, may: bool) -> None:
    assert may_be_set_aside(code) is may
