"""Flower password tests: any alphabet, growing delays for wrong passwords, failures forgotten after a while."""

from __future__ import annotations

import unicodedata
from base64 import b64encode
from contextlib import ExitStack

import pytest

from workers.monitoring.password_access import (
    FORGET_SECONDS,
    MAX_ADDRESSES,
    MAX_DELAY_SECONDS,
    MAX_WAITING,
    MAX_WAITING_AN_ADDRESS,
    FlowerAccess,
    credentials,
)


class Clock:
    """A clock set by the test, in seconds."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def header(words: str | bytes) -> str:
    return f"Basic {b64encode(words if isinstance(words, bytes) else words.encode()).decode()}"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def access(clock: Clock) -> FlowerAccess:
    return FlowerAccess("scriptledger", "pass", clock)


def fail(access: FlowerAccess, address: str = "10.0.0.1") -> float:
    """The delay of the response to one wrong password."""
    with access.failed(address) as (_, seconds):
        return seconds


@pytest.mark.parametrize("password", ["pass", "pässwörd", "密码", "a:b", "", "🎬", unicodedata.normalize("NFD", "é")])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("user", ["scriptledger", "Ädá"])
def test_the_right_password_is_accepted_in_any_alphabet(user: str, password: str, form: str):
    access = FlowerAccess(user, password)

    assert access.opens(header(unicodedata.normalize(form, f"{user}:{password}")))
    assert not access.opens(header(f"{user}:{password}x"))


def test_a_password_that_is_not_utf_8_is_compared_bytewise():
    access = FlowerAccess("scriptledger", b"p\xe4ss".decode(errors="surrogateescape"))

    assert access.opens(header(b"scriptledger:p\xe4ss"))
    assert not access.opens(header("scriptledger:päss"))


@pytest.mark.parametrize("given", ["", "Basic", "Basic =", "Basic !", "Bearer abc", "Basic YWJj", "\xe9", "basic \xe4"])
def test_a_header_without_credentials_is_not_an_attempt(access: FlowerAccess, given: str):
    assert credentials(given) is None
    assert not access.opens(given)


def test_delays_for_wrong_passwords_grow_up_to_a_limit(access: FlowerAccess):
    delays = [fail(access) for _ in range(20)]

    assert delays[0] > 0
    assert delays == sorted(delays)
    assert delays[-1] == MAX_DELAY_SECONDS
    assert fail(access, "10.0.0.2") < MAX_DELAY_SECONDS


def test_failures_of_many_addresses_add_up(access: FlowerAccess):
    assert max(fail(access, f"10.0.0.{number}") for number in range(100)) == MAX_DELAY_SECONDS


def test_failures_are_forgotten(access: FlowerAccess, clock: Clock):
    first = fail(access)
    assert fail(access) > first
    clock.now += FORGET_SECONDS + 1

    assert fail(access) == first


def test_the_number_of_delayed_responses_is_limited(access: FlowerAccess):
    with ExitStack() as waiting:
        for _ in range(MAX_WAITING_AN_ADDRESS):
            waiting.enter_context(access.failed("10.0.0.1"))
        assert access.is_full("10.0.0.1")
        assert not access.is_full("10.0.0.2")
        for number in range(MAX_WAITING - MAX_WAITING_AN_ADDRESS):
            waiting.enter_context(access.failed(f"10.0.1.{number}"))
        assert access.is_full("10.0.0.2")

    assert not access.is_full("10.0.0.1")


def test_the_number_of_recorded_addresses_is_limited(access: FlowerAccess):
    for number in range(MAX_ADDRESSES + 500):
        fail(access, f"address {number}")

    assert len(access._addresses) == MAX_ADDRESSES
