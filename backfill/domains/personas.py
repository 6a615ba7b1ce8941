"""Domain personas: described voices, into the logs of their scripts."""

from __future__ import annotations

from typing import ClassVar

from backfill.domains.base import domain
from backfill.domains.described.domain import DescribedDomain


@domain
class Personas(DescribedDomain):
    name: ClassVar[str] = "personas"
