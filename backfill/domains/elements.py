"""Domain elements: story elements, into the logs of their scripts."""

from __future__ import annotations

from typing import ClassVar

from backfill.domains.described.domain import DescribedDomain


class Elements(DescribedDomain):
    name: ClassVar[str] = "elements"
