"""A Galera cluster: three MariaDB nodes on this machine that all write, if Galera's library is installed."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import pymysql

from tests.services.mariadb import AS_ROOT, MariaDB
from tests.services.places import Port

PROVIDERS = (Path("/usr/lib/galera/libgalera_smm.so"), Path("/usr/lib64/galera/libgalera_smm.so"))
NODES = 3
ACCOUNT = "mysql"
READY_SECONDS = 60.0


class NoGaleraError(Exception):
    """Galera is not installed."""


def find_provider() -> Path:
    """The path of Galera's library; raises `NoGaleraError`."""
    for provider in PROVIDERS:
        if provider.exists():
            return provider
    raise NoGaleraError("Galera is not installed (Debian: galera-4)")


class GaleraNode(MariaDB):
    """One node. It joins the nodes with the group ports in `peers`, or begins a cluster if there are none."""

    def __init__(self, name: str, provider: Path) -> None:
        super().__init__()
        self.name = name
        self.peers: Sequence[int] = ()
        self._provider = provider
        self._ports = [Port() for _ in range(3)]

    @property
    def group_port(self) -> int:
        """The port for other nodes."""
        return self._ports[0].number

    def options(self) -> list[str]:
        group, transfer, snapshot = (f"127.0.0.1:{port.number}" for port in self._ports)
        provider_options = (
            f"gmcast.listen_addr=tcp://{group};base_port={self.group_port};ist.recv_addr={transfer};gcache.size=32M"
        )
        usual = [option for option in super().options() if option not in AS_ROOT]
        return [
            *usual,
            *([f"--user={ACCOUNT}"] if AS_ROOT else []),
            "--binlog-format=ROW",
            "--innodb-autoinc-lock-mode=2",
            "--wsrep-on=ON",
            f"--wsrep-provider={self._provider}",
            f"--wsrep-provider-options={provider_options}",
            "--wsrep-cluster-name=ledger",
            f"--wsrep-cluster-address=gcomm://{','.join(f'127.0.0.1:{port}' for port in self.peers)}",
            f"--wsrep-node-name={self.name}",
            f"--wsrep-node-address={group}",
            f"--wsrep-sst-receive-address={snapshot}",
            "--wsrep-sst-method=rsync",
            "--wsrep-slave-threads=4",
            # So that a worker sees the row whose bell it received.
            "--wsrep-sync-wait=1",
        ]

    def join(self, first: GaleraNode) -> None:
        """Start with an empty data directory, which the first node fills."""
        self.peers = [first.group_port]
        self.data.mkdir()
        self.scratch.mkdir()
        self._give_away()
        # The program that receives the files cannot listen on a port that is bound.
        self._ports[2].release()
        self.start()

    def initialise(self) -> None:
        super().initialise()
        self._give_away()

    def is_ready(self) -> bool:
        """Whether the node is part of the cluster and accepts writes."""
        try:
            return self.status("wsrep_ready") == "ON" and self.status("wsrep_local_state_comment") == "Synced"
        except pymysql.MySQLError:
            return False

    def status(self, name: str) -> str:
        """The value of a status variable."""
        return str(self.execute(f"SHOW GLOBAL STATUS LIKE '{name}'")[0][1])

    def _give_away(self) -> None:
        """Give the files to an account other than root; started by root, the copying program would run as `nobody`."""
        if AS_ROOT:
            for file in (self._home, *self._home.rglob("*")):
                shutil.chown(file, ACCOUNT, ACCOUNT)

    def discard(self) -> None:
        super().discard()
        for port in self._ports:
            port.release()


class Galera:
    """The cluster; raises `NoGaleraError` if Galera is not installed."""

    def __init__(self) -> None:
        provider = find_provider()
        self.nodes = [GaleraNode(f"node-{number}", provider) for number in range(NODES)]

    def __enter__(self) -> Self:
        first, *others = self.nodes
        with ExitStack() as undo:
            for node in self.nodes:
                undo.callback(node.discard)
            first.start()
            for node in others:
                node.join(first)
            for node in self.nodes:
                _wait_for(node)
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for node in self.nodes:
            node.discard()

    def conflicts(self) -> int:
        """How many transactions were rolled back because another node's commit came first."""
        names = ("wsrep_local_bf_aborts", "wsrep_local_cert_failures")
        return sum(int(node.status(name)) for node in self.nodes for name in names)


def _wait_for(node: GaleraNode) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not node.is_ready():
        assert time.monotonic() < deadline, f"{node.name} is not part of the cluster after {READY_SECONDS} s"
        time.sleep(0.05)
