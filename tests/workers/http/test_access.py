"""Access to the page: a password on every route, roles, forms that cannot be forged, headers and limits."""

from __future__ import annotations

import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.workers.http.site import ANNA, BEN, FORM, Site, signed_in
from workers.http.access.authentication import ALIVE
from workers.http.access.request_limits import ARRIVAL_SECONDS, MAX_BODY_BYTES
from workers.http.page import routes
from workers.http.page.routes import ACTIONS, VIEWS
from workers.http.page.visit import Services, Shown, Visit
from workers.http.server import IDLE_SECONDS


def filled(path: str) -> str:
    """A path with something for each of its parts."""
    for part in ("{number:int}", "{script:int}"):
        path = path.replace(part, "1")
    return path.replace("{submission}", "s")


PAGES = [filled(path) for path in VIEWS]
FORMS = [filled(path) for path in ACTIONS]
WRONG = [None, ("anna", BEN[1]), ("nobody", ANNA[1]), ("anna", "é" * 2_000)]


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "BREW"])
def test_without_a_password_every_address_is_closed(site: Site, method: str):
    addresses = [*PAGES, *FORMS, "/", "/nowhere", "//", "/alive/", "/ALIVE", "/%61live/x", "/page.css", "/favicon.ico"]

    assert {path: site.request(method, path).status for path in addresses} == dict.fromkeys(addresses, 401)


@pytest.mark.parametrize("who", WRONG)
def test_wrong_passwords_open_nothing(site: Site, who: tuple[str, str] | None):
    seen = site.get("/waiting", who)

    assert seen.status == 401
    assert seen.headers["www-authenticate"].startswith("Basic ")


def test_that_it_lives_is_all_that_anybody_learns(site: Site):
    seen = site.get(ALIVE, None)

    assert (seen.status, seen.text) == (204, "")
    assert "server" not in seen.headers


@pytest.mark.parametrize("who", [ANNA, BEN])
def test_both_roles_see_every_page(site: Site, who: tuple[str, str]):
    known = {path: site.get(path, who).status for path in PAGES}

    # There is no submission `s`.
    assert known == {path: 404 if path == "/submissions/1/s" else 200 for path in PAGES}


def test_a_wrong_password_is_delayed_and_logged_without_itself(site: Site):
    with capture_logs() as logs:
        began = time.monotonic()
        assert site.get("/waiting", ("anna", "a secret guess")).status == 401
        assert time.monotonic() - began >= 0.1

    (line,) = [line for line in logs if line["event"] == "page.wrong_password"]
    assert line["address"] == "127.0.0.1"
    assert "guess" not in str(logs)


def test_two_authorization_headers_are_none(site: Site):
    right = site.get("/waiting").status
    raw = exchange(
        site, b"GET /waiting HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YTpi\r\nAuthorization: Basic YTpi\r\n\r\n"
    )

    assert right == 200
    assert raw.startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize("path", FORMS)
def test_a_viewer_may_do_nothing(site: Site, path: str):
    with capture_logs() as logs:
        seen = site.post(path, {"token": site.token(), "sure": "yes"}, BEN)

    assert [(line["by"], line["action"], line["status"]) for line in logs] == [("ben", path, 403)]
    assert seen.status == 403
    assert "only operators" in seen.text


def test_a_viewer_is_shown_no_forms(site: Site):
    assert [path for path in PAGES if 'method="post"' in site.get(path, BEN).text] == []


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
        {"Origin": "http://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://[::1"},
        {"Origin": ""},
    ],
)
def test_a_form_of_another_site_is_refused(site: Site, path: str, headers: dict[str, str]):
    seen = site.post(path, {"token": site.token()}, **headers)

    assert seen.status == 403
    assert "another site" in seen.text


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("token", ["", "0" * 64, "é", "of ben"])
def test_a_form_without_the_token_of_the_person_is_refused(site: Site, path: str, token: str):
    seen = site.post(path, {"token": token})

    assert seen.status == 403
    assert "before a restart" in seen.text


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "multipart/form-data; boundary=x", ""])
def test_only_forms_are_accepted(site: Site, kind: str):
    seen = site.request("POST", FORMS[0], ANNA, body=f"token={site.token()}", headers={"Content-Type": kind})

    assert seen.status == 403


@pytest.mark.parametrize("body", [b"\xff\xfe", b"&".join(b"a=b" for _ in range(100))])
def test_an_unreadable_form_is_refused(site: Site, body: bytes):
    seen = site.request("POST", FORMS[0], ANNA, body=body, headers={"Content-Type": FORM})

    assert seen.status == 403


def test_the_same_origin_is_accepted(site: Site):
    headers = {"Origin": f"http://127.0.0.1:{site.port}", "Sec_Fetch_Site": "same-origin"}

    seen = site.post(f"/quarantine/{site.room.script_id}/reopen", {"token": site.token()}, **headers)

    assert seen.status == 409
    assert "is not quarantined" in seen.text


