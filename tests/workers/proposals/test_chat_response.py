"""Model response tests: an answer is taken wherever a server puts it, and what is none is refused."""

from __future__ import annotations

from typing import Any

import pytest

from domain.proposals.refusals import ModelUnavailable
from tests.workers.proposals.model_server import (
    DONE,
    QUERY,
    ModelServer,
    answered,
    completion,
    event,
    respond,
    streamed,
)
from workers.proposals.language_models.interface import Completion, Watch


def ask(server: ModelServer) -> Completion:
    return server.model().complete(QUERY)


def test_a_stream_is_one_answer(server: ModelServer):
    server.replies = [
        streamed(
            b": keep-alive\n\n",
            event({"role": "assistant", "content": ""}),
            event({"reasoning_content": "Colder, "}),
            event({"content": '{"hu'}),
            event({"content": 'nks": "é🎬"}'}),
            event({}, "stop"),
            event(usage={"prompt_tokens": 9, "completion_tokens": 4}),
            DONE,
        )
    ]
    counts: list[int] = []
    answer = server.model().complete(QUERY, Watch(written=counts.append))

    assert answer._replace(latency_ms=None) == Completion('{"hunks": "é🎬"}'.encode(), "writer-1", 9, 4)
    assert counts == sorted(counts)
    assert counts[-1] == len("Colder, ") + len('{"hunks": "é🎬"}')


def test_half_a_stream_is_no_answer(server: ModelServer):
    server.replies = [
        streamed(event({"content": '{"hunks": []'})),
        streamed(event({"content": '{"hunks": []}'}), DONE),
        streamed(event({"content": '{"hunks": [1]}'}), event({}, "stop")),
    ]

    assert [ask(server).output for _ in range(2)] == [b'{"hunks": []}', b'{"hunks": [1]}']
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("message", "finish", "answer"),
    [
        ({"content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": "{"}, "}"]}, "stop", "{}"),
        ({"content": [{"why": "x", "edits": []}]}, "stop", '[{"why": "x", "edits": []}]'),
        ({"content": {"hunks": []}}, "stop", '{"hunks": []}'),
        ({"content": None, "tool_calls": [{"function": {"arguments": "{}"}}]}, "tool_calls", "{}"),
        ({"content": "", "function_call": {"arguments": "{}"}}, "function_call", "{}"),
        ({"content": "{}", "reasoning_content": "hm", "refusal": None}, None, "{}"),
    ],
    ids=["parts", "parsed list", "parsed object", "tool call", "function call", "reasoning"],
)
def test_an_answer_is_taken_wherever_it_is(server: ModelServer, message: Any, finish: str, answer: str):
    server.replies = [answered(finish=finish, message=message)]

    assert ask(server)[::5] == (answer.encode(), "complete")


@pytest.mark.parametrize(
    ("message", "finish", "ended", "words"),
    [
        ({"content": None, "refusal": "Not that scene."}, "stop", "refused", "Not that scene."),
        ({"content": ""}, "content_filter", "refused", "filter"),
        ({"content": '{"hunks": [{"ed'}, "length", "cut off", '{"hunks": [{"ed'),
        ({"content": ""}, "max_tokens", "cut off", ""),
    ],
)
def test_the_end_of_an_answer_is_known(server: ModelServer, message: Any, finish: str, ended: str, words: str):
    server.replies = [answered(finish=finish, message=message, usage={"prompt_tokens": 5, "completion_tokens": 2})]

    answer = ask(server)
    assert (answer.ended, answer.tokens_in, answer.tokens_out) == (ended, 5, 2)
    assert words in answer.output.decode()


@pytest.mark.parametrize("count", [10**8 + 1, 2**53 - 1, 10**30, -1, 1.5, "7", True, None, []])
def test_an_absurd_count_of_tokens_is_unknown(server: ModelServer, count: Any):
    server.replies = [answered(usage={"prompt_tokens": count, "completion_tokens": 10**8})]

    answer = ask(server)
    assert (answer.tokens_in, answer.tokens_out) == (None, 10**8)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b"7",
        completion(None),
        completion(""),
        completion(7),
        b'{"choices": []}',
        b'{"choices": "x"}',
        b'{"choices": [null]}',
        b'{"choices": [{"message": []}]}',
        b"\x1f\x8b\x08\xff",
        b"[" * 90_000,
    ],
)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_response_that_is_not_a_completion_is_refused(server: ModelServer, body: bytes, *, stream: bool):
    server.replies = [streamed(b"data: " + body + b"\n\n", DONE) if stream else respond(200, body)]
    with pytest.raises(ModelUnavailable):
        ask(server)

    assert len(server.requests) == 1


@pytest.mark.parametrize("depth", [900, 5_000, 100_000])
def test_an_answer_with_a_deeply_nested_extra_field_is_read(server: ModelServer, depth: int):
    server.replies = [respond(200, completion()[:-1] + b', "deep": ' + b"[" * depth + b"]" * depth + b"}")]

    assert ask(server).output == b"{}"
