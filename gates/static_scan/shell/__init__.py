"""Command lines of a shell: their words, the programs that they start, and what those get to run."""
