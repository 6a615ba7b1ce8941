"""Checks of the database as a server or a file: whether it takes writes, its variables, its objects."""
