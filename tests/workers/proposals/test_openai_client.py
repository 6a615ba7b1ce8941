"""Model client tests: requests, answers, retries, timeouts, and no leaks of the key."""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from domain.proposals.refusals import ModelUnavailable
from tests.slowness import adjusted_for_load
from tests.workers.proposals.model_server import (
    DONE,
    KEY,
    QUERY,
    QUICK,
    Handler,
    ModelServer,
    answered,
    begin_stream,
    event,
    failed,
    respond,
    streamed,
)
from workers.proposals.language_models.answer_schema import RESPONSE_FORMAT
from workers.proposals.language_models.interface import Completion
from workers.proposals.language_models.openai_client import OpenAiModel, Server
from workers.proposals.language_models.server_errors import retry_after

MESSAGES = [message._asdict() for message in QUERY]


def ask(server: ModelServer) -> Completion:
    return server.model().complete(QUERY)


def test_the_request_asks_for_a_stream_held_to_the_schema(server: ModelServer):
    server.replies = [answered("é🎬", usage={"prompt_tokens": 7, "completion_tokens": 3})]

    answer = ask(server)

    assert answer._replace(latency_ms=None) == Completion("é🎬".encode(), "writer-1", 7, 3)
    assert answer.latency_ms is not None
    ((path, headers, body),) = server.requests
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert body == {
        "model": "writer-1",
        "messages": MESSAGES,
        "stream": True,
        "stream_options": {"include_usage": True},
        "response_format": RESPONSE_FORMAT,
    }


def test_only_the_necessary_headers_are_sent(server: ModelServer, monkeypatch: pytest.MonkeyPatch):
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, "of-another-program")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Of-Another: program")
    server.replies = [answered()]
    ask(server)

    ((_, headers, _),) = server.requests
    assert sorted(name.lower() for name in headers) == [
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "host",
        "user-agent",
    ]
    assert headers["Accept-Encoding"] == "identity"


def test_without_a_key_no_header_is_sent(server: ModelServer):
    server.replies = [answered()]
    server.model(key="").complete(QUERY)

    assert "Authorization" not in server.requests[0][1]


def test_an_answer_is_limited_where_a_limit_is_set(server: ModelServer):
    server.replies = [answered()]
    server.model(answer_tokens=9_000).complete(QUERY)

    assert server.requests[0][2]["max_completion_tokens"] == 9_000


@pytest.mark.parametrize("path", ["", "/openai", "/openai/v1", "/openai/deployments/writer-1"])
def test_a_deployment_at_azure_is_called_by_its_own_rules(server: ModelServer, path: str):
    server.replies = [answered()]
    url = server.url.removesuffix("/v1") + path
    server.model(url=url, api_version="2024-10-21").complete(QUERY)

    ((requested, headers, _),) = server.requests
    assert requested == "/openai/deployments/writer-1/chat/completions?api-version=2024-10-21"
    assert headers["api-key"] == KEY
    assert "Authorization" not in headers


def test_a_stream_lasts_as_long_as_something_comes(server: ModelServer):
    def slowly(handler: Handler) -> None:
        begin_stream(handler)
        for character in "abcdef":
            time.sleep(0.1)
            handler.wfile.write(event({"content": character}))
        handler.wfile.write(DONE)

    server.replies = [slowly]

    assert ask(server).output == b"abcdef"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 529])
def test_a_temporary_error_is_retried(server: ModelServer, status: int):
    server.replies = [failed(status), respond(status, b"busy"), answered()]

    assert ask(server).output == b"{}"
    assert len(server.requests) == 3


@pytest.mark.parametrize("attempts", [1, 3])
def test_the_client_gives_up_after_the_attempts_in_the_settings(server: ModelServer, attempts: int):
    server.replies = [failed(503)]
    with pytest.raises(ModelUnavailable, match="HTTP status 503: it is overloaded"):
        server.model(QUICK._replace(attempts=attempts)).complete(QUERY)

    assert len(server.requests) == attempts


@pytest.mark.parametrize("code", [502, "503", 429])
def test_an_error_within_an_answer_is_retried_as_the_status_it_names(server: ModelServer, code: Any):
    body = f'{{"error": {{"message": "Provider failed", "code": {code!r}}}}}'.replace("'", '"').encode()
    server.replies = [respond(200, body), streamed(b"data: " + body + b"\n\n"), answered()]

    assert ask(server).output == b"{}"
    assert len(server.requests) == 3


