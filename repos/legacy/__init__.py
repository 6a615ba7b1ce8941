"""The legacy database: the only code with SQL against it, on a read-only connection of its own."""
