"""The other pages in each of their states: scripts waiting, quarantine, runs, a backfill, and what goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from backfill.runs.run_options import RunOptions
from materialization.integrity.quarantine import quarantine
from repos.backfill.quarantined_rows import QuarantinedRow
from repos.scheduling.materialization_runs import Lag
from tests.workers.http.site import BEN, Site
from tests.workers.http.test_access import PAGES
from workers.http.page import quarantine as quarantine_page
from workers.http.page import routes
from workers.http.page.visit import ROWS_PER_PAGE, Services, Shown, Visit
from workers.producers import replays

HOSTILE = "\x1b[2J<script>alert(1)</script>\u202egnp.exe\u2066\x00\"'&{{ 7 * 7 }}"
SHOWN = "\\x1b[2J&lt;script&gt;alert(1)&lt;/script&gt;\\u202egnp.exe\\u2066\\x00&#34;&#39;&amp;{{ 7 * 7 }}"


@pytest.fixture
def empty(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_empty_pages_say_that_nothing_is_wrong(empty: Site):
    with empty:
        assert "No submission waits" in empty.get("/waiting").text
        assert "No script is quarantined" in empty.get("/quarantine").text
        assert "There was no run yet" in empty.get("/runs").text
        assert "No legacy database was brought over" in empty.get("/backfill").text


def test_scripts_wait_in_the_order_of_their_first_submission(empty: Site):
    with empty:
        empty.room.producer.enqueue(empty.room.submission(empty.room.edit(1, "x")))
        other = empty.room.new_script(None)
        empty.room.producer.enqueue(empty.room.submission(empty.room.edit(1, "x"), script_id=other))
        empty.room.producer.enqueue(empty.room.submission(empty.room.edit(2, "x"), script_id=other))
        unborn = empty.room.submission(empty.room.edit(1, "x"), script_id=777)
        empty.room.producer.enqueue(unborn)
        stop(empty, other)
        seen = empty.get("/waiting", BEN).text

    places = [seen.index(f">{script}</td>") for script in (empty.room.script_id, other, 777)]
    assert places == sorted(places)
    assert f'<a href="/quarantine/{other}">' in seen
    assert "does not exist yet" in seen


def test_more_scripts_than_fit_are_on_further_pages(empty: Site):
    with empty:
        for script in range(1_000, 1_000 + ROWS_PER_PAGE + 1):
            empty.room.producer.enqueue(empty.room.submission(empty.room.edit(1, "x"), script_id=script))
        first = empty.get("/waiting").text
        following = empty.get(f"/waiting?after={ROWS_PER_PAGE}").text

    assert f'href="/waiting?after={ROWS_PER_PAGE}"' in first
    assert f">{1_000 + ROWS_PER_PAGE}</td>" in following
    assert f">{1_000 + ROWS_PER_PAGE - 1}</td>" not in following
    assert "First page" in following


def test_a_quarantined_script_is_verified_and_reopened(empty: Site):
    with empty:
        script = empty.room.script_id
        stop(empty, script, "It contradicts itself.")
        page = empty.get("/quarantine")
        with capture_logs() as logs:
            moved = empty.post(f"/quarantine/{script}/reopen", {"token": page.field("token")})
        after = empty.get(moved.headers["location"]).text
        history = empty.get(f"/quarantine/{script}").text
        twice = empty.post(f"/quarantine/{script}/reopen", {"token": page.field("token")})
        with empty.unit_of_work.reading() as tx:
            (row,) = tx.quarantines.read(script)

    assert "It contradicts itself." in page.text
    assert f"Script {script} is back in service." in after
    assert "in service" in history
    assert (row.reopened_by, row.verified) == ("anna", 1)
    assert [(line["by"], line["status"]) for line in logs if line["event"] == "page.action"] == [("anna", 303)]
    assert twice.status == 409


def test_a_broken_script_stays_unless_it_is_reopened_as_it_is(empty: Site):
    with empty:
        script = empty.room.script_id
        stop(empty, script)
        with empty.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE script_commands SET actor = 'another writer'")
        token = empty.get("/quarantine").field("token")
        refused = empty.post(f"/quarantine/{script}/reopen", {"token": token})
        forced = empty.post(f"/quarantine/{script}/reopen", {"token": token, "unverified": "yes"})
        history = empty.get(f"/quarantine/{script}").text

    assert refused.status == 409
    assert "It stays quarantined" in refused.text
    assert forced.status == 303
    assert '<span class="bad">no</span>' in history


@pytest.mark.parametrize(("scripts", "text"), [(1, "1 script is being"), (2, "2 scripts or more are being")])
def test_scripts_being_backfilled_are_counted_up_to_a_limit(
    empty: Site, monkeypatch: pytest.MonkeyPatch, scripts: int, text: str
):
    monkeypatch.setattr(quarantine_page, "MAX_COUNT", 2)
    with empty:
        for _ in range(scripts):
            empty.room.new_script(None)
        with empty.engine.begin() as connection:
            connection.exec_driver_sql(
                f"UPDATE script_heads SET health = 'backfilling' WHERE script_id > {empty.room.script_id}"
            )
        seen = empty.get("/quarantine").text

    assert f"{text} backfilled" in seen


def test_an_unknown_script_is_not_found(site: Site):
    assert site.get("/quarantine/999").status == 404
    assert site.post("/quarantine/999/reopen", {"token": site.token()}).status == 404
    assert site.get("/backfill?run=9").status == 404


def test_runs_show_their_progress(empty: Site):
    with empty:
        with empty.unit_of_work.records() as tx:
            tx.runs.open(60_000_000, 60_000_000, 8, Lag(1, 1), upto=0)
        seen = empty.get("/runs").text

    assert '<span class="badge warn">runs</span>' in seen
    assert '<progress value="0" max="8"' in seen


def test_a_backfill_shows_its_domains_and_what_it_set_aside(empty: Site):
    with empty:
        with empty.unit_of_work.records() as tx:
            options = RunOptions().dump()
            run = tx.backfill_runs.open(source="legacy", mapping="", hash_key=b"k", options=options, now=60_000_000)
            tx.backfill_items.add(run, "users", ["users"])
        with empty.unit_of_work.records() as tx:
            (item,) = tx.backfill_items.read(run)
            row = QuarantinedRow("users", '["ana@example.org"]', "bad_utf8", HOSTILE, "email")
            tx.quarantined_rows.add(run, item.id, [row], 60_000_000)
        seen = empty.get("/backfill").text

    assert "planning" in seen
    assert "ana@example.org" not in seen
    assert SHOWN in seen
    assert '<progress value="0" max="1"' in seen


def test_hostile_texts_are_shown_and_do_nothing(empty: Site):
    with empty:
        number = empty.refuse(code=HOSTILE[:64], message=HOSTILE, submission_id=HOSTILE[:60], payload=HOSTILE.encode())
        stop(empty, empty.room.script_id, HOSTILE)
        pages = {path: empty.get(path).text for path in ("/dead-letters", f"/dead-letters/{number}", "/quarantine")}
        linked = [part.split('"')[0] for part in pages[f"/dead-letters/{number}"].split('href="')]
        answers = [empty.get(link.replace("&amp;", "&")).status for link in linked if link.startswith("/sub")]
        again = empty.get("/dead-letters?code=%1b%5b2J%3Cscript%3E&script=1").text

    for path, text in pages.items():
        assert SHOWN in text, path
        assert "<script" not in text
        assert not {"\x1b", "\u202e", "\u2066", "\x00"} & set(text)
    assert answers == [404]
    assert 'value="\\x1b[2J&lt;script&gt;"' in again


def test_without_the_database_every_page_says_so(empty: Site):
    with empty:
        empty.refuse()
        token = empty.token()
        with empty.engine.begin() as connection:
            for name in ("submission_inbox", "rejected_submissions", "materialization_runs", "script_heads"):
                connection.exec_driver_sql(f"ALTER TABLE {name} RENAME TO away_{name}")
            connection.exec_driver_sql("ALTER TABLE backfill_runs RENAME TO away_backfill_runs")
            connection.exec_driver_sql("ALTER TABLE submissions RENAME TO away_submissions")
        with capture_logs() as logs:
            pages = {path: empty.get(path) for path in PAGES}
            form = empty.post("/dead-letters/1/replay", {"token": token, "batch": "0" * 16})

    assert {path: seen.status for path, seen in pages.items()} == dict.fromkeys(PAGES, 503)
    assert "The database cannot be used" in pages.pop("/").text
    assert all("The database does not answer" in seen.text for seen in (*pages.values(), form))
    assert all("Traceback" not in seen.text for seen in pages.values())
    assert form.status == 503
    assert {line["event"] for line in logs} == {"page.database_error", "page.action"}


def test_a_defect_is_a_sentence_and_its_place_is_logged(empty: Site, monkeypatch: pytest.MonkeyPatch):
    def broken(_services: Services, _visit: Visit) -> Shown:
        raise RuntimeError("the text of a script")

    monkeypatch.setattr(routes, "VIEWS", {"/waiting": broken})
    # The log follows the response.
    with capture_logs() as logs, empty:
        seen = empty.get("/waiting")

    assert seen.status == 500
    assert "defect of the program" in seen.text
    assert "the text" not in seen.text
    assert [line["event"] for line in logs] == ["page.failed"]


def test_an_action_that_fails_is_logged_as_one(site: Site, monkeypatch: pytest.MonkeyPatch):
    number = site.refuse()
    form = {"token": site.token(), "batch": "0" * 16}
    monkeypatch.setattr(replays, "replayed", None)

    with capture_logs() as logs:
        seen = site.post(f"/dead-letters/{number}/replay", form)

    assert seen.status == 500
    actions = [(line["by"], line["action"], line["status"]) for line in logs if line["event"] == "page.action"]
    assert actions == [("anna", f"/dead-letters/{number}/replay", 500)]


@pytest.mark.parametrize("when", ["'yesterday'", "x'00'", "-5", "1.5", "99999999999999999999"])
def test_a_time_of_arrival_may_be_anything(empty: Site, when: str):
    with empty:
        empty.room.producer.enqueue(empty.room.submission(empty.room.edit(1, "x")))
        with empty.engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE submission_inbox SET enqueued_at = {when}")
        pages = {path: empty.get(path).status for path in ("/waiting", "/metrics")}

    assert pages == dict.fromkeys(pages, 200)


def stop(site: Site, script: int, reason: str = "It was tampered with.") -> None:
    quarantine(site.unit_of_work, script, found_by="verify", reason=reason, now=60_000_000)
