"""Message guard tests: only tasks of the queue with ids pass, and nothing that changes what Celery does."""

from __future__ import annotations

import json
import tracemalloc
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kombu.message import Message
from kombu.utils.json import loads

from tests.processes.malformed import GOOD, SECRET, good, kinds, message
from workers.app import app
from workers.process.task_names import ID_TASKS
from workers.transport import intake_guard
from workers.transport.consumer import rebuild
from workers.transport.message_guard import QUEUES, read_item
from workers.transport.redis_transport import as_raw
from workers.transport.trusted_message import Expired, Misrouted, Refused, Trusted
from workers.transport.unacknowledged_messages import take_apart

BELL_QUEUES = sorted(ID_TASKS)
HEADERS = {
    "lang",
    "task",
    "id",
    "root_id",
    "argsrepr",
    "kwargsrepr",
    "expires",
    "retries",
    "ignore_result",
    "deliveries",
}
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


def item(it: object) -> bytes:
    return json.dumps(it).encode()


def with_header(queue: str, **headers: object) -> bytes:
    it = message(*GOOD[queue], queue)
    it["headers"] |= headers
    return item(it)


def assert_valid(queue: str, trusted: Trusted) -> None:
    """Check that a message has the fields and types that Celery needs, and nothing else."""
    headers = trusted.headers()
    assert set(headers) == HEADERS
    assert headers["task"] in (
        {*ID_TASKS[queue]} if queue in ID_TASKS else {"scriptledger.intake", "scriptledger.set_aside"}
    )
    assert isinstance(headers["id"], str)
    assert 1 <= len(headers["id"]) <= 64
    assert type(headers["deliveries"]) is int
    args, kwargs, options = loads(trusted.body)  # as the child process of a worker reads it
    assert kwargs == options == {}
    if queue in ID_TASKS:
        assert all(type(arg) is int and 1 <= arg < 2**53 for arg in args)
    else:
        assert all(type(arg) is str for arg in args)


@pytest.mark.parametrize("queue", sorted(QUEUES))
def test_a_valid_message_is_accepted(queue: str):
    trusted = read_item(queue, good(queue, "its-id"))

    assert_valid(queue, trusted)
    assert (trusted.task, trusted.message_id) == (GOOD[queue][0], "its-id")
    assert json.loads(trusted.body)[0] == GOOD[queue][1]


@pytest.mark.parametrize("queue", sorted(QUEUES))
def test_every_kind_is_refused_or_rebuilt(queue: str):
    problems = [problem for content in kinds(queue).values() if (problem := read_and_check(queue, content))]

    assert len(problems) > 80 or queue == "intake"
    assert SECRET not in str(problems)


@given(queue=st.sampled_from(sorted(QUEUES)), given=ANY_JSON, part=st.sampled_from(["body", "headers", "properties"]))
def test_any_json_in_any_part_is_refused_or_rebuilt(queue: str, given: Any, part: str):
    it = message(*GOOD[queue], queue)
    it[part] = given
    read_and_check(queue, json.dumps(it).encode())


@given(queue=st.sampled_from(sorted(QUEUES)), content=st.binary(max_size=200))
def test_any_bytes_are_refused_or_rebuilt(queue: str, content: bytes):
    read_and_check(queue, content)
    read_and_check(queue, item(message(*GOOD[queue], queue, body=content)))


def read_and_check(queue: str, content: bytes) -> str:
    """The problem of a refused message; an accepted one is checked."""
    try:
        trusted = read_item(queue, content)
    except Refused as refusal:
        return refusal.problem if queue in ID_TASKS else pytest.fail("a message of the intake was refused")
    assert_valid(queue, trusted)
    return ""


@pytest.mark.parametrize("queue", BELL_QUEUES)
def test_a_task_of_another_queue_is_refused(queue: str):
    for other in set(BELL_QUEUES) - {queue}:
        with pytest.raises(Refused, match="no task of this queue"):
            read_item(queue, good(other))


@pytest.mark.parametrize("queue", BELL_QUEUES)
def test_a_submission_in_another_queue_is_misrouted(queue: str):
    with pytest.raises(Misrouted):
        read_item(queue, good("intake"))


def test_every_task_is_accepted_in_the_queue_of_its_route():
    routes = {task: route["queue"] for task, route in app.conf.task_routes.items()}
    known = {task: queue for queue, tasks in ID_TASKS.items() for task in tasks}

    assert known | {intake_guard.INTAKE: "intake", intake_guard.SET_ASIDE: "intake"} == routes
    app.loader.import_default_modules()
    assert {name for name in app.tasks if name.startswith("scriptledger.")} == set(routes)


def test_a_bell_is_accepted_until_it_expires():
    now = datetime.now(UTC)

    soon = read_item("upkeep", with_header("upkeep", expires=(now + timedelta(seconds=9)).isoformat()))
    with pytest.raises(Expired):
        read_item("upkeep", with_header("upkeep", expires=(now - timedelta(seconds=1)).isoformat()))

    assert soon.expires is not None
    assert datetime.fromisoformat(soon.expires) > now


TEXT = '{"script_id": 7, "submission_id": "late"}'


