"""Domain personas: described voices, into the logs of their scripts."""

from __future__ import annotations

from typing import ClassVar

from backfill.domains.described.domain import DescribedDomain


class Personas(DescribedDomain):
    name: ClassVar[str] = "personas"
