"""Worker processes: command lines, roles, stop deadline."""
