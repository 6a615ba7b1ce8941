"""Evaluates the alert rules on the text of the metrics: comparisons of one metric, and `absent`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.cli.running import ROOT

MONITORING = ROOT / "docs" / "monitoring"
_ABSENT = re.compile(r"absent\((\w+)\)")
_COMPARISON = re.compile(r'(\w+)\{(\w+)="([^"]*)"\} == (\d+)')


@cache
def rules(file: Path = MONITORING / "alerts.yml") -> list[dict[str, Any]]:
    """The alert rules."""
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


def firing(metrics: bytes) -> set[tuple[str, str]]:
    """The alerts whose condition is true, each with its subject; how long it must be is left out."""
    samples = [sample for family in text_string_to_metric_families(metrics.decode()) for sample in family.samples]
    return {(rule["alert"], subject) for rule in rules() for subject in _true_for(rule["expr"], samples)}


def _true_for(expression: str, samples: list[Sample]) -> Iterator[str]:
    if match := _ABSENT.fullmatch(expression):
        if all(sample.name != match[1] for sample in samples):
            yield ""
        return
    match = _COMPARISON.fullmatch(expression)
    assert match, f"the tests cannot evaluate {expression}"
    name, label, value, number = match.groups()
    for sample in samples:
        if sample.name == name and sample.labels[label] == value and sample.value == float(number):
            yield sample.labels["subject"]
