"""Each public incident of a migration that concerns copying is a test that is named for it."""

from __future__ import annotations

import re

import pytest

from tests.cli.running import ROOT

INCIDENTS = (
    "gh_ost_1526",
    "gh_ost_1684",
    "gh_ost_247",
    "spirit_882",
    "spirit_151",
    "claude_mem_3917",
    "telegram_archive_368",
    "maintenance_tasks_796",
    "prisma_orm_5051",
    "prisma_orm_24522",
    "vitess_9715",
    "tidb_tools_703",
    "codimd_521",
    "wp_calypso_100535",
    "dmptool_195",
    "exportimport_216",
    "datahub_19369",
    "opik_6782",
    "jaal_262",
)
NAMES = [
    name
    for folder in ("backfill", "repos/legacy")
    for file in sorted((ROOT / "tests" / folder).rglob("test_*.py"))
    for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
]


@pytest.mark.parametrize("incident", INCIDENTS)
def test_an_incident_has_a_test(incident: str) -> None:
    assert [name for name in NAMES if incident in name]
