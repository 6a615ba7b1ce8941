"""The page in a browser: screenshots of each page, on a desk and on a phone, and that nothing on it is blocked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from PIL import Image

from backfill.runs.run_options import RunOptions
from materialization.integrity.quarantine import quarantine
from repos.backfill.quarantined_rows import QuarantinedRow
from tests.browser.chromium import Chromium
from tests.workers.http.site import Site
from tests.workers.monitoring.overviews import NOW, activity, gone, healthy, latency, with_role
from workers.monitoring.overview import (
    DeadLetters,
    Lag,
    Minute,
    Overview,
    Proposals,
    Quarantined,
    Run,
    ScheduleState,
    Server,
    Waiting,
)

pytestmark = pytest.mark.slow

DESK, PHONE = (1200, 1000), (380, 1400)
# The size of each screen, and in how many rows their pictures are put.
SCREENS = {"desk": (DESK, 4), "phone": (PHONE, 2)}
MINUTE = 60_000_000


class Given:
    """An overview chosen by a test."""

    def __init__(self) -> None:
        self.overview = healthy()

    def read(self) -> Overview:
        return self.overview


def busy() -> Overview:
    """An installation at work."""
    this = NOW - NOW % MINUTE
    minutes = tuple(
        Minute(this - at * MINUTE, {"applied": 400 + (at * 37) % 230, "refused": (at * 11) % 40}, {})
        for at in range(60)
    )
    kinds: list[Any] = ["materialization", "backfill"]
    return healthy(
        activity=replace(
            activity(latency(1_500, 120, 3, 0)),
            minutes=minutes,
            outcomes={"applied": 2_600, "no_op": 14, "refused": 55},
            refusals={"stale_line": 41, "unknown_line": 9, "script_archived": 5},
        ),
        dead_letters=(DeadLetters("stale_line", 812, 41, NOW), DeadLetters("poison", 3, 0, NOW)),
        runs=tuple(Run(kind=kind, id=7, started_at=NOW - MINUTE, total=4_000, done=1_250) for kind in kinds),
        proposals=Proposals(2, 12.0, 5),
        schedules=(
            ScheduleState("materialize", 60, NOW - MINUTE, "done", late=False),
            ScheduleState("verify-sample", 3_600, NOW - 40 * MINUTE, "done", late=False),
        ),
    )


@pytest.fixture(scope="module")
def given() -> Given:
    return Given()


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory, given: Given) -> Iterator[Site]:
    """A page with something on each of its pages."""
    folder = tmp_path_factory.mktemp("browser")
    with Site(folder, flower_url="http://127.0.0.1:5555/", overview=given) as site:
        for number in range(8):
            site.refuse(message=f"Line “l{number}” is not what this edit was made for: it was changed in version 7.")
        site.refuse(code="unknown_line", message="There is no line “gone”; perhaps it was deleted in version 12.")
        for script in range(40, 46):
            site.room.producer.enqueue(site.room.submission(site.room.edit(1, "x"), script_id=script))
        other = site.room.new_script(None)
        site.room.producer.enqueue(site.room.submission(site.room.edit(1, "x"), script_id=other))
        reason = "The chain hash of version 1 is not that of its command: the log was changed."
        quarantine(site.unit_of_work, other, found_by="verify", reason=reason, now=1_796_000_000_000_000)
        with site.unit_of_work.records() as tx:
            run = tx.backfill_runs.open(
                source="mysql://legacy/app",
                mapping="",
                hash_key=b"k",
                options=RunOptions().dump(),
                now=1_796_000_000_000_000,
            )
            for domain, count in (("users", 4), ("scripts", 60)):
                tx.backfill_items.add(run, domain, [f"{domain}-{number}" for number in range(count)])
        with site.unit_of_work.records() as tx:
            (item, *_) = tx.backfill_items.read(run)
            reason = "The text is not valid UTF-8, and its encoding is not certain."
            tx.quarantined_rows.add(run, item.id, [QuarantinedRow("users", "[7]", "bad_utf8", reason, "name")], NOW)
        yield site


PAGES = ("waiting", "dead-letters", "dead-letters/1", "runs", "quarantine", "quarantine/2", "backfill", "nowhere")
STATES = ("well", "no-commands", "database-away", "several")
# Tells by how much the page in each frame is too wide.
MEASURE = """
<script>
onload = () => {
  const pages = [...document.querySelectorAll("iframe")].map(each => each.contentDocument.documentElement);
  document.body.dataset.excess = pages.map(page => page.scrollWidth - page.clientWidth).join(" ");
};
</script>
"""


def in_state(state: str) -> Overview:
    """An installation in which something is wrong, or nothing."""
    match state:
        case "no-commands":
            roles = with_role(gone("commands", seconds=52)).roles
            return replace(busy(), roles=roles, waiting=Waiting(408, 300, 52.0))
        case "database-away":
            return healthy(roles=(), database=Server("Connection refused"))
        case "several":
            return replace(
                busy(),
                lag=Lag(3, 12, 300.0),
                quarantined_count=1,
                quarantined=(Quarantined(2, "verify", "torn", NOW),),
                waiting_quarantined=Waiting(68, 1, 9.0),
            )
        case _:
            return busy()


def framed(full: Site, given: Given, size: tuple[int, int]) -> str:
    """Every page, in frames of this size next to each other: a window is never narrower than 500 pixels."""
    texts = []
    for state in STATES:
        given.overview = in_state(state)
        texts.append(full.get("/").text)
    given.overview = busy()
    texts += [full.get(f"/{path}").text for path in PAGES]
    width, height = size
    frames = (
        f'<iframe srcdoc="{escape(text)}" width="{width}" height="{height}" style="border: 0; float: left"></iframe>'
        for text in texts
    )
    return f'<!doctype html><meta charset="utf-8"><body style="margin: 0">{"".join(frames)}{MEASURE}</body>'


@pytest.mark.parametrize("name", SCREENS)
def test_every_page_fits_on_the_screen(full: Site, given: Given, chromium: Chromium, tmp_path: Path, name: str):
    size, rows = SCREENS[name]
    page = tmp_path / "frames.html"
    page.write_text(framed(full, given, size), encoding="utf-8")
    columns = -(-(len(PAGES) + len(STATES)) // rows)
    window = (columns * size[0], rows * size[1])

    for dark in (False, True):
        picture = chromium.screenshot(
            page.as_uri(), f"page-{name}{'-dark' if dark else ''}", size=window, settle=1, dark=dark
        )
        assert picture.stat().st_size > 100_000
    measured = re.search(r'data-excess="([\d ]+)"', chromium.dom(page.as_uri(), settle=1))
    assert measured is not None
    assert measured[1].split() == ["0"] * (len(PAGES) + len(STATES))


def test_no_commands_worker_is_red_in_a_browser(full: Site, given: Given, chromium: Chromium):
    given.overview = in_state("no-commands")

    picture = chromium.screenshot(f"{full.signed_in}/", "page-no-commands", size=DESK, settle=1)

    with Image.open(picture) as image:
        colours = {colour: number for number, colour in image.convert("RGB").getcolors(2**24)}
    # The background of a problem: the style of the page was not blocked by its own policy.
    assert colours[(251, 228, 225)] > 10_000
