"""Messages that no client of ours made: for each queue, every part of a message of its own kind spoilt in turn."""

from __future__ import annotations

import json
import math
import uuid
from base64 import b64encode
from typing import Any

SECRET = "Only Ada may read this."
GOOD: dict[str, tuple[str, list[Any]]] = {
    "commands": ("scriptledger.drain", [1]),
    "intake": ("scriptledger.intake", ['{"script_id": 1, "submission_id": "good"}']),
    "materialization": ("scriptledger.materialize", [1, 1]),
    "proposals": ("scriptledger.propose_edit", [1]),
    "backfill": ("scriptledger.backfill_item", [1]),
    "reconcile": ("scriptledger.reconcile", []),
    "upkeep": ("scriptledger.keep_schedules", []),
}
ANYTHING: dict[str, Any] = {
    "a number": 5,
    "a huge number": 10**40,
    "infinity": math.inf,
    "not a number": math.nan,
    "false": False,
    "words": SECRET,
    "a list": [SECRET],
    "a list of lists": [[1], {}],
    "an object": {SECRET: SECRET},
    "null": None,
}
HEADERS = [
    "id",
    "task",
    "lang",
    "root_id",
    "parent_id",
    "group",
    "group_index",
    "eta",
    "expires",
    "timelimit",
    "retries",
    "shadow",
    "argsrepr",
    "kwargsrepr",
    "origin",
    "ignore_result",
    "replaced_task_nesting",
    "stamped_headers",
    "stamps",
    "deliveries",
    "redelivered",
    "compression",
    "chord",
    "clock",
]
PROPERTIES = [
    "delivery_tag",
    "delivery_info",
    "body_encoding",
    "correlation_id",
    "reply_to",
    "priority",
    "delivery_mode",
]
PARTS = ["body", "headers", "properties", "content-type", "content-encoding"]
CALL = {
    "task": "scriptledger.intake",
    "args": [SECRET],
    "kwargs": {},
    "options": {"queue": "intake"},
    "subtask_type": None,
}
BODIES: dict[str, bytes] = {
    "no body": b"",
    "no JSON": f'["{SECRET}'.encode(),
    "a number": b"5",
    "null": b"null",
    "words": json.dumps(SECRET).encode(),
    "one part": b"[[1]]",
    "the arguments alone": b"[7]",
    "four parts": b"[[1], {}, {}, {}]",
    "words for arguments": json.dumps([SECRET, {}, {}]).encode(),
    "an object for arguments": b'[{"a": 1}, {}, {}]',
    "null for named ones": b"[[1], null, {}]",
    "named ones": json.dumps([[], {"script_id": SECRET}, {}]).encode(),
    "a list for options": b"[[1], {}, [1]]",
    "a page of brackets": b"[" * 100_000,
    "deep arguments": b"[[" + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"], {}, {}]",
    "no UTF-8": b"[[1], {}, {}]\xff\xfe",
    "a mark of byte order": b"\xef\xbb\xbf[[1], {}, {}]",
    "protocol 1": json.dumps({"task": "scriptledger.drain", "id": "a", "args": [SECRET], "kwargs": {}}).encode(),
    "a type": b'[[{"__type__": "datetime", "__value__": "soon"}], {}, {}]',
    "a type that is none": b'[[{"__type__": "os.system", "__value__": "id"}], {}, {}]',
    "too long a number": b"[[" + b"9" * 5_000 + b"], {}, {}]",
    "calls": json.dumps([[1], {}, {"callbacks": [CALL], "errbacks": [CALL], "chain": [CALL], "chord": CALL}]).encode(),
    "calls that are none": json.dumps(
        [[1], {}, {"callbacks": [5], "errbacks": "x", "chain": 7, "chord": [1]}]
    ).encode(),
    "options twice": b'[[1], {}, {"chain": null, "chain": [5]}]',
}
TASKS = [
    "no.such.task",
    "celery.map",
    "celery.starmap",
    "celery.chunks",
    "celery.group",
    "celery.chain",
    "celery.chord",
    "celery.chord_unlock",
    "celery.accumulate",
    "celery.backend_cleanup",
    "scriptledger.drain_deep",
    "scriptledger.materialize",
    "scriptledger.reconcile",
    "os.system",
    "scriptledger.set_aside",
]
ARGUMENTS: tuple[list[Any], ...] = (
    [], [0], [-1], [2**53], [2**64], [10**40], [1.5], [math.nan], [True], [None], [SECRET], [[1]], [{"a": 1}],
    [1, 2, 3],
)  # fmt: skip


