"""The backfill of the tests of runs."""

from __future__ import annotations

from tests.backfill.runs.conftest import backfill, empty_ledger

__all__ = ["backfill", "empty_ledger"]
