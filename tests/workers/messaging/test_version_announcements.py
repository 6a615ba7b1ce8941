"""Announcement tests: only committed versions, readers recover lost ones, and drains never wait for Redis."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from threading import Thread

import msgspec
import psutil
import pytest
import redis

from domain.commands.kinds.line_splice import LineSplice
from domain.script.hashing import expect_hash
from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine
from repos.schema import upgrade
from repos.unit_of_work import UnitOfWork
from tests.materialization.write_path.script_editor import A, B, ScriptEditor, edit
from tests.services.redis_server import RedisServer
from tests.slowness import adjusted_for_load
from workers.messaging.version_announcements import Announcement, Announcer, channel, client_url, follow

pytestmark = [pytest.mark.services, pytest.mark.slow]

MAX_SECONDS = 1.0  # twice the promised time, for a busy machine
EDITS = 60


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def announcer(server: RedisServer) -> Iterator[Announcer]:
    with closing(Announcer(server.url)) as announcer:
        yield announcer


@pytest.fixture
def announcing(mariadb_url: str, announcer: Announcer) -> Iterator[UnitOfWork]:
    engine = make_engine(mariadb_url, pool_size=4)
    upgrade.upgrade(engine)
    yield UnitOfWork(engine, advanced=announcer.announce)
    engine.dispose()


@pytest.fixture
def editor(announcing: UnitOfWork) -> ScriptEditor:
    return ScriptEditor(announcing, Ledger(announcing, clock=count(1_000).__next__)).begin(A, B)


class Listener:
    """Records the announcements for a script, with the version committed at that time."""

    def __init__(self, server: RedisServer, editor: ScriptEditor) -> None:
        self._editor = editor
        self._client = redis.Redis.from_url(server.url)
        self._channel = self._client.pubsub(ignore_subscribe_messages=True)
        self._channel.subscribe(channel(editor.script_id))
        self._channel.get_message(timeout=5)
        self.announced: list[tuple[int, int]] = []

    def listen(self, upto: int) -> None:
        while not self.announced or self.announced[-1][0] < upto:
            message = self._channel.get_message(timeout=10)
            if message is None:
                return
            announcement = msgspec.json.decode(message["data"], type=Announcement)
            assert announcement.script_id == self._editor.script_id
            self.announced.append((announcement.version, self._editor.version))

    def close(self) -> None:
        self._channel.close()
        self._client.close()


def type_on(editor: ScriptEditor, times: int) -> None:
    """Enqueue keystrokes one at a time, and drain after each."""
    for _ in range(times):
        line = next(iter(editor.state().lines()))
        splice = LineSplice(line=line.id, expect=expect_hash(line), at=0, insert="x")
        editor.enqueue(editor.submission(splice))
        assert editor.drain() == 1


def test_each_announced_version_is_committed(server: RedisServer, editor: ScriptEditor):
    with closing(Listener(server, editor)) as listener:
        listening = Thread(target=listener.listen, args=(1 + EDITS,))
        listening.start()
        type_on(editor, EDITS)
        listening.join()

    assert [version for version, _ in listener.announced] == list(range(2, 2 + EDITS))
    assert all(committed >= version for version, committed in listener.announced)


def test_a_submission_without_a_version_is_not_announced(server: RedisServer, editor: ScriptEditor):
    with closing(Listener(server, editor)) as listener:
        editor.send(edit(B, "?"), base=99)  # refused
        editor.send(edit(A, A.text))  # a no-op
        with pytest.raises(RuntimeError, match="lost"):
            roll_back_an_edit(editor)
        assert editor.version == 1
        type_on(editor, 1)
        listener.listen(2)

    assert listener.announced == [(2, 2)]


def test_versions_of_several_scripts_are_announced_together(server: RedisServer, editor: ScriptEditor):
    other = ScriptEditor(editor.unit_of_work, editor.ledger).begin(A, B)
    for writer in (editor, other):
        writer.enqueue(writer.submission(edit(A, "Together.")))
    with closing(Listener(server, editor)) as one, closing(Listener(server, other)) as two:
        editor.ledger.drain_all([editor.script_id, other.script_id])
        one.listen(2)
        two.listen(2)

    assert one.announced == two.announced == [(2, 2)]


def roll_back_an_edit(editor: ScriptEditor) -> None:
    with editor.unit_of_work.script(editor.script_id) as tx:
        tx.heads.advance(tx.head, tx.head.version)
        raise RuntimeError("lost")


def test_a_reader_gets_every_version_though_announcements_are_lost(server: RedisServer, editor: ScriptEditor):
    versions = follow(editor.unit_of_work, server.url, editor.script_id, after=0)
    assert next(versions) == 1
    reached: list[int] = []
    reading = Thread(target=lambda: reached.extend(until(versions, 3)))
    reading.start()
    time.sleep(0.2)

    quiet = ScriptEditor(UnitOfWork(editor.unit_of_work._engine), editor.ledger, editor.script_id)
    Ledger(quiet.unit_of_work).submit(quiet.submission(edit(A, "Not announced."), id="quiet"))
    with redis.Redis.from_url(server.url) as client:
        client.client_kill_filter(_type="pubsub")  # disconnects all subscribers
    time.sleep(0.2)
    type_on(editor, 1)
    reading.join(15)

    assert reached[-1] == 3


def until(versions: Iterator[int], last: int) -> Iterator[int]:
    for version in versions:
        yield version
        if version >= last:
            return


def test_a_reader_without_redis_polls(editor: ScriptEditor):
    versions = follow(editor.unit_of_work, "redis://127.0.0.1:1/0", editor.script_id, after=0)

    assert next(versions) == 1
    type_on(editor, 1)
    assert next(versions) == 2


def test_a_hanging_redis_does_not_block_the_drain(server: RedisServer, editor: ScriptEditor, announcer: Announcer):
    type_on(editor, 1)
    running = [child for child in psutil.Process().children(recursive=True) if child.status() != psutil.STATUS_ZOMBIE]
    process = next(child for child in running if f":{server.port}" in " ".join(child.cmdline()))
    process.suspend()
    try:
        with closing(Announcer(server.url)) as stranger:  # whose connection is not open yet
            assert in_seconds(lambda: stranger.announce({7: 1})) < adjusted_for_load(MAX_SECONDS)
        assert in_seconds(lambda: announcer.announce({7: 1})) < adjusted_for_load(MAX_SECONDS)
        assert in_seconds(lambda: announcer.announce({7: 1})) < adjusted_for_load(0.01), "it is silent for a while"
        type_on(editor, 2)
    finally:
        process.resume()

    assert editor.version == 4


def test_an_unreachable_redis_is_not_retried_for_a_while(server: RedisServer):
    now = [0.0]
    with closing(Announcer(server.url, clock=lambda: now[0])) as announcer:
        assert announcer.announce({7: 1})
        server.kill()
        assert not announcer.announce({7: 2})
        server.restart()
        assert not announcer.announce({7: 3}), "it is silent"
        now[0] = 6.0
        assert announcer.announce({7: 4})


def test_an_announcement_costs_a_drain_almost_nothing(announcer: Announcer, record_property):
    announcer.announce({7: 1})
    took = [in_seconds(lambda: announcer.announce({7: 1})) for _ in range(500)]

    record_property("announcement_microseconds", round(statistics.median(took) * 1e6))
    assert statistics.median(took) < adjusted_for_load(0.002)


@pytest.mark.parametrize(
    ("broker", "client"),
    [
        ("redis://:secret@host:6379/1", "redis://:secret@host:6379/1"),
        ("redis+socket:///run/broker.sock?virtual_host=2", "unix:///run/broker.sock?db=2"),
        ("redis+socket:///run/broker.sock", "unix:///run/broker.sock?db=0"),
        ("rediss://host/0?ssl_cert_reqs=CERT_REQUIRED", "rediss://host/0?ssl_cert_reqs=required"),
        ("amqp://host", None),
        ("sentinel://host:26379", None),
        ("", None),
    ],
)
def test_a_broker_url_is_converted_for_redis_clients(broker: str, client: str | None):
    assert client_url(broker) == client
    with closing(Announcer(broker)) as announcer:
        assert client is not None or not announcer.announce({1: 1})


def in_seconds(call) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
