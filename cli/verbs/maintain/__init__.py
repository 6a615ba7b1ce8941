"""Materialize, rebuild, quarantine and history files."""
