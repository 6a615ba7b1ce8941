"""Reading history: the state at a version, blame, undo and redo."""
