"""A private Redis, ready in a tenth of a second."""

from __future__ import annotations

import os

from tests.services.private import PrivateServer
from workers.embedded.valkey import answers

DURABLE = ["--appendonly", "yes", "--appendfsync", "always"]


class RedisServer(PrivateServer):
    """No password, this machine only, nothing evicted. SCRIPTLEDGER_TEST_REDIS_SERVER names another program."""

    program = os.environ.get("SCRIPTLEDGER_TEST_REDIS_SERVER") or "redis-server"

    @property
    def url(self) -> str:
        """For Celery and for redis-py."""
        return f"redis://127.0.0.1:{self.port}/0"

    def initialise(self) -> None:
        """Redis starts on an empty directory."""

    def options(self) -> list[str]:
        listen = ["--bind", "127.0.0.1", "--port", str(self.port), "--unixsocket", str(self.socket)]
        keep = DURABLE if self.durable else []
        return [*listen, "--dir", str(self.data), "--save", "", "--maxmemory-policy", "noeviction", *keep]

    def answers(self) -> bool:
        return answers(self.socket)