def message(task: Any, args: Any, queue: str, *, body: bytes | None = None, message_id: str = "") -> dict[str, Any]:
    """A message as a client puts it into Redis."""
    message_id = message_id or str(uuid.uuid4())
    content = json.dumps([args, {}, {}]).encode() if body is None else body
    return {
        "body": b64encode(content).decode(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {"lang": "py", "task": task, "id": message_id},
        "properties": {
            "correlation_id": message_id,
            "body_encoding": "base64",
            "delivery_mode": 2,
            "delivery_tag": str(uuid.uuid4()),
            "delivery_info": {"exchange": "", "routing_key": queue},
        },
    }


def good(queue: str, message_id: str = "") -> bytes:
    """A message that the worker of a queue carries out."""
    return json.dumps(message(*GOOD[queue], queue, message_id=message_id)).encode()


def kinds(queue: str, *, few: bool = False) -> dict[str, bytes]:
    """What to put into a queue, by what is wrong with it; some of it is only strange, and carried out.

    With `few`, not every header and property holds everything in turn, but each something.
    """
    task, args = GOOD[queue]
    found: dict[str, Any] = {
        "nothing": b"",
        "words": SECRET.encode(),
        "no UTF-8": b"\xff\xfe\x00",
        "a page of braces": b'{"a":' * 100_000,
        "half of a pair": b'{"body": "\\ud800", "headers": {}}',
        "headers twice": b'{"headers": {}, "headers": 5, "body": ""}',
        "nulls": b"\x00" * 1_000,
    }
    found |= {f"the message is {what}": value for what, value in ANYTHING.items()}
    found |= {f"the body is {what}": message(task, args, queue, body=body) for what, body in BODIES.items()}
    found |= {f"the task is {name}": message(name, args, queue) for name in TASKS if name != task}
    found |= {f"the arguments are {given}": message(task, given, queue) for given in ARGUMENTS if given != args}
    for name in PARTS:
        found |= _spoilt(f"the part {name}", queue, lambda it: it, name, step=1)
        whole = message(task, args, queue)
        del whole[name]
        found[f"there is no {name}"] = whole
    step = 4 if few else 1
    for name in HEADERS:
        found |= _spoilt(f"the header {name}", queue, lambda it: it["headers"], name, step=step)
    for name in PROPERTIES:
        found |= _spoilt(f"the property {name}", queue, lambda it: it["properties"], name, step=step)
        whole = message(task, args, queue)
        whole["properties"].pop(name, None)
        found[f"there is no {name}"] = whole
    found |= {
        f"it {name} {when}": _with_header(queue, name, when)
        for name in ("eta", "expires")
        for when in ("9999-12-31T23:59:59", "0001-01-01T00:00:00+23:59", "2000-01-01T00:00:00Z", "soon", "1e300")
    }
    found["its limits are words"] = _with_header(queue, "timelimit", ["a", "b"])
    found["its limits are inverted"] = _with_header(queue, "timelimit", [1, 500])
    return {what: each if isinstance(each, bytes) else json.dumps(each).encode() for what, each in found.items()}


def _spoilt(content: str, queue: str, part: Any, name: str, *, step: int) -> dict[str, Any]:
    found = {}
    for what, value in list(ANYTHING.items())[len(name) % step :: step]:
        whole = message(*GOOD[queue], queue)
        part(whole)[name] = value
        found[f"{content} is {what}"] = whole
    return found


def _with_header(queue: str, name: str, value: Any) -> dict[str, Any]:
    whole = message(*GOOD[queue], queue)
    whole["headers"][name] = value
    return whole
