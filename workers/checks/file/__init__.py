"""Checks of an SQLite file, each given its path."""
