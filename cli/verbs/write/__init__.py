"""Send edits, undo them, and read their outcomes."""
