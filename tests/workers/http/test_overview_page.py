"""The first page in each state: what is wrong comes first, in red, with what to do about it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.workers.http.site import BEN, Site
from tests.workers.http.test_pages import HOSTILE, SHOWN
from tests.workers.monitoring.overviews import NOW, activity, gone, healthy, latency, with_role
from tests.workers.monitoring.problems.test_problems import SAMPLES
from workers.http.page.answers_plot import bars
from workers.monitoring.overview import DeadLetters, Host, Minute, Overview, Quarantined, Run, Server
from workers.monitoring.problems.find import find_problems

MINUTE = 60_000_000


class Given:
    """An overview chosen by a test."""

    def __init__(self) -> None:
        self.overview = healthy()

    def read(self) -> Overview:
        return self.overview


@pytest.fixture(scope="module")
def given() -> Given:
    return Given()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, given: Given) -> Any:
    with Site(tmp_path_factory.mktemp("overview"), overview=given) as page:
        yield page


@pytest.mark.parametrize("code", SAMPLES)
def test_each_problem_is_shown_with_its_advice(page: Site, given: Given, code: str):
    given.overview = SAMPLES[code]
    (problem,) = find_problems(given.overview)

    seen = page.get("/", BEN)

    assert seen.status == (200 if given.overview.is_known else 503)
    (note,) = re.findall(r'<li class="note (\w+)"><p>(.*?)</p><p>(.*?)</p></li>', seen.text)
    assert note[0] == ("bad" if problem.severity == "critical" else "warn")
    assert plain(note[1]).endswith(problem.sentence.replace("`", ""))
    assert plain(note[2]) == problem.advice.replace("`", "")
    bad = '<h1 class="bad">People cannot work as they should</h1>'
    assert (bad if note[0] == "bad" else "<h1>People can write, with 1 warning</h1>") in seen.text


def plain(markup: str) -> str:
    return re.sub(r"<[^>]*>", "", markup).replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">")


def test_a_healthy_installation_says_so(page: Site, given: Given):
    given.overview = healthy()

    seen = page.get("/").text

    assert "<h1>People can write</h1>" in seen
    assert "Everything works." in seen
    assert 'class="badge bad"' not in seen
    assert 'class="note bad"' not in seen


def test_no_commands_worker_is_red(page: Site, given: Given):
    given.overview = with_role(gone("commands"))

    seen = page.get("/").text

    assert "The worker of the role commands does not run" in seen
    assert re.search(r'<td>commands</td>\s*<td><span class="badge bad">missing</span>', seen)


def test_a_role_that_is_not_needed_is_not_red(page: Site, given: Given):
    given.overview = with_role(replace(gone("intake"), hosts=()))

    seen = page.get("/").text

    assert re.search(r'<td>intake</td>\s*<td><span class="badge">not needed</span>', seen)
    assert 'class="badge bad"' not in seen


def test_hostile_names_are_shown(page: Site, given: Given):
    host = Host(HOSTILE, "consuming", NOW, NOW, 1.0)
    given.overview = replace(
        with_role(replace(gone("commands"), hosts=(host,))),
        dead_letters=(DeadLetters(HOSTILE, 1, 1, NOW),),
        quarantined_count=1,
        quarantined=(Quarantined(7, HOSTILE, HOSTILE, NOW),),
        database=Server(),
        broker=Server(HOSTILE),
        activity=replace(activity(), refusals={HOSTILE: 1}),
        reconciler=replace(healthy().reconciler, holder=HOSTILE),
    )

    seen = page.get("/").text

    assert seen.count(SHOWN) >= 5
    assert "<script" not in seen
    assert not {"\x1b", "\u202e", "\u2066", "\x00"} & set(seen)


def test_runs_of_every_kind_are_shown(page: Site, given: Given):
    kinds: list[Any] = ["materialization", "verification", "rebuild", "backfill"]
    given.overview = healthy(runs=tuple(Run(kind=kind, started_at=NOW, total=4, done=1) for kind in kinds))

    for path in ("/", "/runs"):
        assert page.get(path).text.count('<progress value="1" max="4"') == len(kinds)


def test_answers_are_plotted_minute_by_minute(page: Site, given: Given):
    last = NOW - NOW % MINUTE
    minutes = (
        Minute(last - 200 * MINUTE, {"applied": 9}, {}),
        Minute(last - 59 * MINUTE, {"applied": 1}, {}),
        Minute(last - MINUTE, {"applied": 30, "no_op": 10, "refused": 60}, {"stale_line": 60}),
        Minute(last, {}, {}),
    )
    given.overview = healthy(activity=replace(activity(latency(99, 1, 0, 0)), minutes=minutes))

    plot = bars(given.overview)
    seen = page.get("/").text

    assert [(bar.x, bar.answered, bar.refused, bar.answered_height, bar.refused_height) for bar in plot.bars] == [
        (0, 1, 0, 2, 0),
        (580, 40, 60, 40, 60),
    ]
    assert (plot.most, plot.answered, plot.refused) == (100, 41, 60)
    assert 'aria-label="41 applied and 60 refused in the last hour, at most 100 a minute"' in seen
    assert seen.count("<rect") == 3


def test_the_real_overview_of_an_idle_installation(tmp_path: Path):
    with Site(tmp_path) as site:
        site.refuse(code="poison")
        seen = site.get("/").text

    assert "The worker of the role commands does not run" in seen
    assert 'href="/dead-letters?code=poison"' in seen
