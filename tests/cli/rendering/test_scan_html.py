"""The page of a scan: self-contained, safe for any text, and legible in a real browser."""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import date
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cli.json_documents.legacy_scan import LegacyCode, LegacyFinding, LegacySaves, LegacyScan, ScannedLegacyTable
from cli.rendering.scan_html import scan_page
from cli.rendering.scan_plot import MAX_BARS, periods, plot
from domain.visible_text import visible_lines
from tests.browser.chromium import Chromium

EVIL = "<script>document.title='owned'</script><img src=x onerror=alert(1)> & \"quotes\" '{}' </style>\x1b[2J\u202e"


def document(text: str = "scripts") -> LegacyScan:
    return LegacyScan(
        source=f"mysql://db/{text}",
        mapping=text,
        rows=1_234,
        headline=["Script 2 lost 30 lines on 6 February 2023; version 52 has them.", text],
        blocking=["L10"],
        tables=[ScannedLegacyTable(text, "scripts", 3)],
        codes=[LegacyCode("L10", text, "block", 2, {"block": 1, "report": 1}, text)],
        findings=[LegacyFinding("L10", text, text, text, 65_535, "0123456789abcdef", "block", text)],
        omitted=1,
        saves=[LegacySaves(f"2023-02-{day:02}", day * 3) for day in range(1, 25)],
    )


class Tags(HTMLParser):
    """The tags of a page, whose nesting is checked."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.inside.pop() == tag, "what was opened last is closed first"


def test_nothing_is_loaded_and_nothing_runs_whatever_the_texts():
    page = "".join(scan_page(document(EVIL), ["2023-02-06 10:00:00"]))
    tags = Tags(page)

    assert tags.inside == []
    assert {tag for tag, _ in tags.tags} & {"script", "img", "link", "iframe", "object", "form", "base", "b"} == set()
    assert [name for _, attrs in tags.tags for name in attrs if name.startswith("on") or name in ("src", "style")] == []
    assert [character for character in page if visible_lines(character) != character] == []
    assert "url(" not in page


def test_the_policy_allows_the_one_style_and_nothing_else():
    page = "".join(scan_page(document(), []))
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()

    assert f"style-src &#39;sha256-{digest}&#39;" in page
    assert "default-src &#39;none&#39;" in page


def test_the_headline_comes_first_and_each_finding_is_linked_from_its_code():
    page = "".join(scan_page(document(), []))

    assert page.index("Script 2 lost 30 lines") < page.index("<svg") < page.index("What was found")
    assert '<a href="#L10">' in page
    assert '<details id="L10">' in page
    assert "65,535" in page


def test_a_plot_has_bars_of_equal_periods_and_marks_losses():
    days = [("2023-01-01", 5), ("2024-06-30", 10), ("0000-00-00", 3), ("2023-02-30", 1), ("2099-01-01", 1)]
    bars = periods(days)

    assert len(bars) <= MAX_BARS
    assert sum(bar.saves for bar in bars) == 15
    assert (bars[0].first, bars[-1].last >= date(2024, 6, 30)) == (date(2023, 1, 1), True)
    assert 'class="loss"' in plot(days, ["2023-05-01 10:00:00"])
    assert 'class="loss"' not in plot(days, ["1999-05-01", "0000-00-00", ""])
    assert plot([], []) == plot([("0000-00-00", 3)], []) == ""


@pytest.mark.slow
def test_a_browser_shows_the_page(chromium: Chromium, tmp_path: Path):
    (tmp_path / "scan.html").write_text("".join(scan_page(document(EVIL), ["2023-02-06"])))

    dom = chromium.dom(f"file://{tmp_path}/scan.html", settle=1.0)

    assert "<title>mysql://db/" in dom
    assert "owned</title>" not in dom
    assert "Script 2 lost 30 lines" in dom
