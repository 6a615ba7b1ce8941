"""Metric tests: the overview in the format of Prometheus, read back by its own parser."""

from __future__ import annotations

import os

from msgspec.structs import replace
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.workers.monitoring.overviews import NOW, SECOND, activity, gone, healthy, latency, with_role
from workers.monitoring.metrics import PROBLEM, metrics_text
from workers.monitoring.overview import (
    DeadLetters,
    Host,
    Lag,
    Overview,
    Pause,
    Proposals,
    Role,
    Run,
    ScheduleState,
    Server,
    Waiting,
)
from workers.monitoring.problems.find import find_problems
from workers.monitoring.problems.problem import SEVERITIES

BUSY = healthy(
    waiting=Waiting(408, 300, 52.0),
    waiting_quarantined=Waiting(68, 1, 900.0),
    pause=Pause(NOW, "Ann", "a dump"),
    activity=replace(
        activity(latency(5, 3, 0, 2)), total_outcomes={"applied": 7, "refused": 3}, total_refusals={"stale_line": 3}
    ),
    lag=Lag(3, 12, 40.5),
    dead_letters=(DeadLetters("poison", 5, 2, NOW),),
    quarantined_count=1,
    runs=(
        Run(kind="rebuild", script_id=7, started_at=NOW, total=90, done=30),
        Run(kind="rebuild", script_id=8, started_at=NOW, total=10, done=5, failed=1),
        Run(kind="materialization", id=4, started_at=NOW, finished_at=NOW, total=5, done=5),
    ),
    proposals=Proposals(3, 12.0, 2),
    schedules=(ScheduleState("materialize", 60, NOW, "done", late=False),),
)


def samples(overview: Overview) -> dict[str, list[Sample]]:
    text = metrics_text(overview, find_problems(overview)).decode()
    found: dict[str, list[Sample]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample)
    return found


def value(overview: Overview, name: str, **labels: str) -> float:
    [found] = [sample.value for sample in samples(overview)[f"scriptledger_{name}"] if sample.labels == labels]
    return found


def test_the_numbers_are_those_of_the_overview():
    assert value(BUSY, "submissions_pending", quarantined="false") == 408
    assert value(BUSY, "submissions_pending", quarantined="true") == 68
    assert value(BUSY, "submission_oldest_seconds", quarantined="false") == 52
    assert value(BUSY, "answers_total", outcome="applied") == 7
    assert value(BUSY, "answers_total", outcome="partly") == 0
    assert value(BUSY, "refusals_total", code="stale_line") == 3
    assert value(BUSY, "readers_lag_seconds") == 40.5
    assert value(BUSY, "dead_letters", code="poison") == 5
    assert value(BUSY, "run_items", kind="rebuild", state="total") == 100
    assert value(BUSY, "run_items", kind="rebuild", state="failed") == 1
    assert value(BUSY, "proposals_waiting", **{"for": "person"}) == 2
    assert value(BUSY, "schedule_last_slot_timestamp_seconds", schedule="materialize") == NOW / SECOND
    assert value(BUSY, "drains_paused") == 1
    assert value(healthy(), "drains_paused") == 0


def test_the_histogram_adds_up():
    name = "answer_latency_seconds"

    assert [value(BUSY, f"{name}_bucket", le=le) for le in ("0.1", "1.0", "5.0", "+Inf")] == [5, 8, 8, 10]
    assert value(BUSY, f"{name}_count") == 10


def test_each_problem_is_one_or_zero():
    overview = with_role(gone("commands"))
    found = {(each.labels["problem"], each.labels["subject"]): each.value for each in samples(overview)[PROBLEM]}

    assert found == {(code, ""): 0.0 for code in SEVERITIES if code != "role_missing"} | {
        ("role_missing", "commands"): 1.0
    }


def test_without_the_database_only_servers_and_problems_have_samples():
    found = samples(healthy(database=Server("refused"), roles=()))

    assert set(found) == {PROBLEM, "scriptledger_server_up", "scriptledger_schema_current"}
    assert {each.labels["server"]: each.value for each in found["scriptledger_server_up"]} == {
        "database": 0.0,
        "broker": 1.0,
    }


def test_no_label_names_a_process_and_no_other_metric_is_exported():
    text = metrics_text(BUSY, find_problems(BUSY)).decode()

    assert f'"{os.getpid()}"' not in text
    assert "pid" not in text
    assert {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")} == {
        line.split()[2] for line in text.splitlines() if line.startswith("# TYPE scriptledger_")
    }


def test_hostile_names_of_hosts_stay_one_label():
    host = Host('a"} 1\nscriptledger_role_up{role="x\\', "consuming", NOW, NOW, 1.0)
    overview = healthy(roles=(Role("commands", "running", required=True, hosts=(host,)),))

    [sample] = samples(overview)["scriptledger_role_last_seen_seconds"]
    assert sample.labels["host"] == host.name


def test_two_readings_do_not_share_a_registry():
    assert metrics_text(BUSY, ()) == metrics_text(BUSY, ())
    assert list(CollectorRegistry().collect()) == []
