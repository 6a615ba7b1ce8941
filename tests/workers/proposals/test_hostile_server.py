"""Hostile model server tests: no response hangs a worker, fills its memory, or gets the key to another host."""

from __future__ import annotations

import gzip
import time
import tracemalloc

import pytest

from domain.proposals.model_output import MAX_OUTPUT_BYTES
from domain.proposals.refusals import ModelOutputTooLong, ModelUnavailable
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
    completion,
    event,
    failed,
    model_server,
    respond,
    streamed,
)
from workers.proposals.language_models import bounded_transport
from workers.proposals.language_models.bounded_transport import MAX_ERROR_BYTES, MAX_EVENT_BYTES, proxy_of
from workers.proposals.language_models.interface import Watch

SHORT = QUICK._replace(total=0.6, idle=5.0)


def dripping_body(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    drip(handler, b" ")


def dripping_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    drip(handler, b"x")


def dripping_error(handler: Handler) -> None:
    handler.send_response(400)
    handler.send_header("Content-Length", "60000")
    handler.end_headers()
    drip(handler, b" ")


def endless_comments(handler: Handler) -> None:
    begin_stream(handler)
    drip(handler, b": thinking\n\n")


def endless_thoughts(handler: Handler) -> None:
    begin_stream(handler)
    drip(handler, event({"reasoning_content": "Hm. "}))


def drip(handler: Handler, data: bytes) -> None:
    while True:
        handler.wfile.write(data)
        time.sleep(0.03)


@pytest.mark.parametrize(
    "reply",
    [dripping_body, dripping_headers, dripping_error, endless_comments, endless_thoughts],
    ids=lambda it: it.__name__,
)
def test_a_server_that_always_sends_a_little_more_is_left_in_time(server: ModelServer, reply):
    server.replies = [reply]
    began = time.monotonic()
    with pytest.raises(ModelUnavailable, match="did not end in time"):
        server.model(SHORT).complete(QUERY)

    assert time.monotonic() - began < adjusted_for_load(1.5)
    assert len(server.requests) == 1


def test_the_time_of_a_proposal_counts_for_each_of_its_calls(server: ModelServer):
    server.replies = [endless_comments]
    began = time.monotonic()
    with pytest.raises(ModelUnavailable, match="did not end in time"):
        server.model(QUICK._replace(total=60.0)).complete(QUERY, Watch(deadline=began + 0.3))

    assert time.monotonic() - began < adjusted_for_load(1.5)


def flood(handler: Handler, data: bytes) -> None:
    while True:
        handler.wfile.write(data)


def endless_answer(handler: Handler) -> None:
    begin_stream(handler)
    flood(handler, event({"content": "x" * 10_000}))


def endless_event(handler: Handler) -> None:
    begin_stream(handler)
    handler.wfile.write(b"data: ")
    flood(handler, b"x" * 100_000)


def endless_body(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Connection", "close")
    handler.end_headers()
    flood(handler, b" " * 100_000)


@pytest.mark.parametrize("reply", [endless_answer, endless_event, endless_body], ids=lambda reply: reply.__name__)
def test_an_endless_response_is_cut_off_before_it_fills_the_memory(server: ModelServer, reply):
    server.replies = [reply]
    tracemalloc.start()
    try:
        with pytest.raises(ModelOutputTooLong):
            server.model(QUICK._replace(idle=5.0, total=60.0)).complete(QUERY)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 100 * MAX_OUTPUT_BYTES
    assert len(server.requests) == 1


@pytest.mark.parametrize("size", [MAX_ERROR_BYTES, MAX_ERROR_BYTES + 1, 70_000, 10 * MAX_ERROR_BYTES])
def test_a_long_error_page_is_an_error_by_its_status(server: ModelServer, size: int):
    page = b"<html>" + b" " * (size - 6)
    server.replies = [respond(503, page, "text/html"), respond(503, page, "text/event-stream"), answered()]
    assert server.model().complete(QUERY).output == b"{}"

    server.replies = [respond(403, page, "text/html")]
    with pytest.raises(ModelUnavailable, match="HTTP status 403: access is refused"):
        server.model().complete(QUERY)
    assert len(server.requests) == 4


def endless_error(handler: Handler) -> None:
    handler.send_response(401)
    handler.send_header("Connection", "close")
    handler.end_headers()
    flood(handler, b" " * 100_000)


def test_an_endless_error_page_is_not_read_to_its_end(server: ModelServer):
    server.replies = [endless_error]
    with pytest.raises(ModelUnavailable, match="HTTP status 401: the key is not accepted"):
        server.model(QUICK._replace(idle=5.0, total=60.0)).complete(QUERY)

    assert len(server.requests) == 1


def test_a_long_answer_in_one_event_is_read(server: ModelServer):
    text = "x" * (MAX_OUTPUT_BYTES - 1)
    assert len(event({"content": text})) < MAX_EVENT_BYTES
    server.replies = [streamed(event({"content": text}), DONE)]

    assert server.model(QUICK._replace(idle=5.0)).complete(QUERY).output == text.encode()


def test_huge_headers_are_refused(server: ModelServer):
    server.replies = [answered(), respond(200, completion(), X_Long="x" * 200_000)]
    server.replies.pop(0)
    with pytest.raises(ModelUnavailable, match="connection ended"):
        server.model(QUICK._replace(attempts=1)).complete(QUERY)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "GZIP"])
