"""Scheduled materialization: open a run, materialize one script."""
