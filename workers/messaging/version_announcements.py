"""Announcements: Redis tells whoever listens on `script:<id>` that a script has a new version.

They are hints. One may come late, twice, out of order or not at all, but none comes before its COMMIT was answered; a
reader who hears one, or hears nothing for a while, reads on from the version it has.
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

BROKER_TIMEOUT_SECONDS = 0.2
"""How long to wait for each word of Redis: what an announcement can cost a drain."""
LISTENING_SECONDS = 1.0
"""The same for a reader, whom nobody waits for."""
SILENCE_SECONDS = 5.0
"""How long nothing is announced after Redis did not answer."""
LOOK_SECONDS = 5.0
"""How late a reader is at most who lost an announcement."""
LOOK_WITHOUT_SECONDS = 1.0
"""The same where there is no Redis to listen to."""

log = structlog.get_logger(__name__)


class Announcement(msgspec.Struct, frozen=True):
    """What is announced: this version of this script is committed."""

    script_id: int
    version: int


def channel(script_id: int) -> str:
    """The channel of a script."""
    return f"script:{script_id}"


class Announcer:
    """Announces through the Redis that is the broker; through another broker, nothing. Never raises."""

    def __init__(self, broker_url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._silent_until = 0.0
        url = client_url(broker_url)
        self._client = None if url is None else _hurried(url, BROKER_TIMEOUT_SECONDS)

    def announce(self, versions: Mapping[int, int]) -> bool:
        """Say which versions, by script, are committed, in one round trip; whether Redis took it."""
        if self._client is None or self._clock() < self._silent_until:
            return False
        try:
            pipeline = self._client.pipeline(transaction=False)
            for script_id, version in versions.items():
                pipeline.publish(channel(script_id), msgspec.json.encode(Announcement(script_id, version)))
            pipeline.execute()
        except Exception as error:
            # Whatever is wrong with Redis or its URL: what is announced is committed, and no drain may fail over it.
            self._silent_until = self._clock() + SILENCE_SECONDS
            log.warning("announcement.unheard", scripts=len(versions), problem=type(error).__name__)
            return False
        return True

    def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()


def follow(unit_of_work: UnitOfWork, broker_url: str, script_id: int, *, after: int) -> Iterator[int]:
    """The version of a script's head, each time it is found ahead of the one before; for ever.

    What it yields was read from the database: an announcement only says when to look.
    """
    with ExitStack() as stack:
        heard = AnnouncementListener(stack, broker_url, script_id)
        while True:
            with unit_of_work.reading() as tx:
                head = tx.heads.get(script_id)
            if head is not None and head.version > after:
                after = head.version
                yield after
            heard.wait()


def client_url(broker_url: str) -> str | None:
    """The URL of the broker as Redis clients spell it; None where it is no Redis, or Sentinel has to find it."""
    if socket := re.fullmatch(r"redis\+socket://(?P<path>[^?]*)(?:\?virtual_host=(?P<number>\d+))?", broker_url):
        return f"unix://{socket['path']}?db={socket['number'] or 0}"
    if not broker_url.startswith(("redis://", "rediss://")):
        return None
    # As Celery spells it; clients know the word alone.
    return re.sub(r"(?<=ssl_cert_reqs=)CERT_(\w+)", lambda word: word[1].lower(), broker_url)


class AnnouncementListener:
    """Listens to the announcements of one script; what is wrong with Redis only makes it look by the clock."""

    def __init__(self, stack: ExitStack, broker_url: str, script_id: int) -> None:
        self._channel = channel(script_id)
        self._listening: PubSub | None = None
        if url := client_url(broker_url):
            client = stack.enter_context(closing(_hurried(url, LISTENING_SECONDS)))
            self._listening = stack.enter_context(
                closing(client.pubsub(ignore_subscribe_messages=True))  # type: ignore[no-untyped-call]
            )
            with suppress(redis.RedisError, OSError):
                self._listening.subscribe(self._channel)

    def wait(self) -> None:
        """Until something is announced, or it is time to look anyway."""
        if self._listening is None:
            time.sleep(LOOK_WITHOUT_SECONDS)
            return
        deadline = time.monotonic() + LOOK_SECONDS
        try:
            if not self._listening.subscribed:
                self._listening.subscribe(self._channel)
                return
            while (left := deadline - time.monotonic()) > 0:
                if self._listening.get_message(timeout=left) is not None:
                    return
        except (redis.RedisError, OSError):
            time.sleep(LOOK_WITHOUT_SECONDS)


def _hurried(url: str, patience: float) -> redis.Redis:
    """A client that tries once, waits so long for each word, and says nothing of itself when it connects."""
    once = Retry(NoBackoff(), 0)
    return redis.Redis.from_url(
        url, socket_timeout=patience, socket_connect_timeout=patience, retry=once, driver_info=None
    )
