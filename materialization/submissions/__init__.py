"""Submissions made in process, sent again from the dead letters, or brought by a backfill."""
