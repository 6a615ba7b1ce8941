"""Trusted proxies: where a request comes from, if a proxy in front of the page names it."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

Network = IPv4Network | IPv6Network
MAX_NETWORKS = 20
# The addresses that are read of a header: each proxy adds one at the end.
MAX_HOPS = 10


def read_networks(words: str) -> tuple[Network, ...]:
    """The addresses and networks in a list with commas, like `10.0.0.7, fd00::/8`.

    Raises:
        ValueError: one of them is neither, or there are more than MAX_NETWORKS.
    """
    named = [word.strip() for word in words.split(",") if word.strip()]
    if len(named) > MAX_NETWORKS:
        raise ValueError(f"more than {MAX_NETWORKS} networks")
    return tuple(ip_network(word) for word in named)


class TrustedProxies:
    """Gives an application the address that trusted proxies name in X-Forwarded-For, instead of their own.

    The address of each other request stays as it is: anyone may send that header.
    """

    def __init__(self, app: ASGIApp, networks: Sequence[Network]) -> None:
        self._app = app
        self._networks = networks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if scope["type"] == "http" and client is not None:
            origin = self._origin(client[0], Headers(scope=scope).getlist("x-forwarded-for"))
            scope = {**scope, "client": (origin, client[1])}
        await self._app(scope, receive, send)

    def _origin(self, peer: str, headers: Sequence[str]) -> str:
        """The last address that no trusted proxy has: whatever is before it may be invented."""
        hops = ",".join(headers).rsplit(",", MAX_HOPS)[-MAX_HOPS:] if headers else []
        origin = peer
        for named in reversed(hops):
            if not self._is_trusted(origin):
                break
            address = _address(named.strip())
            if address is None:
                break
            origin = str(address)
        return origin

    def _is_trusted(self, host: str) -> bool:
        address = _address(host)
        return address is not None and any(address in network for network in self._networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    # The zone of an address may be any text. A socket for both kinds of addresses shows IPv4 as ::ffff:10.0.0.7.
    return address.ipv4_mapped or (None if address.scope_id else address)
