"""Pages for a browser: one file each, with nothing to load and nothing to run."""
