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

_HERE = Path(__file__)
STYLE = _HERE.with_name("page.css").read_text(encoding="utf-8")
STYLE_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()

# The largest time that can be shown; a producer may have stored any.
_MAX_MOMENT = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


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
    environment.filters.update(moment=moment, ago=ago, duration=duration, count=count)
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


def ago(microseconds: int, now: int) -> str:
    """How long ago a time was."""
    return duration(max(0, now - microseconds) / 1_000_000)


def duration(seconds: float) -> str:
    """A length of time, in its two largest units."""
    whole = int(seconds)
    for position, (length, unit) in enumerate(_UNITS):
        if whole >= length:
            smaller, name = _UNITS[position + 1] if position + 1 < len(_UNITS) else (1, "s")
            rest = whole % length // smaller
            return f"{whole // length:,} {unit} {rest} {name}" if rest else f"{whole // length:,} {unit}"
    return f"{whole} s"


def count(number: int, thing: str = "") -> str:
    """A number with separators, and what is counted: 1 script, 2,000 scripts."""
    return f"{number:,} {thing if number == 1 else f'{thing}s'}" if thing else f"{number:,}"


def _shown(value: object) -> Html:
    return value if isinstance(value, Html) else Html.escape(value)
