"""The pages of dead letters: search, paging, and sending one or all of them again, once for each form."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.workers.http.site import ANNA, BEN, Seen, Site
from workers.http.page.visit import ROWS_PER_PAGE
from workers.producers import replays

HOUR = 3_600_000_000
# 2026-11-30 08:00 UTC
EIGHT = 1_796_025_600_000_000


@pytest.fixture
def empty(tmp_path: Path) -> Site:
    return Site(tmp_path)


def send_all(site: Site, seen: Seen, **fields: object) -> Seen:
    given = {name: seen.field(name) for name in ("token", "batch", "upto")}
    return site.post("/dead-letters/replay", {**given, "sure": "yes", **fields})


def test_without_dead_letters_the_page_says_so(empty: Site):
    with empty:
        assert "There are no dead letters." in empty.get("/dead-letters").text
        assert "No dead letter matches." in empty.get("/dead-letters?code=poison").text


def test_the_newest_is_first_and_each_is_on_one_page(empty: Site):
    with empty:
        numbers = empty.refuse_many(2 * ROWS_PER_PAGE + 1)
        first = empty.get("/dead-letters")
        second = empty.get(f"/dead-letters?before={numbers[-ROWS_PER_PAGE]}")
        third = empty.get(f"/dead-letters?before={numbers[1]}")

    assert f"{2 * ROWS_PER_PAGE + 1} dead letters" in first.text
    assert [shown(numbers, page) for page in (first, second, third)] == [
        numbers[: -ROWS_PER_PAGE - 1 : -1],
        numbers[-ROWS_PER_PAGE - 1 : 0 : -1],
        numbers[:1],
    ]
    assert "Next page" in first.text
    assert "Next page" not in third.text


def shown(numbers: list[int], page: Seen) -> list[int]:
    """The numbers in the order of the page."""
    places = {number: page.text.find(f'"/dead-letters/{number}"') for number in numbers}
    return sorted((number for number in numbers if places[number] > 0), key=places.__getitem__)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("code=stale_line", [0, 2]),
        ("code=poison", [1]),
        ("code=POISON", []),
        ("code=%25", []),
        ("since=2026-11-30T08:00", [1, 2]),
        ("until=2026-11-30T08:00", [0]),
        ("since=2026-11-30T08:00&until=2026-11-30T09:00", [1]),
        ("since=2026-11-30T09:00:00%2B01:00&until=2026-11-30T09:00", [1]),
        ("since=2026-11-30T08:00&code=stale_line", [2]),
        ("script=1", [0, 1, 2]),
        ("script=99", []),
        ("script=0", []),
        ("until=1969-12-31T08:00", []),
        ("since=1969-12-31T08:00", [0, 1, 2]),
        ("script=&code=&since=&until=", [0, 1, 2]),
    ],
)
def test_a_filter_keeps_what_matches(tmp_path_factory: pytest.TempPathFactory, query: str, expected: list[int]):
    site = Site(tmp_path_factory.mktemp("filter"))
    with site:
        numbers = [
            site.refuse(rejected_at=EIGHT - HOUR),
            site.refuse(rejected_at=EIGHT, code="poison"),
            site.refuse(rejected_at=EIGHT + HOUR),
        ]
        query = query.replace("script=1", f"script={site.room.script_id}")
        seen = site.get(f"/dead-letters?{query}")

    assert sorted(shown(numbers, seen)) == [numbers[place] for place in expected]


def test_one_is_sent_again_and_its_answer_shown(site: Site):
    number = site.refuse(text="Once more.")
    letter = site.get(f"/dead-letters/{number}")
    form = {"token": letter.field("token"), "batch": letter.field("batch")}

    with capture_logs() as logs:
        moved = site.post(f"/dead-letters/{number}/replay", form)
        again = site.post(f"/dead-letters/{number}/replay", form)

    assert moved.status == again.status == 303
    assert moved.headers["location"] == again.headers["location"]
    assert site.room.waiting() == 1
    assert "waits for its answer" in site.get(moved.headers["location"]).text
    site.room.drain()
    assert "It was applied." in site.get(moved.headers["location"]).text
    assert "Once more." in site.room.texts()
    done = [line for line in logs if line["event"] == "page.action"]
    assert [(line["by"], line["address"], line["action"]) for line in done] == 2 * [
        ("anna", "127.0.0.1", f"/dead-letters/{number}/replay")
    ]


def test_a_submission_that_is_refused_again_says_why(site: Site):
    number = site.refuse(text="The line has changed.")
    letter = site.get(f"/dead-letters/{number}")

    moved = site.post(
        f"/dead-letters/{number}/replay", {"token": letter.field("token"), "batch": letter.field("batch")}
    )
    site.room.drain()

    seen = site.get(moved.headers["location"], BEN).text
    assert "It was refused" in seen
    assert "stale_line" in seen


def test_all_that_match_are_sent_once(empty: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(replays, "MAX_PART", 2)
    with empty:
        numbers = [empty.refuse(text=f"Text {number}") for number in range(3)]
        other = empty.refuse(code="poison")
        page = empty.get("/dead-letters?code=stale_line")

        first = send_all(empty, page, code="stale_line")
        second = send_all(empty, page, code="stale_line", after=first.field("after"))
        twice = send_all(empty, page, code="stale_line")

        assert "2 dead letters were sent again" in first.text
        assert "1 dead letter was sent again" in second.text
        assert "There are more" not in second.text
        assert twice.status == 200
        assert empty.room.waiting() == 3
        assert other not in numbers


def test_those_refused_in_the_meantime_are_not_sent(empty: Site):
    with empty:
        empty.refuse()
        page = empty.get("/dead-letters")
        empty.refuse()

        assert "1 dead letter was sent again" in send_all(empty, page).text
        assert empty.room.waiting() == 1


def test_one_that_cannot_be_sent_is_named_and_the_others_are_sent(empty: Site):
    with empty:
        bad = empty.refuse(payload=b"{not json", code="undecodable")
        empty.refuse()

        seen = send_all(empty, empty.get("/dead-letters"))

        assert "1 dead letter was sent again" in seen.text
        assert f'<a href="/dead-letters/{bad}">{bad}</a>' in seen.text
        assert empty.room.waiting() == 1


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"sure": ""}, 400), ({"batch": "../x"}, 400), ({"batch": ""}, 400), ({"upto": "x"}, 400), ({"script": "0"}, 400)],
)
def test_an_incomplete_form_sends_nothing(site: Site, fields: dict[str, str], status: int):
    waiting = site.room.waiting()

    seen = send_all(site, site.get("/dead-letters"), **fields)

    assert seen.status == status
    assert site.room.waiting() == waiting


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/dead-letters/999999/replay", "999999"),
        ("/dead-letters/9999999999999999999999/replay", "nothing with such a number"),
    ],
)
def test_what_is_not_there_is_not_sent(site: Site, path: str, sentence: str):
    seen = site.post(path, {"token": site.token(), "batch": "0" * 16})

    assert seen.status == 404
    assert sentence in seen.text.lower()


def test_a_cut_payload_cannot_be_sent(site: Site):
    number = site.refuse(payload=b"{", whole_bytes=9_000_000, whole_sha256=bytes(32))

    seen = site.get(f"/dead-letters/{number}")

    assert "its payload was cut" in seen.text
    assert "9,000,000 bytes, of which 1 were kept" in seen.text
    assert site.post(f"/dead-letters/{number}/replay", {"token": site.token(), "batch": "0" * 16}).status == 409


def test_a_long_payload_is_shown_in_part(site: Site):
    number = site.refuse(payload="é".encode() * 200_000)

    seen = site.get(f"/dead-letters/{number}", ANNA)

    assert "The rest is not shown" in seen.text
    assert len(seen.text) < 60_000
