"""Users are found by any spelling of their address; a session is valid until it expires or is revoked."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import count

import pytest
from sqlalchemy import Engine, select

from domain.accounts import BadEmail, EmailTaken, SessionExpired, SessionRevoked, UnknownSession
from repos.schema.account_tables import sessions
from repos.schema.core_tables import user_passwords
from repos.unit_of_work import UnitOfWork

_numbers = count(1)
SPELLINGS = ["ANA@example.org", "aná@example.org", " ana@example.org ", "ａｎａ@example.org", "ána@EXAMPLE.org"]


@pytest.fixture
def domain() -> str:
    """A separate domain for each test."""
    return f"d{next(_numbers)}.example.org"


@pytest.fixture
def ann(unit_of_work: UnitOfWork, domain: str) -> int:
    with unit_of_work.records() as tx:
        return tx.users.add(f"ann@{domain}", 1, name="Ann")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_spellings_of_an_address_are_the_same_address(unit_of_work: UnitOfWork, domain: str, spelling: str):
    with unit_of_work.records() as tx:
        ana = tx.users.add(f"ana@{domain}", 1)
        written = spelling.replace("example.org", domain).replace("EXAMPLE.org", domain.upper())
        with pytest.raises(EmailTaken):
            tx.users.add(written, 2)
        user = tx.users.find(written)

    assert user is not None
    assert (user.id, user.email) == (ana, f"ana@{domain}")


@pytest.mark.parametrize(
    "bad", ["", "ann", "@x", "ann@", "a b@x", "a@b@c", "a\x00@x", "x" * 320 + "@y", "ﷺ" * 60 + "@y"]
)
def test_an_invalid_address_is_refused(unit_of_work: UnitOfWork, bad: str):
    with unit_of_work.records() as tx, pytest.raises(BadEmail):
        tx.users.add(bad, 1)


def test_a_deleted_user_stays_and_the_address_is_free_again(unit_of_work: UnitOfWork, domain: str, ann: int):
    with unit_of_work.records() as tx:
        tx.users.set_password(ann, "scrypt$salt$hash")
        assert tx.users.delete(ann, 5)
        assert not tx.users.delete(ann, 6)
        other = tx.users.add(f"ANN@{domain}", 7)
        assert tx.users.find(f"ann@{domain}").id == other  # type: ignore[union-attr]
        row = tx.users.get(ann)
        assert tx.users.password(ann) is None
        assert not tx.users.rename(ann, "Anna")

    assert other != ann
    assert row is not None
    assert (row.email, row.deleted_at) == (f"ann@{domain}", 5)


def test_a_deleted_user_keeps_no_password(unit_of_work: UnitOfWork, migrated: Engine, ann: int):
    with unit_of_work.records() as tx:
        tx.users.set_password(ann, "secret")
        tx.users.delete(ann, 5)

    with migrated.connect() as connection:
        assert connection.execute(select(user_passwords).where(user_passwords.c.user_id == ann)).all() == []


def test_name_address_and_password_of_a_user_can_be_changed(unit_of_work: UnitOfWork, domain: str, ann: int):
    with unit_of_work.records() as tx:
        tx.users.add(f"bea@{domain}", 1)
        assert tx.users.rename(ann, "Anna")
        assert tx.users.move(ann, f"anna@{domain}")
        with pytest.raises(EmailTaken):
            tx.users.move(ann, f"BEA@{domain}")
        assert tx.users.set_password(ann, "scrypt$salt$hash")

    with unit_of_work.reading() as tx:
        user = tx.users.find(f"anna@{domain}")
        assert user is not None
        assert (user.id, user.name) == (ann, "Anna")
        assert tx.users.find(f"ann@{domain}") is None
        assert tx.users.password(ann) == "scrypt$salt$hash"


def test_a_password_is_set_changed_and_removed(unit_of_work: UnitOfWork, domain: str):
    for passwords in (["a", "b", "b", None, None, "c"], ["", "🎬", None]):
        with unit_of_work.records() as tx:
            user = tx.users.add(f"u{len(passwords)}@{domain}", 1, password="first")
            assert tx.users.password(user) == "first"
            for hashed in passwords:
                assert tx.users.set_password(user, hashed)
                assert tx.users.password(user) == hashed


def test_a_deleted_or_unknown_user_gets_no_password(unit_of_work: UnitOfWork, ann: int):
    with unit_of_work.records() as tx:
        tx.users.delete(ann, 5)
        for user in (ann, 10**9):
            assert not tx.users.set_password(user, "x")
            assert not tx.users.set_password(user, None)
            assert tx.users.password(user) is None


def test_a_user_who_is_being_deleted_gets_no_password(unit_of_work: UnitOfWork, ann: int):
    def set_password() -> bool:
        with unit_of_work.records() as tx:
            return tx.users.set_password(ann, "late")

    with ThreadPoolExecutor(1) as pool:
        with unit_of_work.records() as tx:
            assert tx.users.delete(ann, 5)
            late = pool.submit(set_password)
            time.sleep(0.2)
            assert not late.done()
        assert late.result() is False

    with unit_of_work.reading() as tx:
        assert tx.users.password(ann) is None


def test_changes_of_an_unknown_user_change_nothing(unit_of_work: UnitOfWork):
    with unit_of_work.records() as tx:
        assert not tx.users.rename(10**9, "x")
        assert not tx.users.move(10**9, "unknown@nowhere.example")
        assert not tx.users.delete(10**9, 1)
        assert tx.users.get(10**9) is None


def test_users_are_listed_page_by_page_without_the_deleted(unit_of_work: UnitOfWork, domain: str):
    with unit_of_work.records() as tx:
        made = [tx.users.add(f"u{number}@{domain}", 1) for number in range(5)]
        tx.users.delete(made[2], 2)

    with unit_of_work.reading() as tx:
        first = tx.users.read(after=made[0] - 1, limit=2)
        rest = tx.users.read(after=first[-1].id)
        everyone = tx.users.read(after=made[0] - 1, deleted=True)
    assert [row.id for row in first] == made[:2]
    assert [row.id for row in rest] == made[3:]
    assert [row.id for row in everyone] == made


def test_a_token_is_valid_until_its_session_expires(unit_of_work: UnitOfWork, ann: int):
    with unit_of_work.records() as tx:
        signed_in = tx.sign_ins.open(ann, 100, until=200)

        assert tx.sign_ins.require(signed_in.token, 199).user_id == ann
        with pytest.raises(SessionExpired):
            tx.sign_ins.require(signed_in.token, 200)
        for other in ("", signed_in.token[:-1], signed_in.token + "A", "\ud800"):
            with pytest.raises(UnknownSession):
                tx.sign_ins.require(other, 150)


def test_using_a_session_extends_it(unit_of_work: UnitOfWork, ann: int):
    with unit_of_work.records() as tx:
        session, token = tx.sign_ins.open(ann, 100, until=200)
        assert tx.sign_ins.touch(session, 150, until=300)
        sign_in = tx.sign_ins.require(token, 250)
        assert not tx.sign_ins.touch(session, 300, until=400)  # too late

    assert (sign_in.seen_at, sign_in.expires_at) == (150, 300)


END: list[Callable[..., object]] = [
    lambda tx, session, _: tx.sign_ins.revoke(session, 120),
    lambda tx, _, user: tx.sign_ins.revoke_all(user, 120),
    lambda tx, _, user: tx.users.delete(user, 120),
]


@pytest.mark.parametrize("end", END, ids=["revoke", "revoke_all", "delete the user"])
def test_the_token_of_an_ended_session_is_refused(unit_of_work: UnitOfWork, ann: int, end: Callable[..., object]):
    with unit_of_work.records() as tx:
        session, token = tx.sign_ins.open(ann, 100, until=200)
        assert end(tx, session, ann)
        with pytest.raises(SessionRevoked):
            tx.sign_ins.require(token, 150)


def test_an_ended_session_cannot_be_extended_or_ended_again(unit_of_work: UnitOfWork, ann: int):
    with unit_of_work.records() as tx:
        session, _ = tx.sign_ins.open(ann, 100, until=200)
        assert tx.sign_ins.revoke(session, 120)
        assert not tx.sign_ins.revoke(session, 130)
        assert not tx.sign_ins.touch(session, 130, until=300)
        assert tx.sign_ins.revoke_all(ann, 140) == 0


def test_a_token_is_256_bits_and_only_its_hash_is_stored(unit_of_work: UnitOfWork, migrated: Engine, ann: int):
    with unit_of_work.records() as tx:
        session, token = tx.sign_ins.open(ann, 100, until=200)
        other = tx.sign_ins.open(ann, 100, until=200).token

    with migrated.connect() as connection:
        row = connection.execute(select(sessions).where(sessions.c.id == session)).one()
    assert len(token) * 6 >= 256
    assert token != other
    assert row.token_sha256 == sha256(token.encode()).digest()
    assert token not in repr(row)


def test_sessions_are_listed_and_pruned_once_they_expired(unit_of_work: UnitOfWork, ann: int):
    with unit_of_work.records() as tx:
        made = [tx.sign_ins.open(ann, 1, until=until).id for until in (10, 20, 30)]
        assert [row.id for row in tx.sign_ins.read(ann, limit=2)] == made[:2]
        assert [row.id for row in tx.sign_ins.read(ann, after=made[1])] == made[2:]
        tx.sign_ins.prune(before=20)
        assert [row.id for row in tx.sign_ins.read(ann)] == made[1:]
