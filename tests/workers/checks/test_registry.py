"""The registry: every file is a check of its own, and one that fails hides none of the others."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from workers.checks import registry
from workers.checks.finding import Check, Finding
from workers.checks.registry import Area, checks_of, examine

AREAS = get_args(Area)


@pytest.mark.parametrize("area", AREAS)
def test_every_file_of_an_area_is_a_check_named_like_it(area: Area):
    folder = Path(registry.__file__).parent / area
    files = sorted(file.stem for file in folder.glob("*.py") if file.stem != "__init__")

    assert [check.title for check in checks_of(area)] == files


def test_checks_of_the_whole_schema_do_not_run_at_a_start():
    assert not any(check.at_start for check in checks_of("schema"))


def test_a_check_that_fails_is_a_fault_without_its_text(monkeypatch: pytest.MonkeyPatch):
    def fail(_: object) -> Finding:
        raise RuntimeError("hidden-word")

    checks = (Check("broken", fail, at_start=True), *checks_of("machine"))
    monkeypatch.setattr(registry, "checks_of", lambda _: checks)
    [broken, *others] = examine("machine", None, at_start=False)

    assert (broken.check, broken.finding.level) == ("broken", "fault")
    assert "hidden-word" not in str(broken)
    assert len(others) == len(checks) - 1
    # A worker must not stay down because of an error in a check.
    assert next(examine("machine", None, at_start=True)).finding.level == "warning"


def test_a_check_that_only_warns_is_no_fault_at_a_start(monkeypatch: pytest.MonkeyPatch):
    check = Check("late", lambda _: Finding("fault", "It is so.", "Change it."), at_start=True, only_warns=True)
    monkeypatch.setattr(registry, "checks_of", lambda _: (check,))

    assert next(examine("machine", None)).finding.level == "fault"
    assert next(examine("machine", None, at_start=True)).finding.level == "warning"
