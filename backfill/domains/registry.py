"""Imports every domain, in the order in which they are brought over: from low to high risk."""

from backfill.domains import legacy_rows  # noqa: F401 - imported for its registration
from backfill.domains.base import DOMAINS

__all__ = ["DOMAINS"]
