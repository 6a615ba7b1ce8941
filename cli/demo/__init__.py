"""The demo: its steps and its sample edits."""
