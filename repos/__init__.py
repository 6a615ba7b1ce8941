"""Repositories: the only code that writes to the database, and the only code that knows SQL."""
