"""A private Redis, ready in a tenth of a second."""

from __future__ import annotations

import os

from tests.services.private import PrivateServer
from workers.embedded.valkey import answers

DURABLE = ["--appendonly", "yes", "--appendfsync", "always"]


class RedisServer(PrivateServer):
    """A private Redis: no password, this machine only, no eviction. SCRIPTLEDGER_TEST_REDIS_SERVER sets the program."""

    program = os.environ.get("SCRIPTLEDGER_TEST_REDIS_SERVER") or "redis-server"

    @property
    def url(self) -> str:
        """The URL for Celery and redis-py."""
        return f"redis://127.0.0.1:{self.port}/0"

    def initialise(self) -> None:
        """Do nothing: Redis starts with an empty directory."""

    def options(self) -> list[str]:
        listen = ["--bind", "127.0.0.1", "--port", str(self.port), "--unixsocket", str(self.socket)]
        keep = DURABLE if self.durable else []
        return [*listen, "--dir", str(self.data), "--save", "", "--maxmemory-policy", "noeviction", *keep]

    def answers(self) -> bool:
        return answers(self.socket)
