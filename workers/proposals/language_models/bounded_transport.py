"""A transport for a server that is not trusted: its responses are limited in size and time, and the key stays here.

The key is added to a request as it leaves: no object of the client library, and so none of its errors and logs, holds
it. Nothing else that identifies this machine is sent. Redirects are not followed, so no other host gets the key.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator, Mapping
from functools import cache
from threading import Lock, Timer
from types import TracebackType
from typing import Any, Self, cast
from urllib.request import getproxies, proxy_bypass

import httpx2

from domain.proposals.model_output import MAX_OUTPUT_BYTES
from domain.proposals.refusals import ModelOutputTooLong, ModelUnavailable

# A stream repeats a few hundred bytes of JSON around each word.
MAX_RESPONSE_BYTES = 32 * MAX_OUTPUT_BYTES
# The server of a model has little to say in an error, or in one event of a stream.
MAX_ERROR_BYTES = 64 << 10
MAX_EVENT_BYTES = 4 * MAX_OUTPUT_BYTES
STREAM_END = b"[DONE]"
TAIL_BYTES = 32
_SENT_HEADERS = frozenset({"host", "accept", "content-type", "content-length"})
_CONNECTED = ("connect_tcp.complete", "connect_unix_socket.complete")


class BoundedTransport(httpx2.BaseTransport):
    """Sends requests with a credential; ends every connection after some seconds.

    Raises:
        ModelUnavailable: the certificates or the proxy that the environment names cannot be used.
    """

    def __init__(self, url: str, credential: Mapping[str, str], seconds: float) -> None:
        try:
            self._inner = httpx2.HTTPTransport(verify=_trusted(), proxy=proxy_of(url))
        except OSError:
            raise ModelUnavailable(problem="the certificates in SSL_CERT_FILE or SSL_CERT_DIR cannot be read") from None
        except (ValueError, ImportError, httpx2.InvalidURL):
            raise ModelUnavailable(problem="the proxy in the environment cannot be used") from None
        self._credential = dict(credential)
        self._watchdog = _Watchdog(seconds)
        self._body: _BoundedBody | None = None

    @property
    def stream_is_done(self) -> bool:
        """Whether the last stream ended with its mark, not only with the connection."""
        return self._body is not None and STREAM_END in self._body.tail

    @property
    def time_is_up(self) -> bool:
        """Whether connections were ended because the time was up."""
        return self._watchdog.fired

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The response; its body ends in an exception where it exceeds its limits, that of an error page just ends.

        Raises:
            ModelUnavailable: the body is compressed: a few bytes could fill the memory.
        """
        headers = {name: value for name, value in request.headers.items() if name in _SENT_HEADERS}
        fixed = {"User-Agent": "scriptledger", "Accept-Encoding": "identity", "Connection": "close"}
        sent = httpx2.Request(
            request.method,
            request.url,
            headers={**headers, **fixed, **self._credential},
            stream=request.stream,
            extensions={**request.extensions, "trace": self._watchdog.watch},
        )
        response = self._inner.handle_request(sent)
        if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            response.close()
            raise ModelUnavailable(problem="the response is compressed, which was not asked for")
        is_stream = response.headers.get("content-type", "").lower().startswith("text/event-stream")
        if response.status_code == 200:
            body = _BoundedBody(response, MAX_RESPONSE_BYTES, MAX_EVENT_BYTES if is_stream else MAX_RESPONSE_BYTES)
        else:
            body = _ErrorBody(response, MAX_ERROR_BYTES, MAX_ERROR_BYTES)
        self._body = body
        return httpx2.Response(
            response.status_code, headers=response.headers, stream=body, extensions=response.extensions
        )

    def close(self) -> None:
        self._watchdog.stop()
        self._inner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return "BoundedTransport()"


class _BoundedBody(httpx2.SyncByteStream):
    """The body of a response, up to a size, and for an event stream up to a size without a line end."""

    def __init__(self, response: httpx2.Response, limit: int, event_limit: int) -> None:
        self._response = response
        self._limit = limit
        self._event_limit = event_limit
        self.tail = b""

    def __iter__(self) -> Iterator[bytes]:
        size = since_line_end = 0
        for chunk in cast("httpx2.SyncByteStream", self._response.stream):
            size += len(chunk)
            at = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
            since_line_end = len(chunk) - at - 1 if at >= 0 else since_line_end + len(chunk)
            if size > self._limit or since_line_end > self._event_limit:
                raise ModelOutputTooLong(limit=MAX_OUTPUT_BYTES)
            self.tail = (self.tail + chunk)[-TAIL_BYTES:]
            yield chunk

    def close(self) -> None:
        self._response.close()


class _ErrorBody(_BoundedBody):
    """The body of an error, which ends at its limit: the status tells what to do, however long the page is."""

    def __iter__(self) -> Iterator[bytes]:
        left = self._limit
        for chunk in cast("httpx2.SyncByteStream", self._response.stream):
            yield chunk[:left]
            left -= len(chunk)
            if left <= 0:
                return


class _Watchdog:
    """Ends connections when the time is up, whatever they wait for: a server that sends a byte now and then never
    exceeds the timeout of a read, not even in its headers.
    """

    def __init__(self, seconds: float) -> None:
        self.fired = False
        self._lock = Lock()
        self._sockets: list[socket.socket] = []
        self._timer = Timer(max(0.0, seconds), self._fire)
        self._timer.daemon = True
        self._timer.start()

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by the connection pool for each step of a request."""
        if not event.endswith(_CONNECTED):
            return
        opened = info["return_value"].get_extra_info("socket")
        # A duplicate stays valid when TLS takes over the first one.
        duplicate = socket.socket(fileno=os.dup(opened.fileno()))
        with self._lock:
            self._sockets.append(duplicate)
            if self.fired:
                _end(duplicate)

    def stop(self) -> None:
        """End the watch, when the connections are closed."""
        self._timer.cancel()
        with self._lock:
            for opened in self._sockets:
                opened.close()
            self._sockets.clear()

    def _fire(self) -> None:
        with self._lock:
            self.fired = True
            for opened in self._sockets:
                _end(opened)


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates that are trusted: those of the system, or in SSL_CERT_FILE; reading them takes a while."""
    return httpx2.create_ssl_context()


def proxy_of(url: str) -> str | None:
    """The proxy that the environment names for an address, in the usual variables; None without one."""
    parts = httpx2.URL(url)
    proxy = getproxies().get(parts.scheme) or getproxies().get("all")
    return None if not proxy or proxy_bypass(parts.host) else proxy


def _end(opened: socket.socket) -> None:
    try:
        opened.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
