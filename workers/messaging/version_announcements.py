"""Version announcements: published in Redis on `script:<id>` when a script has a new version.

They are hints. One may arrive late, twice, out of order or not at all, but never before its COMMIT was confirmed. After
an announcement, or a while without one, a reader reads on from the version it has.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, suppress

import msgspec
import redis
import structlog
from redis.backoff import NoBackoff
from redis.client import PubSub
from redis.retry import Retry

from repos.unit_of_work import UnitOfWork

# The timeout of each read from Redis: the cost of an announcement to a drain.
BROKER_TIMEOUT_SECONDS = 0.2
# The timeout of each read for a reader, which delays no other process.
READER_TIMEOUT_SECONDS = 1.0
# After a failure of Redis, nothing is announced for this long.
SILENCE_SECONDS = 5.0
# The poll interval: how late a reader is at most after a lost announcement.
POLL_SECONDS = 5.0
# The poll interval without Redis.
POLL_WITHOUT_REDIS_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Announcement(msgspec.Struct, frozen=True):
    """The content of an announcement: this version of this script is committed."""

    script_id: int
    version: int


def channel(script_id: int) -> str:
    """The channel of a script."""
    return f"script:{script_id}"


class Announcer:
    """Announces versions through Redis; does nothing with another broker. Never raises."""

    def __init__(self, broker_url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._silent_until = 0.0
        url = client_url(broker_url)
        self._client = None if url is None else _client_with_timeout(url, BROKER_TIMEOUT_SECONDS)

    def announce(self, versions: Mapping[int, int]) -> bool:
        """Announce the committed versions, by script, in one round trip; return whether Redis took them."""
        if self._client is None or self._clock() < self._silent_until:
            return False
        try:
            pipeline = self._client.pipeline(transaction=False)
            for script_id, version in versions.items():
                pipeline.publish(channel(script_id), msgspec.json.encode(Announcement(script_id, version)))
            pipeline.execute()
        except Exception as error:
            # Any error of Redis or its URL: the versions are committed, so the drain must not fail.
            self._silent_until = self._clock() + SILENCE_SECONDS
            log.warning("announcement.unheard", scripts=len(versions), problem=type(error).__name__)
            return False
        return True

    def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()


def follow(unit_of_work: UnitOfWork, broker_url: str, script_id: int, *, after: int) -> Iterator[int]:
    """Yield the head version of a script each time it has advanced; never ends.

    The versions are read from the database: an announcement only triggers a poll.
    """
    with ExitStack() as stack:
        listener = AnnouncementListener(stack, broker_url, script_id)
        while True:
            with unit_of_work.reading() as tx:
                head = tx.heads.get(script_id)
            if head is not None and head.version > after:
                after = head.version
                yield after
            listener.wait()


def client_url(broker_url: str) -> str | None:
    """The URL of the broker in the form of Redis clients; None for another broker or Sentinel."""
    if socket := re.fullmatch(r"redis\+socket://(?P<path>[^?]*)(?:\?virtual_host=(?P<number>\d+))?", broker_url):
        return f"unix://{socket['path']}?db={socket['number'] or 0}"
    if not broker_url.startswith(("redis://", "rediss://")):
        return None
    # Celery writes CERT_REQUIRED, Redis clients `required`.
    return re.sub(r"(?<=ssl_cert_reqs=)CERT_(\w+)", lambda word: word[1].lower(), broker_url)


class AnnouncementListener:
    """Waits for the announcements of one script; falls back to polling when Redis fails."""

    def __init__(self, stack: ExitStack, broker_url: str, script_id: int) -> None:
        self._channel = channel(script_id)
        self._listening: PubSub | None = None
        if url := client_url(broker_url):
            client = stack.enter_context(closing(_client_with_timeout(url, READER_TIMEOUT_SECONDS)))
            self._listening = stack.enter_context(
                closing(client.pubsub(ignore_subscribe_messages=True))  # type: ignore[no-untyped-call]
            )
            with suppress(redis.RedisError, OSError):
                self._listening.subscribe(self._channel)

    def wait(self) -> None:
        """Wait for an announcement or the next poll."""
        if self._listening is None:
            time.sleep(POLL_WITHOUT_REDIS_SECONDS)
            return
        deadline = time.monotonic() + POLL_SECONDS
        try:
            if not self._listening.subscribed:
                self._listening.subscribe(self._channel)
                return
            while (left := deadline - time.monotonic()) > 0:
                if self._listening.get_message(timeout=left) is not None:
                    return
        except (redis.RedisError, OSError):
            time.sleep(POLL_WITHOUT_REDIS_SECONDS)


def _client_with_timeout(url: str, timeout: float) -> redis.Redis:
    """A client without retries, with a timeout for each read, that sends no client information on connecting."""
    once = Retry(NoBackoff(), 0)
    return redis.Redis.from_url(
        url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=once, driver_info=None
    )
