"""Checks of a database server, each given its facts."""
