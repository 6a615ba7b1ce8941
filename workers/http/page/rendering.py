"""Rendering: templates in which every value is escaped twice, its markup and its control characters."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from domain.visible_markup import Html
from workers.monitoring.overview import Latency
from workers.monitoring.problems.problem import duration

_HERE = Path(__file__)
STYLE = _HERE.with_name("page.css").read_text(encoding="utf-8")
STYLE_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()

# The largest time that can be shown; a producer may have stored any.
_MAX_MOMENT = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())


def make_templates() -> Environment:
    """The templates of the page."""
    environment = Environment(
        loader=FileSystemLoader(_HERE.with_name("templates")),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(moment=moment, clock=clock, ago=ago, duration=duration, count=count)
    environment.filters.update(rate=rate, quantile=quantile, marked=marked)
    environment.globals.update(style=Html(STYLE), address=address, path=path)
    return environment


def render(templates: Environment, template: str, values: Mapping[str, Any]) -> str:
    """A page as HTML."""
    return templates.get_template(template).render(values)


def address(page: str, query: Mapping[str, object], name: str = "", value: object = "") -> str:
    """The address of a page with a query, in which one field may have another value."""
    fields = {**query, **({name: value} if name else {})}
    return f"{page}?{urlencode(fields, errors='surrogateescape')}" if fields else page


def path(*parts: object) -> str:
    """A path of parts, which may hold anything."""
    return "".join(f"/{quote(str(part), safe='', errors='surrogateescape')}" for part in parts)


def moment(microseconds: int | None) -> Html:
    """A UTC time."""
    if microseconds is None or not 0 <= microseconds // 1_000_000 < _MAX_MOMENT:
        return Html("<span>—</span>" if microseconds is None else "<span>unknown</span>")
    when = datetime.fromtimestamp(microseconds // 1_000_000, UTC)
    return Html('<time datetime="{}">{}</time>').format(f"{when:%Y-%m-%dT%H:%M:%SZ}", f"{when:%Y-%m-%d %H:%M:%S}")


def clock(microseconds: int) -> str:
    """The UTC time of a day, to the minute."""
    return f"{datetime.fromtimestamp(microseconds // 1_000_000, UTC):%H:%M}"


def rate(number: float) -> str:
    """A rate: whole if it is large."""
    return f"{number:,.0f}" if number >= 10 or not number else f"{number:.1f}"


def quantile(latency: Latency, share: float) -> str:
    """How long this share of the answers took at most."""
    if not sum(latency.counts):
        return "—"
    bound = latency.quantile_ms(share)
    if bound is None:
        return f"over {latency.bounds_ms[-1] / 1_000:g} s"
    return f"{bound} ms" if bound < 1_000 else f"{bound / 1_000:g} s"


def marked(text: str) -> Html:
    """A sentence in which what is between backticks is code."""
    parts = enumerate(text.split("`"))
    return Html("").join(
        Html("<code>{}</code>").format(part) if place % 2 else Html.escape(part) for place, part in parts
    )


def ago(microseconds: int | None, now: int) -> str:
    """How long ago a time was, or that it is unknown."""
    if microseconds is None:
        return "unknown"
    return duration(max(0, now - microseconds) / 1_000_000)


def count(number: int, thing: str = "") -> str:
    """A number with separators, and what is counted: 1 script, 2,000 scripts."""
    return f"{number:,} {thing if number == 1 else f'{thing}s'}" if thing else f"{number:,}"


def _shown(value: object) -> Html:
    return value if isinstance(value, Html) else Html.escape(value)
