"""Domain elements: story elements, into the logs of their scripts."""

from __future__ import annotations

from typing import ClassVar

from backfill.domains.base import domain
from backfill.domains.described.domain import DescribedDomain


@domain
class Elements(DescribedDomain):
    name: ClassVar[str] = "elements"
