"""Connections that verify no certificate share one TLS context; one with certificates has its own."""

from __future__ import annotations

import ssl
from functools import cache
from pathlib import Path

import pytest
from pymysql.connections import Connection

from repos.driver import tls_context
from repos.driver.tls_context import SharedContextConnection

# Nothing is connected.
OFFLINE = {"host": "127.0.0.1", "user": "u", "defer_connect": True}


def test_connections_without_certificates_share_a_context():
    first, second = (SharedContextConnection(**OFFLINE).ctx for _ in range(2))

    assert first is second
    assert (first.verify_mode, first.check_hostname) == (ssl.CERT_NONE, False)
    assert first.cert_store_stats()["x509"] == 0


def test_a_context_is_shared_only_when_it_is_complete(monkeypatch: pytest.MonkeyPatch):
    seen: list[object] = []

    class Watched(ssl.SSLContext):
        def __setattr__(self, name: str, value: object) -> None:
            if name == "check_hostname" and not seen:
                # As another thread does that connects at this moment.
                seen.append(self)
                seen[:] = [SharedContextConnection(**OFFLINE).ctx.verify_mode]
            super().__setattr__(name, value)

    monkeypatch.setattr(tls_context, "SSLContext", Watched)
    monkeypatch.setattr(tls_context, "_unverified", cache(tls_context._unverified.__wrapped__))
    assert SharedContextConnection(**OFFLINE).ctx.verify_mode == ssl.CERT_NONE
    assert seen == [ssl.CERT_NONE]


def test_a_shared_context_is_as_strict_as_that_of_the_driver():
    shared, usual = SharedContextConnection(**OFFLINE).ctx, Connection(**OFFLINE).ctx

    assert (shared.minimum_version, shared.maximum_version) == (usual.minimum_version, usual.maximum_version)
    assert [each["name"] for each in shared.get_ciphers()] == [each["name"] for each in usual.get_ciphers()]
    assert shared.options & ssl.OP_NO_COMPRESSION
    assert (shared.verify_mode, shared.check_hostname) == (usual.verify_mode, usual.check_hostname)


@pytest.mark.parametrize("named", [{"ssl_verify_cert": True}, {"ssl": {"ca": "FILE", "check_hostname": True}}])
def test_a_connection_with_certificates_has_a_context_of_its_own(named: dict[str, object], tmp_path: Path):
    # Any certificate: the system's own are many.
    file = tmp_path / "ca.pem"
    file.write_text(ssl.DER_cert_to_PEM_cert(ssl.create_default_context().get_ca_certs(binary_form=True)[0]))
    options = {name: {**value, "ca": str(file)} if isinstance(value, dict) else value for name, value in named.items()}
    options |= {"ssl_ca": str(file)} if "ssl" not in options else {}

    own, shared = SharedContextConnection(**OFFLINE, **options).ctx, SharedContextConnection(**OFFLINE).ctx

    assert own is not shared
    assert own.verify_mode == ssl.CERT_REQUIRED


def test_a_connection_without_tls_makes_no_context():
    assert not hasattr(SharedContextConnection(**OFFLINE, ssl_disabled=True), "ctx")
