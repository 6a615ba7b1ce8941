"""One script of a backfill: its saves read, written and proved."""
