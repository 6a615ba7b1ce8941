"""The scan of a legacy database: every check over every row, what it found, and how far it is."""
