"""Fixtures: a site on SQLite with a dead letter, shared by the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.workers.http.site import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("site"), flower_url="http://127.0.0.1:5555/") as site:
        site.refuse()
        yield site
