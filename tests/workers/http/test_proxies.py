"""Trusted proxies: the address that a request comes from, which the client cannot invent."""

from __future__ import annotations

import asyncio
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from tests.workers.http.site import Site
from workers.http.access.proxies import MAX_HOPS, TrustedProxies, read_networks
from workers.monitoring.password_access import MAX_WAITING_AN_ADDRESS

NETWORKS = "127.0.0.1, 10.1.0.0/16, fd00::/8"


def origin(peer: str, *headers: str, networks: str = NETWORKS) -> str:
    """The address that an application is given."""
    seen: list[str] = []

    async def application(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["client"][0])

    async def visit() -> None:
        sent = [(b"x-forwarded-for", header.encode()) for header in headers]
        scope = {"type": "http", "client": (peer, 1), "headers": sent}
        await TrustedProxies(application, read_networks(networks))(scope, None, None)  # type: ignore[arg-type]

    asyncio.run(visit())
    return seen[0]


@pytest.mark.parametrize(
    ("peer", "headers", "wanted"),
    [
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.5"], "203.0.113.5"),
        ("127.0.0.1", ["203.0.113.5", "10.1.2.3"], "203.0.113.5"),
        ("127.0.0.1", ["198.51.100.1, 203.0.113.5 , 10.1.2.3"], "203.0.113.5"),
        ("::ffff:127.0.0.1", ["203.0.113.5"], "203.0.113.5"),
        ("fd00::1", ["2001:db8::7"], "2001:db8::7"),
        ("127.0.0.1", ["10.1.2.3, 10.1.2.4"], "10.1.2.3"),
        # What is no address was not written by a proxy that we know.
        ("127.0.0.1", ["203.0.113.5, unknown"], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.5, evil\x1b, 10.1.2.3"], "10.1.2.3"),
        ("127.0.0.1", ["fe80::1%any text"], "127.0.0.1"),
        ("127.0.0.1", ["::ffff:203.0.113.5"], "203.0.113.5"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("127.0.0.1", [","], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.5," + "10.1.0.1," * (MAX_HOPS + 5) + "10.1.0.2"], "10.1.0.1"),
        # Anyone may send the header.
        ("203.0.113.5", ["198.51.100.1"], "203.0.113.5"),
        ("10.2.0.1", ["198.51.100.1"], "10.2.0.1"),
    ],
)
def test_the_last_address_that_no_trusted_proxy_has_counts(peer: str, headers: list[str], wanted: str):
    assert origin(peer, *headers) == wanted


def test_without_trusted_proxies_the_header_counts_for_nothing():
    assert origin("127.0.0.1", "203.0.113.5", networks="") == "127.0.0.1"


@pytest.mark.parametrize(("networks", "answered"), [("127.0.0.1", 200), ("", 429)])
def test_wrong_passwords_delay_only_the_address_they_come_from(tmp_path: Path, networks: str, answered: int):
    guesses = 2 * MAX_WAITING_AN_ADDRESS
    with (
        Site(tmp_path, proxies=read_networks(networks)) as site,
        capture_logs() as logs,
        ThreadPoolExecutor(guesses) as pool,
    ):
        for _ in range(4):  # each of which is delayed longer
            site.get("/", ("anna", "wrong"), **{"X-Forwarded-For": "203.0.113.5"})
        wrong = [
            pool.submit(site.get, "/", ("anna", "x"), **{"X-Forwarded-For": "203.0.113.5"}) for _ in range(guesses)
        ]
        # The first that is answered is refused, because as many as may wait do.
        wait(wrong, return_when=FIRST_COMPLETED)
        assert site.get("/", **{"X-Forwarded-For": "203.0.113.6"}).status == answered
        assert {each.result().status for each in wrong} == {401, 429}

    named = {line["address"] for line in logs if line["event"] == "page.wrong_password"}
    assert named == {"203.0.113.5" if networks else "127.0.0.1"}
