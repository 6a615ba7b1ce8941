"""Each expected error code is classified as docs/database-nodes.md lists it, with the same reason."""

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
# Codes of clusters, newer servers and read-only servers. 1062 and codes that blame a row are not retried.
NAMED = (1180, 3100, 3101, 1047, 1020, 1290, 1836, 1792, 1412, 1317, 3024, 1969, 4031, 1053, 1927, 1213, 1205, 3572)
NEVER_AGAIN = (1054, 1064, 1146, 1045, 1406, 1366, 1048, 1452, 1153, 3819, 4025, 1193, 1364)


def raised(code: int) -> pymysql.MySQLError:
    """The error as the driver raises it."""
    kind = pymysql.err.error_map.get(code)
    return (kind or (pymysql.err.InternalError if code < 1_000 else pymysql.err.OperationalError))(code, "message")


def test_the_page_lists_every_code_with_its_reason():
    listed = {int(code): (kind, reason) for code, kind, reason in ROW.findall(PAGE.read_text())}
    assert listed.pop(1062)
    assert listed == {code: (kind, reason) for kind, codes in TAKEN_FOR.items() for code, reason in codes.items()}


def test_no_code_has_two_classifications():
    assert sum(map(len, TAKEN_FOR.values())) == len({**CONFLICTS, **UNREACHABLE})


@pytest.mark.parametrize("code", sorted(CONFLICTS))
def test_an_ended_transaction_is_retried(code: int):
    assert type(conflict_of(raised(code))) is Conflict
    assert not blames_a_row(raised(code)), "no submission is to blame"


@pytest.mark.parametrize("code", sorted(UNREACHABLE))
def test_a_refused_connection_is_unreachable(code: int):
    assert type(conflict_of(raised(code))) is DatabaseUnreachable


@pytest.mark.parametrize("code", NAMED)
def test_codes_of_clusters_and_newer_servers_are_known(code: int):
    assert code in CONFLICTS


@pytest.mark.parametrize("code", NEVER_AGAIN)
def test_a_permanent_error_is_not_retried(code: int):
    assert conflict_of(raised(code)) is None


def test_a_duplicate_key_has_its_own_exception():
    assert type(conflict_of(raised(1062))) is DuplicateKey