@pytest.mark.parametrize("name", ["code", "type"])
@pytest.mark.parametrize("value", ["invalid_request_error", "permission_error", "billing_error", "Invalid_Prompt"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_an_error_within_an_answer_that_every_attempt_repeats_is_final(
    server: ModelServer, name: str, value: str, *, stream: bool
):
    body = json.dumps({"error": {"message": "No.", name: value}}).encode()
    server.replies = [streamed(b"data: " + body + b"\n\n") if stream else respond(200, body)]
    with pytest.raises(ModelUnavailable, match=rf"an error in its answer, {value}.*No\."):
        ask(server)

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (301, None, "redirects"),
        (307, None, "redirects"),
        (400, "context_length_exceeded", "longer than the model takes"),
        (401, "invalid_api_key", "the key is not accepted"),
        (401, None, "the key is not accepted"),
        (402, None, "no credit"),
        (403, None, "access is refused"),
        (404, "model_not_found", "does not have this model"),
        (404, None, "does not have this model"),
        (413, None, "longer than the model takes"),
        (429, "insufficient_quota", "no credit"),
        (400, "content_filter", "content filter"),
        (500, "context_length_exceeded", "longer than the model takes"),
    ],
)
def test_a_permanent_error_is_reported_in_words_and_not_retried(
    server: ModelServer, status: int, code: str | None, words: str
):
    server.replies = [failed(status, code, "no", Location="http://127.0.0.1:1/elsewhere")]
    with pytest.raises(ModelUnavailable, match=words) as caught:
        ask(server)

    assert len(server.requests) == 1
    assert f"HTTP status {status}{f', {code}' if code else ''}: " in caught.value.message


def test_a_context_that_is_too_long_is_known_by_its_words(server: ModelServer):
    server.replies = [failed(400, 400, "the request exceeds the available context size (4096 tokens)")]
    with pytest.raises(ModelUnavailable, match=r"ask about one scene.*\(it says: the request exceeds"):
        ask(server)

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "wait",
    [
        {"Retry_After": "1"},
        {"Retry_After": "0.8"},
        {"retry_after_ms": "700"},
        {"retry_after_ms": "x", "Retry_After": "1"},
    ],
    ids=["seconds", "parts of a second", "milliseconds", "one of two"],
)
def test_retry_after_is_respected(server: ModelServer, wait: dict[str, str]):
    server.replies = [failed(429, **wait), answered()]
    began = time.monotonic()
    ask(server)

    assert 0.7 <= time.monotonic() - began < adjusted_for_load(3.0)


def test_a_date_to_retry_after_is_read_by_the_clock_of_the_server():
    now = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
    later = format_datetime(now + timedelta(seconds=8), usegmt=True)

    assert retry_after({"retry-after": later, "date": format_datetime(now, usegmt=True)}) == 8.0
    assert retry_after({"retry-after": later}) == 0.0
    assert retry_after({"retry-after": "Saturday, 03-Feb-01 04:05:14 GMT", "date": format_datetime(now)}) == 8.0
    for nonsense in ("", "soon", "nan", "inf", "-5 days", "Mon, 99 Foo"):
        assert retry_after({"retry-after": nonsense}) is None
    assert retry_after({"retry-after": "-5"}) == 0.0


def test_an_absurd_wait_is_reported_in_few_words(server: ModelServer):
    server.replies = [failed(429, Retry_After="1e300")]
    with pytest.raises(ModelUnavailable, match="it asks for more than 86400 s, too late"):
        ask(server)


def test_a_wait_beyond_the_time_of_a_proposal_ends_it_at_once(server: ModelServer):
    server.replies = [failed(429, Retry_After="3600")]
    began = time.monotonic()
    with pytest.raises(ModelUnavailable, match=r"HTTP status 429.*asks for 3600 s"):
        ask(server)

    assert time.monotonic() - began < adjusted_for_load(1.0)


def test_a_silent_server_times_out(server: ModelServer):
    server.replies = [lambda _: time.sleep(2)]
    began = time.monotonic()
    with pytest.raises(ModelUnavailable, match="no answer in time"):
        ask(server)

    assert time.monotonic() - began < adjusted_for_load(2.0)
    # It may have written all the time, which is paid for.
    assert len(server.requests) == 1


def test_a_closed_connection_is_retried(server: ModelServer):
    def hang_up(handler: Handler) -> None:
        handler.close_connection = True
        handler.connection.close()

    server.replies = [hang_up, answered()]

    assert ask(server).output == b"{}"


def test_an_incomplete_body_is_retried(server: ModelServer):
    def break_off(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"choices"')
        handler.close_connection = True

    server.replies = [break_off, answered()]

    assert ask(server).output == b"{}"
    assert len(server.requests) == 2


def test_an_unreachable_server_is_reported():
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        OpenAiModel(Server("http://127.0.0.1:1/v1", "writer-1", KEY), QUICK).complete(QUERY)


@pytest.mark.parametrize("words", [KEY, f"Bearer {KEY[:9]}****", f"your key ends in {KEY[-4:]}", KEY.upper()])
@pytest.mark.parametrize("status", [400, 401, 500])
def test_the_key_is_never_shown(
    server: ModelServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, status: int, words: str
):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("OPENAI_LOG", "debug")
    server.replies = [failed(status, KEY, f"Bad: {words}")]
    model = server.model()
    with pytest.raises(ModelUnavailable) as caught:
        model.complete(QUERY)

    shown = [caplog.text, repr(model), repr(model._server), repr(caught.value), caught.value.message]
    assert not [text for text in shown if KEY[:9] in text.lower() or KEY[-4:] in text]
    assert "Colder" not in caplog.text
    assert f"HTTP status {status}: " in caught.value.message
