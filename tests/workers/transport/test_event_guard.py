"""Event guard tests: only fields of valid type and range are kept, and no text except names."""

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


def message(content: object) -> bytes:
    body = b64encode(json.dumps(content).encode()).decode()
    properties = {"body_encoding": "base64", "delivery_tag": "t", "delivery_info": {}}
    return json.dumps({"body": body, "headers": {"hostname": "h"}, "properties": properties}).encode()


@pytest.mark.parametrize("event", [HEARTBEAT, SUCCEEDED])
def test_a_valid_event_is_unchanged(event: dict[str, Any]):
    assert read_events(message(event)) == [event]
    assert read_events(message([event, event])) == [event, event]
    assert json.loads(str(as_message([event])["body"])) == [event]


@pytest.mark.parametrize("event", [HEARTBEAT, SUCCEEDED])
def test_an_invalid_field_or_its_event_is_dropped(event: dict[str, Any]):
    for name in event:
        for what, value in ANYTHING.items():
            for believed in read_events(message({**event, name: value, SECRET: SECRET})):
                assert believed.keys() <= event.keys(), (name, what)
                show(believed)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
def test_any_other_content_is_not_an_event(content: Any):
    assert read_events(message(content)) == []


@pytest.mark.parametrize("data", [*kinds("commands", few=True).values(), b" " * (MAX_BYTES + 1)])
def test_an_invalid_message_is_not_an_event(data: bytes):
    assert read_events(data) == []


def test_every_kind_of_event_can_be_shown():
    for kind in KINDS:
        [believed] = read_events(message({**SUCCEEDED, "type": kind}))
        show(believed)


def show(event: dict[str, Any]) -> None:
    """Feed an event to Celery's state, which raises for unexpected fields."""
    State().event({"local_received": time.time(), "clock": 1, **event})
    Celery("tests", set_as_current=False).clock.adjust(event.get("clock", 1))
