"""Imports every domain, in the order in which they are brought over: from low to high risk."""

# ruff: noqa: F401 - imported for their registration
# Not sorted, because the order counts.
# isort: off
from backfill.domains import users
from backfill.domains import sessions
from backfill.domains import chat
from backfill.domains import scripts
from backfill.domains import elements
from backfill.domains import personas
from backfill.domains import legacy_rows
from backfill.domains.base import DOMAINS

__all__ = ["DOMAINS"]
