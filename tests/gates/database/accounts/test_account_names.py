"""The names of accounts, and how they are written in statements."""

from __future__ import annotations

import pytest

from gates.database.accounts.passwords import identified
from gates.database.accounts.plan import Account, named_account, without_second_roles
from gates.database.accounts.server import NoAccounts


def test_a_password_is_sent_to_mariadb_as_a_hash_and_shown_nowhere():
    account = "it's@%"

    assert identified(account, "secret", is_mariadb=True).endswith(
        "'it''s'@'%' IDENTIFIED BY PASSWORD '*14E65567ABDB5135D0CFD9A70B3032C179A49EE7'"
    )
    assert identified(account, None, is_mariadb=True) == "'it''s'@'%' IDENTIFIED BY '<password of it's>'"


@pytest.mark.parametrize(
    ("role", "name", "host"),
    [
        ("nobody", "a", "%"),
        ("ai", "", "%"),
        ("ai", "a" * 33, "%"),
        ("ai", "a/b", "%"),
        ("ai", "a", ""),
        ("ai", "a", "b@c"),
        ("ai", "a\n", "%"),
    ],
)
def test_names_that_no_account_can_have_are_refused(role: str, name: str, host: str):
    with pytest.raises(NoAccounts):
        named_account(role, name, host)


def test_a_host_is_listed_as_the_server_writes_it():
    assert named_account("ai", "Robot", "App.Example.COM").account == "Robot@app.example.com"


def test_an_account_has_one_role_that_of_its_option_if_it_is_named():
    listed = [Account("worker", "a@%"), Account("reader", "b@%")]

    assert without_second_roles([*listed, listed[0]], [Account("ai", "a@%")]) == [listed[1], Account("ai", "a@%")]
    for accounts, named in (
        ([*listed, Account("ai", "b@%")], []),
        (listed, [Account("ai", "c@%"), Account("worker", "c@%")]),
    ):
        with pytest.raises(NoAccounts, match="would have two roles"):
            without_second_roles(accounts, named)