def test_actions_take_no_other_method(site: Site):
    assert {path: site.get(path).status for path in FORMS} == dict.fromkeys(FORMS, 405)


@pytest.mark.parametrize("path", [*PAGES, "/nowhere", ALIVE])
@pytest.mark.parametrize("who", [ANNA, None])
def test_every_response_has_the_headers(site: Site, path: str, who: tuple[str, str] | None):
    headers = site.get(path, who).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin"


def test_no_page_has_a_script_or_a_style_of_an_element(site: Site):
    for path in PAGES:
        text = site.get(path).text
        assert "<script" not in text
        assert " style=" not in text
        assert re.search(r"<[^>]*\son\w+=", text) is None


def test_large_requests_are_refused(site: Site):
    large = "x=" + "y" * MAX_BODY_BYTES
    form = {"Content-Type": FORM}

    with capture_logs() as logs:
        assert site.request("POST", FORMS[0], ANNA, body=large, headers=form).status == 413
    assert [(line["event"], line["status"]) for line in logs] == [("page.action", 413)]
    assert site.get("/waiting?after=" + "1" * 3_000).status == 414
    assert site.get("/waiting", **{"X-Large": "x" * 200_000}).status in (400, 431)


@pytest.mark.parametrize("query", ["after=x", "after=-1", "after=1e3", "after=%00", "after=" + "9" * 40])
def test_a_bad_number_is_a_sentence(site: Site, query: str):
    seen = site.get(f"/waiting?{query}")

    assert seen.status == 400
    assert "is not a number" in seen.text


@pytest.mark.parametrize("query", ["since=yesterday", "until=2026-13-01", "since=%F0%9F%8E%AC", "since=99999-01-01"])
def test_a_bad_time_is_a_sentence(site: Site, query: str):
    seen = site.get(f"/dead-letters?{query}")

    assert seen.status == 400
    assert "is not a time" in seen.text


def test_a_slash_too_many_redirects_nowhere(site: Site):
    assert site.get("/waiting/", Host="evil.example").status == 404


@pytest.mark.parametrize("host", ["[", "x:y:z", "\\", "evil.example/x?y#z", ""])
def test_any_host_is_answered(site: Site, host: str):
    seen = site.get("/waiting", Host=host)

    assert seen.status in (200, 400)
    assert "evil.example" not in seen.text


@pytest.mark.parametrize(
    "request_",
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]),
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
    ],
    ids=["assumed", "upgrade"],
)
def test_http_2_whose_idle_connections_stay_open_is_not_spoken(site: Site, request_: bytes):
    assert exchange(site, request_).startswith(b"HTTP/1.1 401")


@pytest.mark.slow
def test_slow_requests_are_ended_and_slow_answers_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def slow(_services: Services, _visit: Visit) -> Shown:
        time.sleep(IDLE_SECONDS + 2)
        return Shown("runs.html", {"active": [], "finished": []})

    monkeypatch.setattr(routes, "VIEWS", {"/runs": slow})
    with Site(tmp_path) as site, ThreadPoolExecutor() as threads:
        answered = threads.submit(site.get, "/runs")
        header = f"Authorization: {signed_in(ANNA)['Authorization']}\r\n"
        form = f"{header}Content-Type: {FORM}\r\nContent-Length: 100\r\n\r\ntoken="
        requests = {
            "silent": "",
            "headers": "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
            "body": f"POST /quarantine/1/reopen HTTP/1.1\r\nHost: x\r\n{form}",
            "closed body": "POST /quarantine/1/reopen HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\ntoken=",
        }
        ended = {name: threads.submit(dripped, site, text.encode()) for name, text in requests.items()}

        assert answered.result().status == 200
        replies = {name: reply.result() for name, reply in ended.items()}

    assert replies["silent"] == replies["headers"] == b""
    assert replies["body"].startswith(b"HTTP/1.1 408")
    assert replies["closed body"].startswith(b"HTTP/1.1 401")


def dripped(site: Site, request: bytes) -> bytes:
    """What the server sends to a client that goes on byte by byte, until it closes the connection."""
    reply = b""
    deadline = time.monotonic() + ARRIVAL_SECONDS + 2 * IDLE_SECONDS
    with socket.create_connection(("127.0.0.1", site.port)) as connection:
        connection.sendall(request)
        connection.settimeout(0.5)
        while time.monotonic() < deadline:
            try:
                part = connection.recv(65_536)
                if not part:
                    return reply
                reply += part
            except TimeoutError:
                if request:
                    connection.sendall(b"a")
            except OSError:
                return reply
    raise AssertionError("The connection stayed open.")


def exchange(site: Site, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as connection:
        connection.sendall(request)
        return connection.recv(65_536)
