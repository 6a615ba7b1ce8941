"""SARIF reports are valid by SARIF 2.1.0, whatever the code and its file names contain."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from jsonschema import Draft7Validator, ValidationError

from gates.findings import Finding
from gates.report import sarif, touchpoint_findings
from gates.static_scan.check import TITLES, check
from gates.static_scan.inventory import take_inventory
from gates.static_scan.policy import decode_policy
from tests.gates.static_scan.sample_files import samples
from tests.gates.static_scan.sarif_profile import LOG

VALIDATOR = Draft7Validator(LOG)
WRITE = 'cursor.execute("DELETE FROM scripts WHERE id = 1")\n'
NAMES = (
    "a b.py",
    "ä 名.py",
    "50%.py",
    "q?#.py",
    "a:b.py",
    "line\nbreak.py",
    "quo'te\".py",
    os.fsdecode(b"latin-\xe9.py"),
)


def log_of(findings: list[Finding]) -> Any:
    """The report of findings, which the schema accepts."""
    log = json.loads(sarif(findings, TITLES, version="1.0"))
    VALIDATOR.validate(log)
    return log


def results(log: Any) -> Any:
    return log["runs"][0]["results"]


def test_the_schema_refuses_what_is_not_sarif():
    Draft7Validator.check_schema(LOG)
    log = log_of([Finding("ai-write", "error", "a.py", 1, 1, "It writes.")])
    for place, value in (
        ("level", "fatal"),
        ("ruleIndex", -2),
        ("locations", [{"line": 1}]),
        ("message", "It writes."),
    ):
        wrong = json.loads(json.dumps(log))
        results(wrong)[0][place] = value
        with pytest.raises(ValidationError):
            VALIDATOR.validate(wrong)


def test_a_report_without_findings_is_valid():
    assert results(log_of([])) == []


@pytest.mark.parametrize("step", [8, pytest.param(1, marks=pytest.mark.slow)])
def test_reports_of_samples_are_valid(tmp_path: Path, step: int):
    for number, sample in enumerate(samples("offending")[::step]):
        (tmp_path / f"{number}{sample.suffix}").write_text(sample.code, encoding="utf-8")
    (tmp_path / "broken.py").write_text("def (:\n")
    (tmp_path / "not_utf8.js").write_bytes(b"x = '\xff'\n")
    found = take_inventory(tmp_path)

    listed = results(log_of(touchpoint_findings(found)))
    refused = results(
        log_of(check(found, decode_policy("gates.toml", 'format = 1\n[ai]\npaths = ["0.js"]\n')).findings)
    )

    assert len(listed) == len(found.touchpoints) + len(found.unread) > 100
    assert {each["level"] for each in listed} == {"note", "warning"}
    assert {each["ruleId"] for each in refused} >= {"write-outside-repositories", "driver-route", "not-read"}
    assert len({json.dumps(each["partialFingerprints"]) for each in listed}) == len(listed)


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_the_name_of_a_file_is_a_relative_uri(tmp_path: Path, name: str):
    (tmp_path / name).write_text(WRITE)
    [result] = results(log_of(touchpoint_findings(take_inventory(tmp_path))))
    place = result["locations"][0]["physicalLocation"]
    uri = place["artifactLocation"]["uri"]
    parts = urlsplit(uri)
    assert uri.isascii()
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
    assert unquote(uri, errors="surrogateescape") == name
    assert place["region"] == {"startLine": 1, "endLine": 1}


@pytest.mark.parametrize(
    "text", ["", "\x1b[2J", "\ud800", "a" * 100_000, '"}],"runs":[]', "{0} [a](b)"], ids=lambda text: repr(text[:20])
)
def test_any_message_and_code_make_a_valid_report(text: str):
    [result] = results(log_of([Finding("ai-write", "error", "a.py", 3, 2, text, function=text, code=text)]))
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 3, "endLine": 3}
    assert "\x1b" not in result["message"]["text"]
