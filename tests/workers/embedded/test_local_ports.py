"""Local ports: an address is checked before a process listens on it, and what is wrong with it is named."""

from __future__ import annotations

import socket

import pytest

from workers.embedded.local_ports import PortTaken, UnfitAddress, require_free


def test_a_port_on_which_another_process_listens_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(PortTaken):
        require_free("127.0.0.1", other.getsockname()[1])


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("", "the address is empty"),
        ("ä" * 70, "it is no address"),
        ("ä..b", "it is no address"),
        # A documentation address: no machine has it.
        ("192.0.2.1", "Cannot assign requested address"),
    ],
)
def test_an_address_of_no_interface_is_not_a_taken_port(host: str, reason: str):
    with pytest.raises(UnfitAddress) as caught:
        require_free(host, 0)

    assert str(caught.value) == reason


@pytest.mark.parametrize("host", ["::1", "::"])
def test_an_ipv6_address_is_not_taken_for_a_name(host: str):
    reason = ""
    try:
        require_free(host, 0)
    except UnfitAddress as error:  # on a machine without IPv6
        reason = str(error)

    assert "hostname" not in reason
