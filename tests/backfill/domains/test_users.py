"""Users: ids are kept, addresses are never shared, and every broken row has its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from backfill.domains.base import Counts
from domain.accounts import email_key
from repos.accounts.users import UserRow
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.flat_backfill import FlatBackfill, execute, legacy_file
from tests.backfill.domains.legacy_users import TABLE, insert, password, user, user_ids

DAY = 86_400_000_000


@pytest.fixture
def backfill(tmp_path: Path, ledger: UnitOfWork) -> FlatBackfill:
    return FlatBackfill(legacy_file(tmp_path / "legacy.db", TABLE), ledger)


def test_users_keep_their_ids_names_times_and_passwords(backfill: FlatBackfill) -> None:
    insert(backfill, 7, "Ana 🌫️@example.org ", username="Ana 🌫️", createdAt="1970-01-02 00:00:00.123")
    insert(backfill, 3, "Zoë@Example.org", passwordSalt="the salt é")
    execute(backfill.url, "UPDATE users SET email = 'ana🌫️@example.org ' WHERE id = 7")

    assert backfill.run("users") == {"users": Counts(migrated=2)}

    assert user(backfill, 7) == UserRow(7, "ana🌫️@example.org", "Ana 🌫️", DAY + 123_000, None)
    assert user(backfill, 3).email == "Zoë@Example.org"
    assert password(backfill, 7) == "hash"
    assert password(backfill, 3) == '{"hash":"hash","salt":"the salt é"}'
    assert backfill.differences("users") == []


def test_a_new_user_gets_no_id_that_the_legacy_application_used(backfill: FlatBackfill) -> None:
    insert(backfill, 5)
    insert(backfill, 500, "no address")

    backfill.run("users")

    with backfill.unit_of_work.records() as tx:
        assert tx.users.add("new@example.org", 0) == 501
    assert user_ids(backfill) == [5, 501]


# gh-ost #1526, #1636: INSERT IGNORE and REPLACE under a stricter unique key dropped rows in silence.
@pytest.mark.parametrize(
    "pair", [("straße@x.org", "strasse@x.org"), ("ana@x.org", "Aná@x.org"), ("a@x.org", "ａ@x.org")]
)
def test_gh_ost_1526_and_1636_addresses_that_are_one_for_us_are_all_listed_and_none_is_merged(
    backfill: FlatBackfill, pair: tuple[str, str]
) -> None:
    for number, email in enumerate((*pair, "other@x.org"), 1):
        insert(backfill, number, email)

    assert backfill.run("users") == {"users": Counts(migrated=1, quarantined=2)}

    assert backfill.codes() == {("users", "[1]"): "L14", ("users", "[2]"): "L14"}
    assert user_ids(backfill) == [3]
    assert backfill.differences("users") == []


def test_the_mapping_decides_who_keeps_an_address(backfill: FlatBackfill) -> None:
    insert(backfill, 1, "straße@x.org")
    insert(backfill, 2, "strasse@x.org")
    backfill.rules["users"] = {"decisions": [{"code": "L14", "key": [2], "do": "accept"}]}

    assert backfill.run("users") == {"users": Counts(migrated=1, quarantined=1)}

    assert user_ids(backfill) == [2]
    assert email_key(user(backfill, 2).email) == "strasse@x.org"


def test_a_user_whose_address_another_keeps_can_come_over_with_a_placeholder(backfill: FlatBackfill) -> None:
    insert(backfill, 1, "ana@x.org")
    insert(backfill, 2, "Ana@x.org")
    backfill.rules["users"] = {"decisions": [{"code": "L14", "key": [2], "do": "repair"}]}

    assert backfill.run("users") == {"users": Counts(migrated=2)}

    assert [user(backfill, number).email for number in (1, 2)] == ["ana@x.org", "user-2@no-address.invalid"]
    with backfill.unit_of_work.reading() as tx:
        assert '"Ana@x.org"' in tx.legacy_rows.find("users", ['[2,"repaired"]'])['[2,"repaired"]']
    assert backfill.differences("users") == []


def test_a_placeholder_follows_from_the_key_where_ids_are_given(backfill: FlatBackfill) -> None:
    insert(backfill, 1, "ana@x.org")
    insert(backfill, 2, "Ana@x.org")
    insert(backfill, 3, "none")
    backfill.rules["users"] = {"keys": "assigned", "decisions": [{"code": "L14", "key": [2], "do": "repair"}]}
    backfill.decisions = {"L29": "repair"}

    assert backfill.run("users") == {"users": Counts(migrated=3)}

    first, *others = [user(backfill, number).email for number in user_ids(backfill)]
    assert first == "ana@x.org"
    assert len(set(others)) == 2
    assert all(each.endswith("@no-address.invalid") for each in others)
    assert backfill.differences("users") == []


def test_an_address_with_white_space_around_it_is_kept_as_it_was(backfill: FlatBackfill) -> None:
    insert(backfill, 1, " ana@x.org ")

    backfill.run("users")

    assert user(backfill, 1).email == "ana@x.org"
    assert backfill.repaired("users", "[1]") == {"email": " ana@x.org "}


def test_who_is_left_over_after_all_others_are_left_out_comes_over(backfill: FlatBackfill) -> None:
    for number, email in enumerate(("ana@x.org", "ANA@x.org", "aná@x.org", "Ana@x.org"), 1):
        insert(backfill, number, email)
    execute(backfill.url, "UPDATE users SET deletedAt = '2021-01-01 00:00:00' WHERE id = 4")
    backfill.rules["users"] = {
        "decisions": [
            {"code": "L14", "key": [1], "do": "skip", "reason": "a test"},
            {"code": "L14", "key": ["3"], "do": "quarantine"},
        ]
    }

    assert backfill.run("users") == {"users": Counts(migrated=2, quarantined=1, skipped=1)}

    assert user_ids(backfill) == [2, 4]


def test_a_deleted_user_leaves_the_address_to_another(backfill: FlatBackfill) -> None:
    insert(backfill, 1, "ana@x.org", deletedAt="2021-06-01 00:00:00.000")
    insert(backfill, 2, "Ana@x.org")

    assert backfill.run("users") == {"users": Counts(migrated=2)}

    assert user(backfill, 1).deleted_at == 1_622_505_600_000_000
    assert password(backfill, 1) is None
    with backfill.unit_of_work.reading() as tx:
        found = tx.users.find("ana@x.org")
    assert found is not None
    assert found.id == 2
    assert backfill.differences("users") == []


# spirit #882: an inserted 0 became the next number.
def test_spirit_882_user_0_is_set_aside_and_becomes_no_one(backfill: FlatBackfill) -> None:
    insert(backfill, 0)
    insert(backfill, 1)

    assert backfill.run("users") == {"users": Counts(migrated=1, quarantined=1)}

    assert backfill.codes() == {("users", "[0]"): "L30"}
    assert user_ids(backfill) == [1]


def test_user_0_gets_the_id_that_the_mapping_gives(backfill: FlatBackfill) -> None:
    insert(backfill, 0)
    backfill.rules["users"] = {"decisions": [{"code": "L30", "key": [0], "do": "assign", "to": 900}]}

    backfill.run("users")

    assert user_ids(backfill) == [900]
    with backfill.unit_of_work.reading() as tx:
        assert tx.legacy_keys.find("users", ["[0]"])["[0]"].our_id == 900
    assert backfill.differences("users") == []


@pytest.mark.parametrize("email", ["", "no address", "a b@x.org", "a@b@c", "x" * 400 + "@x.org", "a\0@x.org", "\udcff"])
def test_a_bad_address_is_set_aside_with_the_name_of_our_refusal(backfill: FlatBackfill, email: str) -> None:
    insert(backfill, 1, email.encode(errors="surrogateescape"))
    execute(backfill.url, "UPDATE users SET email = CAST(email AS TEXT)")
    insert(backfill, 2)

    assert backfill.run("users") == {"users": Counts(migrated=1, quarantined=1)}

    row = backfill.quarantined()["users", "[1]"]
    assert (row.code, row.column, row.length) == ("L29", "email", len(email.encode(errors="surrogateescape")))
    assert not email or email not in row.reason


def test_a_bad_address_may_be_replaced_by_one_that_no_mail_reaches(backfill: FlatBackfill) -> None:
    insert(backfill, 4, "no address")
    backfill.decisions = {"L29": "repair"}

    backfill.run("users")

    assert user(backfill, 4).email == "user-4@no-address.invalid"
    assert backfill.repaired("users", "[4]") == {"email": "no address"}
    assert backfill.differences("users") == []


@pytest.mark.parametrize(("hashed", "salt"), [("", None), ("", "salt"), ("hash", ""), (None, "salt")])
def test_an_empty_password_is_none(backfill: FlatBackfill, hashed: str | None, salt: str | None) -> None:
    insert(backfill, 1, passwordHash=hashed, passwordSalt=salt)

    backfill.run("users")

    assert password(backfill, 1) is None


@pytest.mark.parametrize("column", ["createdAt", "deletedAt"])
@pytest.mark.parametrize("zero", ["0000-00-00 00:00:00", "2021-00-10", "", None])
def test_a_zero_date_gets_the_time_of_its_neighbour_or_none(
    backfill: FlatBackfill, column: str, zero: str | None
) -> None:
    insert(backfill, 1, **{"createdAt": "1970-01-03 00:00:00"} | {column: zero})
    insert(backfill, 2, createdAt="1970-01-06 00:00:00")
    insert(backfill, 3, **{"createdAt": "1970-01-09 00:00:00"} | {column: zero})

    assert backfill.run("users") == {"users": Counts(migrated=3)}

    times = [(user(backfill, number).created_at // DAY, user(backfill, number).deleted_at) for number in (1, 2, 3)]
    assert times == ([(5, None)] * 3 if column == "createdAt" else [(2, None), (5, None), (8, None)])
    assert backfill.repaired("users", "[3]") == ({"createdAt": zero} if column == "createdAt" else {})
    assert backfill.differences("users") == []


def test_a_name_is_repaired_and_kept_as_it_was(backfill: FlatBackfill) -> None:
    name = "\ufeffAna\0\r\n" + "x" * 300
    insert(backfill, 1, username=name)
    insert(backfill, 2, username="")

    backfill.run("users")

    assert user(backfill, 1).name == ("Ana " + "x" * 300)[:200]
    assert user(backfill, 2).name is None
    assert backfill.repaired("users", "[1]") == {"username": name}


def test_a_password_that_does_not_fit_is_set_aside(backfill: FlatBackfill) -> None:
    insert(backfill, 1, passwordHash="x" * 501)

    backfill.run("users")

    assert backfill.codes() == {("users", "[1]"): "L29"}
    assert "x" * 10 not in repr(backfill.quarantined())
