"""The page of a certificate in a browser: long names of tables leave room for the other columns."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli.json_documents.backfill import BackfillCertificate, CertifiedTable
from cli.rendering.migration.certificate_html import certificate_page
from tests.browser.chromium import Chromium

# Measures the tallest heading and whether the page is wider than its window.
MEASURED = """<script>addEventListener("load", () => {
  const heights = [...document.querySelectorAll("thead tr")].map(row => row.offsetHeight);
  document.title = `${Math.max(...heights)} ${document.documentElement.scrollWidth <= innerWidth}`;
});</script>"""


@pytest.mark.slow
def test_a_long_name_of_a_table_leaves_room_for_the_other_columns(chromium: Chromium, tmp_path: Path) -> None:
    table = CertifiedTable("é" * 64, "legacy_rows", "", 1_234_567, 1_234_567, 0, 0, 0, 0, [], [])
    moment = "2026-11-30T09:00:00Z"
    certificate = BackfillCertificate(
        format=1,
        run=1,
        source="mysql://db/app",
        certified=True,
        begun_at=moment,
        ended_at=moment,
        checks=[],
        problems=[],
        problem_count=0,
        tables=[table],
        quarantined=[],
        views=[],
    )
    page = re.sub(r"<meta http-equiv[^>]*>", MEASURED, "".join(certificate_page(certificate)))
    (tmp_path / "certificate.html").write_text(page)

    dom = chromium.dom(f"file://{tmp_path}/certificate.html", settle=1.0)

    found = re.search(r"<title>(\d+) (\w+)</title>", dom)
    assert found is not None
    assert int(found[1]) < 40
    assert found[2] == "true"
