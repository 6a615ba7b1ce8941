"""Embedded broker tests: several run in parallel, data survives restarts, and nothing is left after a stop."""

from __future__ import annotations

import os
import signal
import stat
import tempfile
from importlib import metadata
from pathlib import Path

import psutil
import pytest
import redis

from tests.services.processes import Program, survivors
from workers.embedded.errors import EmbeddedBrokerError
from workers.embedded.valkey import EmbeddedValkey

pytestmark = pytest.mark.slow

OWNER = """
import sys, time
from pathlib import Path
from workers.embedded.valkey import EmbeddedValkey
with EmbeddedValkey(Path(sys.argv[1]) if sys.argv[1:] else None) as broker:
    try:
        print(broker.address, flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        time.sleep(0.3)
        print(broker.running())
"""


@pytest.fixture
def client():
    opened: list[redis.Redis] = []

    def connect(broker: EmbeddedValkey) -> redis.Redis:
        opened.append(redis.Redis.from_url(broker.client_url, decode_responses=True))
        return opened[-1]

    yield connect
    for client in opened:
        client.close()


def test_only_its_user_can_reach_it(client):
    with EmbeddedValkey() as broker:
        assert client(broker).config_get("port") == {"port": "0"}
        assert stat.S_IMODE(broker.address.stat().st_mode) == 0o700
        assert stat.S_IMODE(broker.address.parent.stat().st_mode) == 0o700


def test_it_never_evicts(client):
    with EmbeddedValkey() as broker:
        assert client(broker).config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_stopping_leaves_no_files_or_processes():
    before = psutil.Process().children(recursive=True)
    broker = EmbeddedValkey()
    broker.start()
    private = broker.address.parent

    broker.stop()
    broker.stop()

    assert not private.exists()
    assert not broker.running()
    assert psutil.Process().children(recursive=True) == before


def test_six_brokers_start_at_the_same_time():
    owners = [Program(OWNER) for _ in range(6)]

    addresses = {owner.ready() for owner in owners}

    assert len(addresses) == 6
    assert all(Path(address).is_socket() for address in addresses)
    for owner in owners:
        owner.end(signal.SIGTERM)
    assert not survivors([child for owner in owners for child in owner.offspring])


def test_data_survives_a_restart(tmp_path: Path, client):
    with EmbeddedValkey(tmp_path) as broker:
        client(broker).rpush("queue", "a", "b")

    with EmbeddedValkey(tmp_path) as broker:
        assert client(broker).lrange("queue", 0, -1) == ["a", "b"]


def test_data_survives_a_killed_owner(tmp_path: Path, client):
    owner = Program(OWNER, tmp_path)
    address = owner.ready()
    with redis.Redis(unix_socket_path=address) as connection:
        connection.rpush("queue", "a", "b")

    owner.end(signal.SIGKILL)

    assert not survivors(owner.offspring)
    assert not Path(address).parent.exists()
    with EmbeddedValkey(tmp_path) as broker:
        assert client(broker).lrange("queue", 0, -1) == ["a", "b"]


def test_a_broker_starts_while_the_server_of_a_killed_owner_is_stopping(tmp_path: Path):
    owner = Program(OWNER, tmp_path)
    owner.ready()
    owner.end(signal.SIGKILL)
    with EmbeddedValkey(tmp_path) as broker:
        assert broker.running()


def test_ctrl_c_reaches_the_owner_first():
    owner = Program(OWNER)
    address = owner.ready()

    os.killpg(owner.process.pid, signal.SIGINT)
    output, _ = owner.process.communicate(timeout=20)

    assert output.strip() == "True"  # the broker was still running when the owner got the signal
    assert owner.process.returncode == 0
    assert not survivors(owner.offspring)
    assert not Path(address).parent.exists()


def test_two_brokers_never_share_one_data_directory(tmp_path: Path):
    with EmbeddedValkey(tmp_path), pytest.raises(EmbeddedBrokerError, match="already using"):
        EmbeddedValkey(tmp_path).start()


def test_leaving_the_block_in_a_fork_keeps_the_broker_running():
    with EmbeddedValkey() as broker:
        fork = os.fork()
        if fork == 0:
            broker.stop()
            os._exit(0)
        os.waitpid(fork, 0)
        assert broker.running()
        assert broker.address.is_socket()


def test_a_long_temporary_directory_does_not_make_the_socket_path_too_long(tmp_path: Path, monkeypatch):
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with EmbeddedValkey() as broker:
        assert len(os.fsencode(broker.address)) < 104


def test_a_failed_start_reports_the_reason_and_cleans_up(tmp_path: Path):
    (tmp_path / "appendonlydir").write_text("in the way")
    before = psutil.Process().children(recursive=True)

    with pytest.raises(EmbeddedBrokerError, match="did not start"):
        EmbeddedValkey(tmp_path).start()

    assert psutil.Process().children(recursive=True) == before


def test_without_the_wheel_the_error_names_the_package(monkeypatch):
    def nothing(name: str):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "files", nothing)
    with pytest.raises(EmbeddedBrokerError, match=r"scriptledger\[embedded\]"):
        EmbeddedValkey().start()
