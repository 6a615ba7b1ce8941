"""Each error code that is expected is taken for what docs/database-nodes.md says, with the same reason."""

from __future__ import annotations

import re
from pathlib import Path

import pymysql
import pytest

from domain.errors import Conflict
from repos.database.driver_errors import DatabaseUnreachable, DuplicateKey, blames_a_row, conflict_of
from repos.database.error_codes import (
    ANOTHER_TRANSACTION,
    COMMIT_FAILED,
    CONFLICTS,
    INTERRUPTED,
    NO_WRITES,
    UNREACHABLE,
)

PAGE = Path(__file__).parents[3] / "docs" / "database-nodes.md"
ROW = re.compile(r"^\| (\d{4}) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
TAKEN_FOR = {
    "Conflict: another transaction": ANOTHER_TRANSACTION,
    "Conflict: at COMMIT": COMMIT_FAILED,
    "Conflict: interrupted": INTERRUPTED,
    "Conflict: no writes for now": NO_WRITES,
    "unreachable": UNREACHABLE,
}
# What clusters, newer servers and read-only ones say; 1062 and what blames a row are not run again.
NAMED = (1180, 3100, 3101, 1047, 1020, 1290, 1836, 1792, 1412, 1317, 3024, 1969, 4031, 1053, 1927, 1213, 1205, 3572)
NEVER_AGAIN = (1054, 1064, 1146, 1045, 1406, 1366, 1048, 1452, 1153, 3819, 4025, 1193, 1364)


def raised(code: int) -> pymysql.MySQLError:
    """The error as the driver raises it."""
    kind = pymysql.err.error_map.get(code)
    return (kind or (pymysql.err.InternalError if code < 1_000 else pymysql.err.OperationalError))(code, "said")


def test_the_page_lists_every_code_with_its_reason():
    listed = {int(code): (taken, said) for code, taken, said in ROW.findall(PAGE.read_text())}
    assert listed.pop(1062)
    assert listed == {code: (taken, said) for taken, codes in TAKEN_FOR.items() for code, said in codes.items()}


def test_no_code_is_taken_for_two_things():
    assert sum(map(len, TAKEN_FOR.values())) == len({**CONFLICTS, **UNREACHABLE})


@pytest.mark.parametrize("code", sorted(CONFLICTS))
def test_what_ended_a_transaction_is_run_again(code: int):
    found = conflict_of(raised(code))
    assert type(found) is Conflict
    assert not blames_a_row(raised(code)), "no submission is to blame"


@pytest.mark.parametrize("code", sorted(UNREACHABLE))
def test_what_takes_no_connection_is_unreachable(code: int):
    assert type(conflict_of(raised(code))) is DatabaseUnreachable


@pytest.mark.parametrize("code", NAMED)
def test_what_clusters_and_newer_servers_say_is_known(code: int):
    assert code in CONFLICTS


@pytest.mark.parametrize("code", NEVER_AGAIN)
def test_what_would_fail_again_is_not_run_again(code: int):
    assert conflict_of(raised(code)) is None


def test_a_key_that_is_there_is_told_apart():
    assert type(conflict_of(raised(1062))) is DuplicateKey
