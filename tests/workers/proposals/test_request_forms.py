"""Request form tests: a server that refuses optional fields is asked without them, and keeps all others."""

from __future__ import annotations

import time

import pytest

from domain.proposals.refusals import ModelUnavailable
from tests.workers.proposals.model_server import QUERY, QUICK, Handler, ModelServer, answered, failed

ALL = ["messages", "model", "response_format", "stream", "stream_options"]
PLAIN = ["messages", "model"]
STREAM = [*PLAIN, "stream"]


def fields(server: ModelServer) -> list[list[str]]:
    return [sorted(body) for _, _, body in server.requests]


@pytest.mark.parametrize("status", [400, 415, 422, 501])
def test_a_server_that_knows_fewer_fields_is_queried_without_them(server: ModelServer, status: int):
    server.replies = [*[failed(status, message="unknown field")] * 3, answered("x"), answered("y")]
    model = server.model(answer_tokens=100)

    assert model.complete(QUERY).output == b"x"
    assert model.complete(QUERY).output == b"y"
    limit = ["max_completion_tokens"]
    assert fields(server) == [limit + ALL, limit + STREAM, STREAM, PLAIN, PLAIN]


def test_a_server_that_does_not_know_the_limit_of_tokens_still_streams(server: ModelServer):
    server.replies = [failed(400), failed(400), answered("x")]

    assert server.model(answer_tokens=100).complete(QUERY).output == b"x"
    assert fields(server)[-1] == STREAM


def test_without_a_limit_no_form_is_tried_twice(server: ModelServer):
    server.replies = [failed(400)]
    with pytest.raises(ModelUnavailable, match="HTTP status 400"):
        server.model().complete(QUERY)

    assert fields(server) == [ALL, STREAM, PLAIN]


def test_a_server_that_cannot_stream_may_be_silent_while_it_writes(server: ModelServer):
    def slowly(handler: Handler) -> None:
        time.sleep(3 * QUICK.idle)
        answered("x")(handler)

    server.replies = [failed(400), failed(400), slowly]

    assert server.model().complete(QUERY).output == b"x"
    assert len(server.requests) == 3