def test_a_compressed_response_is_not_expanded(server: ModelServer, encoding: str):
    bomb = gzip.compress(b" " * 10_000_000)
    server.replies = [respond(200, bomb, Content_Encoding=encoding)]
    with pytest.raises(ModelUnavailable, match="compressed"):
        server.model().complete(QUERY)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_gives_no_other_host_the_key(server: ModelServer, status: int):
    with model_server() as other:
        other.replies = [answered()]
        server.replies = [failed(status, Location=f"{other.url}/chat/completions")]
        with pytest.raises(ModelUnavailable, match="redirects to another address"):
            server.model().complete(QUERY)
        with pytest.raises(ModelUnavailable, match="redirects to another address"):
            server.model(api_version="2024-10-21").complete(QUERY)

        assert other.requests == []
        assert len(server.requests) == 2


def test_a_proxy_in_the_environment_is_used_except_for_hosts_it_leaves_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "inside.example")

    assert proxy_of("https://outside.example/v1") == "http://proxy.example:3128"
    assert proxy_of("https://inside.example/v1") is None
    assert proxy_of("http://outside.example/v1") is None


@pytest.mark.parametrize("proxy", ["proxy.example:3128", "ftp://proxy.example", "socks5://proxy.example", "http://[::"])
def test_a_proxy_that_cannot_be_used_is_reported(server: ModelServer, monkeypatch: pytest.MonkeyPatch, proxy: str):
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(ModelUnavailable, match=r"proxy in the environment|cannot be reached"):
        server.model(QUICK._replace(attempts=1)).complete(QUERY)

    assert server.requests == []


def test_certificates_that_cannot_be_read_are_reported(server: ModelServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/at/all.pem")
    bounded_transport._trusted.cache_clear()
    with pytest.raises(ModelUnavailable, match="SSL_CERT_FILE"):
        server.model().complete(QUERY)


@pytest.mark.parametrize("text", [KEY, f"Your key is {KEY}.", f'{{"hunks": [{{"why": "{KEY}"}}]}}'])
@pytest.mark.parametrize("finish", ["stop", "length", "content_filter"])
def test_an_answer_that_repeats_the_key_is_refused(server: ModelServer, text: str, finish: str):
    server.replies = [answered(text, finish=finish)]
    with pytest.raises(ModelUnavailable, match="its answer repeats the key") as caught:
        server.model().complete(QUERY)

    assert KEY not in caught.value.message
    assert len(server.requests) == 1


def test_a_short_key_may_be_a_word_of_an_answer(server: ModelServer):
    server.replies = [answered("The box is empty.")]

    assert server.model(key="empty").complete(QUERY).output == b"The box is empty."


def test_no_error_of_the_library_holds_the_key(server: ModelServer):
    server.replies = [failed(400, message="no")]
    with pytest.raises(ModelUnavailable) as caught:
        server.model().complete(QUERY)

    error: BaseException | None = caught.value
    while error is not None:
        request = getattr(error, "request", None)
        assert request is None or KEY not in repr(request.headers.raw)
        error = error.__context__
