"""The command kinds that state a whole script, one class a file, and the smaller commands between two states."""
