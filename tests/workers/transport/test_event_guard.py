"""What Flower believes of an event: fields of their types and within their ranges, and no words but names."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from typing import Any

import pytest
from celery import Celery
from celery.events.state import State
from hypothesis import given
from hypothesis import strategies as st

from tests.processes.malformed import ANYTHING, SECRET, kinds
from workers.transport.event_guard import KINDS, MAX_BYTES, as_message, read_events

HEARTBEAT = {
    "type": "worker-heartbeat", "hostname": "commands-7@host", "timestamp": 1_700_000_000.5, "clock": 12,
    "utcoffset": 0, "pid": 7, "freq": 2.0, "sw_ident": "py-celery", "sw_ver": "5.7.0", "sw_sys": "Linux",
    "active": 0, "processed": 3, "loadavg": [0.1, 0.2, 0.3],
}  # fmt: skip
SUCCEEDED = {
    "type": "task-succeeded", "hostname": "commands-7@host", "timestamp": 1_700_000_000.5, "clock": 13, "utcoffset": 0,
    "pid": 7, "uuid": "u-1", "name": "scriptledger.drain", "args": "(7,)", "kwargs": "{}", "retries": 0,
    "result": "{'answered': 1}", "runtime": 0.01,
}  # fmt: skip


def told(content: object) -> bytes:
    body = b64encode(json.dumps(content).encode()).decode()
    properties = {"body_encoding": "base64", "delivery_tag": "t", "delivery_info": {}}
    return json.dumps({"body": body, "headers": {"hostname": "h"}, "properties": properties}).encode()


@pytest.mark.parametrize("event", [HEARTBEAT, SUCCEEDED])
def test_what_a_worker_tells_is_believed(event: dict[str, Any]):
    assert read_events(told(event)) == [event]
    assert read_events(told([event, event])) == [event, event]
    assert json.loads(str(as_message([event])["body"])) == [event]


@pytest.mark.parametrize("event", [HEARTBEAT, SUCCEEDED])
def test_a_field_of_another_type_is_left_out_or_the_event_is(event: dict[str, Any]):
    for name in event:
        for what, value in ANYTHING.items():
            for believed in read_events(told({**event, name: value, SECRET: SECRET})):
                assert believed.keys() <= event.keys(), (name, what)
                show(believed)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
def test_whatever_else_is_told_is_no_event(content: Any):
    assert read_events(told(content)) == []


@pytest.mark.parametrize("data", [*kinds("commands", few=True).values(), b" " * (MAX_BYTES + 1)])
def test_what_is_no_message_is_no_event(data: bytes):
    assert read_events(data) == []


def test_every_kind_of_event_can_be_shown():
    for kind in KINDS:
        [believed] = read_events(told({**SUCCEEDED, "type": kind}))
        show(believed)


def show(event: dict[str, Any]) -> None:
    """Celery's own memory takes it, which raises over what it does not expect."""
    State().event({"local_received": time.time(), "clock": 1, **event})
    Celery("tests", set_as_current=False).clock.adjust(event.get("clock", 1))
