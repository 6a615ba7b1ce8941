"""The history checker finds nothing in a true history, and every violation that is written into one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from repos.database.engine import make_engine
from repos.schema.upgrade import upgrade
from tests.processes.forger import allow_anything
from tests.processes.forgeries import FORGERIES
from tests.processes.history_checker import RULES, check_history
from tests.processes.true_history import Case, History, write_history
from tests.processes.violations import VIOLATIONS, Write


@pytest.fixture(scope="module")
def history(database_url: str) -> Iterator[History]:
    engine = make_engine(database_url)
    upgrade(engine)
    yield write_history(engine)
    engine.dispose()


@pytest.fixture
def case(history: History) -> Iterator[Case]:
    with history.engine.connect() as connection, connection.begin() as transaction:
        allow_anything(connection)
        yield Case(connection, history.script_id, list(history.records))
        transaction.rollback()


def rules_broken_in(case: Case) -> set[str]:
    return {violation.rule for violation in check_history(case.connection, case.records)}


def test_a_true_history_has_no_violation(case: Case):
    outcomes = {row.outcome for row in case.stored.answers.values()}
    assert outcomes == {"applied", "refused", "no_op", "partly"}
    assert case.stored.keyframes

    assert check_history(case.connection, case.records) == []


def test_a_history_rewritten_as_it_is_has_no_violation(case: Case):
    case.forge(case.stored.commands)

    assert check_history(case.connection, case.records) == []


@pytest.mark.parametrize(("rule", "write"), VIOLATIONS, ids=lambda value: getattr(value, "__name__", value))
def test_every_violation_is_found(case: Case, rule: str, write: Write):
    write(case)

    assert rule in rules_broken_in(case)


@pytest.mark.parametrize(("rule", "write"), FORGERIES, ids=lambda value: getattr(value, "__name__", value))
def test_a_forgery_in_which_every_hash_fits_is_found_by_the_one_rule_it_breaks(case: Case, rule: str, write: Write):
    write(case)

    assert rules_broken_in(case) == {rule}


def test_every_rule_is_broken_by_some_violation():
    assert {rule for rule, _ in (*VIOLATIONS, *FORGERIES)} == set(RULES)
