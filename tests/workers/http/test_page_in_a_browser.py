"""The page in a browser: screenshots of each page, on a desk and on a phone, and that nothing on it is blocked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from backfill.runs.run_options import RunOptions
from materialization.integrity.quarantine import quarantine
from repos.backfill.quarantined_rows import QuarantinedRow
from tests.browser.chromium import Chromium
from tests.workers.http.site import Site
from tests.workers.monitoring.overviews import NOW, activity, gone, healthy, latency, with_role
from workers.monitoring.overview import DeadLetters, Lag, Minute, Overview, Proposals, Run, ScheduleState, Waiting

pytestmark = pytest.mark.slow

DESK, PHONE = (1200, 1000), (500, 1400)
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


@pytest.mark.parametrize("path", PAGES)
def test_each_page_is_drawn(full: Site, given: Given, chromium: Chromium, path: str):
    given.overview = busy()
    name = path.replace("/", "-")

    for size, where in ((DESK, "desk"), (PHONE, "phone")):
        picture = chromium.screenshot(f"{full.signed_in}/{path}", f"page-{name}-{where}", size=size, settle=1)
        assert picture.stat().st_size > 8_000


@pytest.mark.parametrize("state", ["well", "no-commands", "database-away", "several"])
def test_the_overview_is_drawn_in_each_state(full: Site, given: Given, chromium: Chromium, state: str):
    given.overview = {
        "well": busy(),
        "no-commands": replace(
            busy(), roles=with_role(gone("commands", seconds=52)).roles, waiting=Waiting(408, 300, 52.0)
        ),
        "database-away": replace(healthy(roles=()), database=replace(healthy().database, problem="Connection refused")),
        "several": replace(busy(), lag=Lag(3, 12, 300.0), quarantined_count=1, waiting_quarantined=Waiting(68, 1, 9.0)),
    }[state]

    for size, where in ((DESK, "desk"), (PHONE, "phone")):
        picture = chromium.screenshot(f"{full.signed_in}/", f"overview-{state}-{where}", size=size, settle=1)
        assert picture.stat().st_size > 8_000
    shown = chromium.dom(f"{full.signed_in}/", settle=1)
    assert ("badge bad" in shown) == (state == "no-commands")
