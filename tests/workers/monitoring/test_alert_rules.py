"""Alert rules and dashboard: they say what `scriptledger status` says, and read metrics that exist."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.workers.monitoring.alerting import MONITORING, firing, rules
from tests.workers.monitoring.overviews import healthy
from tests.workers.monitoring.problems.test_problems import SAMPLES, assert_parses
from tests.workers.monitoring.test_metrics import BUSY
from workers.monitoring.metrics import metrics_text
from workers.monitoring.problems.find import find_problems
from workers.monitoring.problems.problem import SEVERITIES

METRIC = re.compile(r"scriptledger_\w+")
DASHBOARD: dict[str, Any] = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))
EXPRESSIONS = [rule["expr"] for rule in rules()] + [
    target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]
]


def alert_of(code: str) -> str:
    return f"Scriptledger{''.join(word.capitalize() for word in code.split('_'))}"


def exported() -> set[str]:
    families = text_string_to_metric_families(metrics_text(BUSY, find_problems(BUSY)).decode())
    return {sample.name for family in families for sample in family.samples}


def test_every_problem_has_one_alert_of_its_severity():
    found = {rule["alert"]: rule["labels"]["severity"] for rule in rules()}

    assert len(found) == len(rules())
    assert found.pop("ScriptledgerNotMonitored") == "critical"
    assert found == {alert_of(code): severity for code, severity in SEVERITIES.items()}


@pytest.mark.parametrize("code", SAMPLES)
def test_an_alert_fires_where_status_shows_its_problem_and_no_other_does(code: str):
    problems = find_problems(SAMPLES[code])

    assert firing(metrics_text(SAMPLES[code], problems)) == {(alert_of(code), problems[0].subject)}


def test_no_alert_fires_on_a_healthy_installation_and_one_does_where_nothing_is_read():
    assert firing(metrics_text(healthy(), find_problems(healthy()))) == set()
    assert firing(b"") == {("ScriptledgerNotMonitored", "")}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_says_what_to_do(rule: dict[str, Any]):
    assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"\d+[sm]", rule["for"])
    assert set(rule["annotations"]) == {"summary", "description"}
    for command in re.findall(r"`scriptledger ([^`]+)`", rule["annotations"]["description"]):
        assert_parses(shlex.split(command.replace("{{ $labels.subject }}", "commands")))


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_metric_that_is_read_is_exported(expression: str):
    names = METRIC.findall(expression)

    assert names
    assert set(names) <= exported()


def test_every_metric_is_on_the_dashboard():
    shown = {name for expression in EXPRESSIONS for name in METRIC.findall(expression)}
    histogram = "scriptledger_answer_latency_seconds"

    assert exported() - shown == {f"{histogram}_count", f"{histogram}_sum"}


def test_the_panels_of_the_dashboard_do_not_overlap():
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (column, row)
            for column in range(place["x"], place["x"] + place["w"])
            for row in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    assert all(panel["description"].endswith(".") for panel in DASHBOARD["panels"])


def test_the_example_of_a_configuration_reads_the_rules():
    document = yaml.safe_load((MONITORING / "prometheus.yml").read_text(encoding="utf-8"))

    assert document["rule_files"] == ["alerts.yml"]
    assert document["scrape_configs"][0]["metrics_path"] == "/metrics"
    assert "password_file" in document["scrape_configs"][0]["basic_auth"]