@pytest.mark.parametrize(
    ("headers", "problem"),
    [
        ({"expires": "2000-01-01T00:00:00Z"}, "expired"),
        ({"expires": "soon"}, "`expires` is not an ISO 8601 time"),
        ({"expires": 5}, "`expires` is not an ISO 8601 time"),
        ({"expires": [1]}, "`expires` is not an ISO 8601 time"),
        ({"eta": "2999-01-01T00:00:00Z"}, "`eta` is in the future"),
        ({"eta": "9999-12-31T23:59:59.999999-23:59"}, "`eta` is not an ISO 8601 time"),
        ({"eta": {}}, "`eta` is not an ISO 8601 time"),
    ],
)
def test_an_expired_or_early_submission_becomes_an_unchanged_dead_letter(headers: dict[str, Any], problem: str):
    it = message("scriptledger.intake", [TEXT], "intake", message_id="its-id")
    it["headers"] |= headers

    trusted = read_item("intake", item(it))

    payload, why, name = json.loads(trusted.body)[0]
    assert trusted.task == "scriptledger.set_aside"
    assert (b64decode(payload).decode(), name) == (TEXT, "its-id")
    assert problem in why


def test_a_submission_that_is_due_is_accepted():
    now = datetime.now(UTC)
    times = {"eta": (now + timedelta(seconds=5)).isoformat(), "expires": (now + timedelta(days=1)).isoformat()}

    trusted = read_item("intake", with_header("intake", **times))

    assert (trusted.task, trusted.expires) == ("scriptledger.intake", None)


def test_an_object_is_accepted_as_its_json_text():
    submission = {"script_id": 7, "note": {"__type__": "datetime", "__value__": "soon"}}

    trusted = read_item("intake", item(message("scriptledger.intake", [submission], "intake")))

    assert [json.loads(arg) for arg in loads(trusted.body)[0]] == [submission]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"{", b"[" * 100_000, b'{"scrap": 4}'])
def test_an_unreadable_message_is_kept_unchanged(content: bytes):
    payload, _, name = json.loads(read_item("intake", content).body)[0]

    assert (b64decode(payload), name) == (content, "")


def test_a_message_that_is_too_large_is_kept_up_to_the_limit():
    huge = b" " * (intake_guard.MAX_BYTES + 1)

    payload = json.loads(read_item("intake", huge).body)[0][0]

    assert b64decode(payload) == huge[: intake_guard.KEPT_BYTES]
    with pytest.raises(Refused, match="larger"):
        read_item("commands", huge)


BOMB = b"[" + b"[]," * 7_000_000 + b"[]]"


@pytest.mark.parametrize("queue", ["commands", "intake"])
@pytest.mark.parametrize("part", ["body", "headers", "properties", "another", "arguments", "named", "options"])
def test_a_part_that_would_exhaust_memory_is_not_decoded(queue: str, part: str):
    it = message(*GOOD[queue], queue)
    bodies = {"arguments": b"[%s,{},{}]", "named": b'[["x"],{"a":%s},{}]', "options": b'[["x"],{},{"chain":%s}]'}
    if part in bodies:
        it["body"], it["properties"]["body_encoding"] = (bodies[part] % BOMB).decode(), "utf-8"
        content = item(it)
    else:
        it[part] = None
        content = item(it).replace(b'"%s": null' % part.encode(), b'"%s": %s' % (part.encode(), BOMB))
    assert len(content) > 20_000_000

    tracemalloc.start()
    read_and_check(queue, content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 8 * len(content)


@pytest.mark.parametrize("queue", sorted(QUEUES))
def test_a_rebuilt_message_is_accepted_when_redelivered(queue: str):
    trusted = read_item(queue, good(queue, "its-id"))
    recorded = item([as_raw(queue, trusted), "", queue])

    came_to, again = take_apart(recorded)

    assert came_to == queue
    assert read_item(queue, again) == msgspec.structs.replace(trusted, redelivered=True)


@pytest.mark.parametrize(
    "kept",
    [b"", b"[]", b"5", b'[1, "", "upkeep"]', b'[{}, "", "upkeep"]', b'[{"properties": 5}, "", "upkeep"]',
     b'[{"properties": {}}, "", "elsewhere"]', b'[{"properties": {}}, "", 5]', b"\xff", b"[" * 100_000],
)  # fmt: skip
def test_an_invalid_record_goes_to_the_intake_unchanged(kept: bytes):
    assert take_apart(kept) == ("intake", kept)


def test_a_message_of_another_broker_is_rebuilt_in_place():
    options = {"callbacks": [5], "chord": 1, "chain": [2]}
    headers = {"task": "scriptledger.drain", "id": ["x"], "timelimit": ["a"], "stamps": 5, "eta": 1}
    it = Message(
        body=json.dumps([[7], {}, options]),
        headers=headers,
        properties={"reply_to": {"a": 1}, "priority": "x"},
        content_type="application/json",
        content_encoding="utf-8",
        delivery_info={"redelivered": True},
    )

    rebuild(it, "commands")

    assert set(it.headers) == HEADERS
    assert it.payload == [[7], {}, {}]
    assert set(it.properties) == {"correlation_id"}
    with pytest.raises(Refused):
        rebuild(it, "upkeep")
