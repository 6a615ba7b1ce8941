"""The metrics, for Prometheus."""

from __future__ import annotations

from workers.http.page.visit import Plain, Services, Visit
from workers.monitoring.metrics import CONTENT_TYPE, metrics_text
from workers.monitoring.problems.find import find_problems


def metrics(services: Services, _visit: Visit) -> Plain:
    """Everything an operator looks at, as numbers; also while a server is down."""
    overview = services.overview.read()
    return Plain(metrics_text(overview, find_problems(overview)), CONTENT_TYPE)
