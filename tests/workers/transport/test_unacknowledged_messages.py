"""A worker whose broker is lost while a task runs takes messages again when the broker is back."""

from __future__ import annotations

from collections.abc import Iterator

import kombu.pools
import pytest
from kombu.message import Message

from tests.services.redis_server import RedisServer
from workers.messaging.backfill_messages import QUEUE, BackfillMessages
from workers.transport.redis_transport import Channel, Connection

pytestmark = pytest.mark.services


@pytest.fixture
def broker() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server
    kombu.pools.reset()


@pytest.fixture
def channel(broker: RedisServer) -> Iterator[Channel]:
    """A channel of a worker that may have one message at a time."""
    connection = Connection(broker.url)
    channel = connection.channel()
    channel.basic_qos(prefetch_count=1)
    yield channel
    connection.collect(socket_timeout=1)


def taken(broker: RedisServer, channel: Channel) -> Message:
    """A message that was taken and is worked on."""
    assert BackfillMessages.at(broker.url).send_all([7])
    message: Message | None = channel.basic_get(QUEUE)
    assert message is not None
    assert not channel.qos.can_consume()
    return message


@pytest.mark.parametrize("ending", ["ack", "reject", "requeue"])
def test_a_message_that_ends_while_the_broker_is_gone_no_longer_counts(
    broker: RedisServer, channel: Channel, ending: str
):
    message = taken(broker, channel)
    broker.kill()
    with pytest.raises(channel.connection_errors):
        getattr(message, ending)()
    assert channel.qos.can_consume()


def test_a_message_that_ends_while_the_broker_is_there_leaves_no_record(broker: RedisServer, channel: Channel):
    taken(broker, channel).ack()
    assert channel.qos.can_consume()
    assert channel.client.keys("unacked*") == []
